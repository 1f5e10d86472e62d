package alerts

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
)

// burst is a stretch of marks of one actor within a window, and how much they come to.
type burst struct {
	marks []*Mark
	sum   float64
	at    time.Time // when it reached the bound
}

// bursts find the stretches in which the marks of one actor reach count within a window and beat by far what the actor
// did within such a window in the 28 days before. measure says what a stretch comes to.
func bursts(marks []*Mark, c DeletionConfig, measure func([]*Mark) float64) []burst {
	var list []burst
	type day struct {
		day  int32
		most float64
	}
	var past []day // of days before, without what was found
	lo, most := 0, 0.0
	current := int32(-1 << 31)
	var quiet time.Time
	for hi := range marks {
		m := marks[hi]
		if d := dayOf(m.Time); d != current {
			if current > -1<<31 {
				past = append(past, day{current, most})
			}
			current, most = d, 0
		}
		for m.Time.Sub(marks[lo].Time) >= c.Window {
			lo++
		}
		n := measure(marks[lo : hi+1])
		if m.Time.Before(quiet) {
			continue
		}
		record := 0.0
		for _, p := range past {
			if p.day >= current-28 {
				record = max(record, p.most)
			}
		}
		if n < float64(c.Count) || n < c.Record*record {
			most = max(most, n)
			continue
		}
		end := hi
		for end+1 < len(marks) && marks[end+1].Time.Sub(marks[end].Time) < c.Window {
			end++
		}
		list = append(list, burst{marks[lo : end+1], measure(marks[lo : end+1]), m.Time})
		quiet = marks[end].Time.Add(24 * time.Hour)
	}
	return list
}

// byActor are the marks of a class that succeeded, by actor.
func (v *view) byActor(c Class) (actors []string, marks map[string][]*Mark) {
	marks = map[string][]*Mark{}
	for _, m := range v.marks {
		if m.Class&c == 0 || m.Actor == "" || m.Outcome != activitylog.Success && m.Outcome != activitylog.Unknown {
			continue
		}
		if marks[m.Actor] == nil {
			actors = append(actors, m.Actor)
		}
		marks[m.Actor] = append(marks[m.Actor], m)
	}
	slices.Sort(actors)
	return actors, marks
}

// over is the filter of a stretch of an actor's marks, and completes the finding's count by it.
func (v *view) over(f *Finding, b burst, c Class) {
	f.Window = Window{b.marks[0].Time, b.marks[len(b.marks)-1].Time.Add(time.Microsecond)}
	actions := map[string]bool{}
	for _, m := range b.marks {
		actions[m.Action] = true
	}
	var names []string
	for a := range actions {
		names = append(names, a)
	}
	slices.Sort(names)
	f.Filter = activitylog.All(activitylog.ActedBy(f.Subject.ID), activitylog.ActionIs(names...),
		activitylog.OutcomeIs(activitylog.Success, activitylog.Unknown), activitylog.Since(f.Window.From), activitylog.Before(f.Window.To))
	f.marks(b.marks)
	f.Raised = b.at.Add(time.Microsecond)
	f.affect(f.Subject.ID)
}

func objects(marks []*Mark) map[string]bool {
	seen := map[string]bool{}
	for _, m := range marks {
		for _, o := range m.Objects {
			seen[o] = true
		}
		for _, u := range m.Users {
			seen["user:"+u] = true
		}
	}
	return seen
}

