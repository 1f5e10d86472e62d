package alerteval

import (
	"fmt"
	"strconv"
	"strings"
)

// page is Markdown in the making.
type page struct{ strings.Builder }

func (p *page) line(format string, args ...any) { fmt.Fprintf(&p.Builder, format+"\n", args...) }

// table writes rows of cells under a head.
func (p *page) table(head []string, rows [][]string) {
	p.line("| %s |", strings.Join(head, " | "))
	p.line("|%s", strings.Repeat("---|", len(head)))
	for _, r := range rows {
		p.line("| %s |", strings.Join(r, " | "))
	}
	p.line("")
}

// Markdown tells of the results in tables.
func (r *Report) Markdown() string {
	var p page
	p.goals(r.Goals)
	for i := range r.Sets {
		p.set(&r.Sets[i])
	}
	p.line("### Error rates, calculated\n")
	p.line("An hour of so many attempts after four weeks with 2 %% failures, and how often it is found: each number of failures is judged and weighed with its binomial chance.\n")
	var rows [][]string
	for _, x := range r.Errors {
		rows = append(rows, []string{strconv.Itoa(x.Attempts), fmt.Sprintf("%g %%", 100*x.Part), fmt.Sprintf("%.3g", x.Chance), fmt.Sprintf("%.3g", x.Plain)})
	}
	p.table([]string{"attempts", "failing", "found", "ratio over 20 %"}, rows)
	if len(r.Left) > 0 {
		p.line("### Left out\n")
		for _, x := range r.Left {
			p.line("- %s", x)
		}
		p.line("")
	}
	return strings.TrimRight(p.String(), "\n") + "\n"
}

func (p *page) goals(list []goal) {
	p.line("### Against the goals\n")
	var rows [][]string
	for _, g := range list {
		met := "yes"
		if !g.Met {
			met = "**no**"
		}
		rows = append(rows, []string{g.What, bare(g.Measured), g.Goal + " " + bare(g.Bound), met})
	}
	p.table([]string{"what", "measured", "goal", "met"}, rows)
}

// bare writes a figure with three digits, small ones with an exponent.
func bare(x float64) string { return strconv.FormatFloat(x, 'g', 3, 64) }

func (p *page) set(s *setResult) {
	p.line("### %s\n", s.Name)
	p.line("%s of %s, %s.\n", plural(s.Rows, "row"), s.Form, plural(s.Days, "day"))
	for _, n := range s.Notes {
		p.line("- %s", n)
	}
	if len(s.Notes) > 0 {
		p.line("")
	}
	p.logins(s.Logins)
	p.daily("Volume", s.Volume)
	p.daily("Cost", s.Cost)
	p.series(s.Series)
	p.hours(s.Hours)
	p.errors(s.Errors)
	var rows [][]string
	for _, x := range s.Rules {
		rows = append(rows, []string{x.Rule, strconv.Itoa(x.Findings), strconv.Itoa(x.Medium), num(x.Per), counts(x.Kinds)})
	}
	if rows != nil {
		p.line("All rules, on the events as they are:\n")
		p.table([]string{"rule", "findings", "medium and above", "per 1,000 active actor-days", "kinds"}, rows)
	}
}

func (p *page) logins(r *loginResult) {
	if r == nil {
		return
	}
	p.line("**Sign-ins**: %d findings of medium and above (%d of them high, %s per 1,000 active actor-days) and %d below, of %d sign-ins; %d of %d sources with ten or more failures found.%s Plain rules: %s.\n",
		r.Findings, r.High, num(r.Per), r.Low, r.SignIns, r.SourcesFound, r.Sources, benign(r.Benign), counts(r.Plain))
	for _, x := range r.Incidents {
		if !x.Found {
			p.line("- %s, from %s: not found", x.Name, x.Start.Format("15:04:05Z on 2006-01-02"))
			continue
		}
		high := "never high"
		if !x.High.IsZero() {
			high = fmt.Sprintf("high at %s, %s s after the success", x.High.Format("15:04:05Z"), num(x.After))
		}
		p.line("- %s, from %s: found after %s s, %s (%s)", x.Name, x.Start.Format("15:04:05Z on 2006-01-02"), num(x.Delay), high, strings.Join(x.Kinds, ", "))
	}
	p.line("- findings: %s\n", counts(r.Kinds))
	p.sentences(r.Sentences)
}