// judgeDeletion finds an actor who deletes many different things in a short time.
func judgeDeletion(v *view) []Finding {
	c := v.c.Deletion
	distinct := func(marks []*Mark) float64 { return float64(len(objects(marks))) }
	actors, marks := v.byActor(deletion)
	var list []Finding
	for _, a := range actors {
		for _, b := range bursts(marks[a], c, distinct) {
			f := Finding{
				Rule: MassDeletion, Kind: "burst", Severity: activitylog.Medium, Subject: Subject{"user", a}, Observed: b.sum, Bound: float64(c.Count - 1),
				Unit: "things deleted", Score: min(100, int(5*b.sum)), Baseline: Baseline{Method: "fixed count, and the actor's most of 28 days", Size: 28, Mature: true},
			}
			v.over(&f, b, deletion)
			if b.sum >= 5*float64(c.Count) && isHuman(b.marks[0].ActorType) {
				f.Severity = activitylog.High
			}
			if !isHuman(b.marks[0].ActorType) {
				f.Severity = activitylog.Low // automation cleans up
				f.Reasons = append(f.Reasons, "automated")
			}
			kinds := map[string]float64{}
			for o := range objects(b.marks) {
				kind, _, _ := strings.Cut(o, ":")
				kinds[kind]++
			}
			f.contribute("kind", kinds)
			f.Explanation = fmt.Sprintf("%s deleted %s in %s from %s UTC on, most of them of the kind %s; %s in %s is the most that passes without notice.",
				a, plural(int(b.sum), "thing", "things"), span(f.Window.To.Sub(f.Window.From)), clockOf(f.Window.From), firstContributor(&f), figure(f.Bound), span(c.Window))
			list = append(list, f)
		}
	}
	return list
}

func firstContributor(f *Finding) string {
	if len(f.Contributors) == 0 || f.Contributors[0].ID == "" {
		return "that is not named"
	}
	return f.Contributors[0].ID
}

// judgeExport finds an actor who takes much out in a short time, and each actor's first export.
func judgeExport(v *view) []Finding {
	c := v.c.Export
	actors, marks := v.byActor(export)
	amount := func(marks []*Mark) float64 {
		n, rows := 0.0, int64(0)
		for _, m := range marks {
			n += float64(max(1, len(m.Objects)))
			rows += m.Size
		}
		return max(n, float64(c.Count)*float64(rows)/float64(c.Rows)) // rows on the scale of exports
	}
	var list []Finding
	for _, a := range actors {
		for _, b := range bursts(marks[a], DeletionConfig{c.Count, c.Window, c.Record}, amount) {
			rows := int64(0)
			for _, m := range b.marks {
				rows += m.Size
			}
			f := Finding{
				Rule: MassExport, Kind: "burst", Severity: activitylog.Medium, Subject: Subject{"user", a}, Observed: float64(len(b.marks)), Bound: float64(c.Count - 1),
				Unit: "exports", Score: min(100, int(2*b.sum)), Baseline: Baseline{Method: "fixed count, and the actor's most of 28 days", Size: 28, Mature: true},
			}
			v.over(&f, b, export)
			if !v.f.before(f.Window.From, ofExport, a, "") {
				f.Reasons = append(f.Reasons, "first_export")
				if isHuman(b.marks[0].ActorType) {
					f.Severity = activitylog.High
				}
			}
			f.Explanation = fmt.Sprintf("%s made %s with %s in %s from %s UTC on; %s exports or %s rows in %s are the most that pass without notice.",
				a, plural(len(b.marks), "export", "exports"), plural(int(rows), "row or object", "rows or objects"), span(f.Window.To.Sub(f.Window.From)), clockOf(f.Window.From),
				figure(f.Bound), thousands(c.Rows), span(c.Window))
			list = append(list, f)
		}
		list = append(list, v.firstExport(a, marks[a])...)
	}
	return list
}

// firstExport tells of an actor's first export, once the organization has a past to compare with.
func (v *view) firstExport(a string, marks []*Mark) []Finding {
	m := marks[0]
	if v.f.before(m.Time, ofExport, a, "") || m.Time.Before(v.start.AddDate(0, 0, v.c.Models.Learning)) || !isHuman(m.ActorType) {
		return nil
	}
	f := v.single(m, MassExport, "first", activitylog.Info, "exports")
	f.affect(a)
	f.Explanation = fmt.Sprintf("%s exported for the first time, at %s UTC: %s.", a, clockOf(m.Time), plural(int(m.Size), "row or object", "rows or objects"))
	return []Finding{f}
}