func benign(n int) string {
	if n < 0 {
		return ""
	}
	return fmt.Sprintf(" %d of the findings of medium and above have no event that is labelled as an attack.", n)
}

func (p *page) daily(name string, r *dailyResult) {
	if r == nil {
		return
	}
	p.line("**%s**: %d findings on %d actor-days (%d of them active) of %d actors in %d days: **%s per 1,000 actor-days**, %s per 1,000 active ones. Plain rules per 1,000 actor-days: %s.\n",
		name, r.Findings, r.ActorDays, r.Active, r.Actors, r.Days, num(r.Per), num(r.PerActive), figures(r.PlainPer))
	var rows [][]string
	for _, x := range r.Shapes {
		rows = append(rows, []string{x.Shape, strconv.Itoa(x.Injected), num(x.Recall), strconv.Itoa(x.Gated), num(x.GatedPart), num(x.DelayHours), num(x.Plain["3x mean"]), num(x.Plain["mean + 3 sd"])})
	}
	p.table([]string{"shape", "injected", "found", "pass the gates of size", "of these found", "median delay in hours", "3x mean finds", "mean + 3 sd finds"}, rows)
	p.sentences(r.Sentences)
}

func (p *page) series(list []seriesResult) {
	var rows [][]string
	for _, x := range list {
		row := []string{x.Detector, strconv.Itoa(x.Series), strconv.Itoa(x.Frozen.Findings), num(x.PerDays), fmt.Sprintf("%d of %d", x.Frozen.Found, x.Frozen.Windows), num(x.Frozen.Precision), num(x.Frozen.Recall), num(x.Frozen.F1), "", ""}
		if x.Tuned != nil {
			row[8], row[9] = num(x.Tuned.F1), fmt.Sprintf("%s %s, default %s", x.Threshold, num(x.Tuned.Threshold), num(x.Frozen.Threshold))
		}
		rows = append(rows, row)
	}
	if rows != nil {
		p.table([]string{"detector", "series", "findings", "per 1,000 series-days", "windows found", "precision", "recall", "F1", "best F1, tuned on this file", "with"}, rows)
	}
	for _, x := range list {
		if len(x.Plain) > 0 {
			p.line("Plain rules beside %s: %s.\n", x.Detector, figures(x.Plain))
		}
	}
}

func (p *page) hours(r *hoursResult) {
	if r == nil {
		return
	}
	p.line("**Off-hours**: %d of %d judged actor-days found (**%s %%**; of all %d actor-days %s %%); weeks of a clock change %s %% of %d, others %s %% of %d. Of %d days shifted by twelve hours %s %% found. Plain rules, in %% of judged days: %s.\n",
		r.Found, r.Judged, num(100*r.Part), r.ActorDays, num(100*part(r.Found, r.ActorDays)), num(100*r.Changes.Part), r.Changes.Judged, num(100*r.Others.Part), r.Others.Judged, r.Shifted, num(100*r.Recall), percents(r.Plain))
}

func (p *page) errors(r *errorResult) {
	if r == nil {
		return
	}
	p.line("**Error rates**: %s (%s per 1,000 active actor-days) in %d attempts, of which %d failed, within %d actor-hours. Plain rules: %s.\n",
		plural(r.Findings, "finding"), num(r.Per), r.Attempts, r.Failures, r.Hours, counts(r.Plain))
	p.sentences(r.Sentences)
}

func (p *page) sentences(list []string) {
	for _, x := range list {
		p.line("> %s\n", x)
	}
}

func num(x float64) string { return strconv.FormatFloat(rounded(x), 'f', -1, 64) }

func counts(m map[string]int) string {
	var list []string
	for _, k := range sortedKeys(m) {
		list = append(list, fmt.Sprintf("%s %d", k, m[k]))
	}
	return strings.Join(list, ", ")
}

func figures(m map[string]float64) string {
	var list []string
	for _, k := range sortedKeys(m) {
		list = append(list, k+" "+num(m[k]))
	}
	return strings.Join(list, ", ")
}

func percents(m map[string]float64) string {
	scaled := map[string]float64{}
	for k, v := range m {
		scaled[k] = 100 * v
	}
	return figures(scaled)
}
