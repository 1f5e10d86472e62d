package alerteval

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
)

// manyFailures is how many refused sign-ins of one source make it one that must be found.
const manyFailures = 10

// loginResult is what the rule of refused sign-ins makes of a file.
type loginResult struct {
	SignIns      int              `json:"sign_ins"`
	ActorDays    int              `json:"active_actor_days"`
	Findings     int              `json:"findings"` // troubles of medium severity and above
	High         int              `json:"findings_high"`
	Low          int              `json:"findings_low"`
	Kinds        map[string]int   `json:"kinds"`
	Per          float64          `json:"findings_per_1000_active_actor_days"`
	Benign       int              `json:"findings_without_a_labelled_event"` // of medium and above; -1: nothing is labelled
	Sources      int              `json:"sources_with_ten_failures"`
	SourcesFound int              `json:"sources_found"`
	Incidents    []incidentResult `json:"incidents"` // those in which a sign-in succeeded
	Plain        map[string]int   `json:"plain_findings"`
	Sentences    []string         `json:"sentences"`
}

// incidentResult is one labelled break-in.
type incidentResult struct {
	Name    string    `json:"name"`
	Start   time.Time `json:"start"`
	Success time.Time `json:"success"`
	Found   bool      `json:"found"`
	Delay   float64   `json:"delay_seconds"`    // of the first finding, from the start
	High    time.Time `json:"high_at,omitzero"` // when the first finding of high severity was raised
	Kinds   []string  `json:"kinds_of_findings"`
	After   float64   `json:"high_after_success"` // seconds; 0: by the success itself
}

// isSignIn tells whether a row is one.
func isSignIn(r *row) bool {
	return slices.ContainsFunc(strings.Split(r.action, "."), func(w string) bool { return w == "login" || w == "signin" || w == "sign_in" })
}

// logins is nil where no sign-in was refused.
func (s *set) logins(f *alerts.Figures, cat *activitylog.Catalog, c alerts.Config) *loginResult {
	if !s.has(func(r *row) bool { return isSignIn(r) && r.outcome == "failure" }) {
		return nil
	}
	res := &loginResult{Kinds: map[string]int{}, Plain: s.plainLogins(), Benign: -1}
	days := map[string]bool{}
	for i := range s.rows {
		if r := &s.rows[i]; isSignIn(r) {
			res.SignIns++
			days[r.actor+r.time.Format(time.DateOnly)] = true
		}
	}
	res.ActorDays = len(days)
	from, to := s.span()
	all := alerts.Episodes(alerts.Judge(f, startOf(from), to.Add(time.Second), only(c, alerts.LoginFailures)))
	events := make([]activitylog.Event, len(s.rows))
	for i := range s.rows {
		events[i] = s.event(cat, i)
	}
	if s.labelledRows() {
		res.Benign = 0
	}
	for _, x := range all {
		res.Kinds[x.Kind]++
		if !atLeast(x.Severity, activitylog.Medium) {
			res.Low++
			continue
		}
		res.Findings++
		if atLeast(x.Severity, activitylog.High) {
			res.High++
		}
		if len(res.Sentences) < sentences {
			res.Sentences = append(res.Sentences, x.Explanation)
		}
		if res.Benign >= 0 && !slices.ContainsFunc(s.matching(events, x), func(i int) bool { return s.rows[i].marked() }) {
			res.Benign++
		}
	}
	res.Per = perThousand(res.Findings, res.ActorDays)
	s.sources(res, events, all)
	s.incidents(res, events, all)
	return res
}

// matching are the rows that a finding tells of.
func (s *set) matching(events []activitylog.Event, f alerts.Finding) (list []int) {
	for i := range events {
		if f.Filter.Match(&events[i]) {
			list = append(list, i)
		}
	}
	return list
}

// sources looks for those with many failures: among all rows, or those labelled where there are labels.
func (s *set) sources(res *loginResult, events []activitylog.Event, found []alerts.Finding) {
	failures := map[netip.Addr]int{}
	for i := range s.rows {
		r := &s.rows[i]
		if isSignIn(r) && r.outcome == "failure" && events[i].Client.IP.IsValid() && (res.Benign < 0 || r.marked()) {
			failures[events[i].Client.IP]++
		}
	}
	told := map[netip.Addr]bool{}
	for _, x := range found {
		for _, i := range s.matching(events, x) {
			told[events[i].Client.IP] = true
		}
	}
	for ip, n := range failures {
		if n >= manyFailures {
			res.Sources++
			if told[ip] {
				res.SourcesFound++
			}
		}
	}
}

// incidents looks at the labelled ones that end with a success.
func (s *set) incidents(res *loginResult, events []activitylog.Event, found []alerts.Finding) {
	byName := map[string]*incidentResult{}
	for i := range s.rows {
		r := &s.rows[i]
		name := r.text["incident"]
		if name == "" || !isSignIn(r) {
			continue
		}
		if byName[name] == nil {
			byName[name] = &incidentResult{Name: name, Start: r.time}
		}
		if x := byName[name]; r.outcome == "success" && x.Success.IsZero() {
			x.Success = r.time
		}
	}
	for _, name := range sortedKeys(byName) {
		x := byName[name]
		if x.Success.IsZero() {
			continue
		}
		var mine []alerts.Finding
		for _, f := range found {
			if slices.ContainsFunc(s.matching(events, f), func(i int) bool { return s.rows[i].text["incident"] == name }) {
				mine = append(mine, f)
			}
		}
		slices.SortStableFunc(mine, func(a, b alerts.Finding) int { return cmp.Or(a.Raised.Compare(b.Raised), cmp.Compare(a.Kind, b.Kind)) })
		for _, f := range mine {
			if !x.Found {
				x.Found, x.Delay = true, rounded(f.Raised.Sub(x.Start).Seconds())
			}
			x.Kinds = append(x.Kinds, f.Kind+" "+string(f.Severity))
			if x.High.IsZero() && atLeast(f.Severity, activitylog.High) {
				x.High, x.After = f.Raised, rounded(f.Raised.Sub(x.Success).Seconds())
			}
		}
		res.Incidents = append(res.Incidents, *x)
	}
}

// plainLogins counts what the plain rules give: so many failures of an account on a day.
func (s *set) plainLogins() map[string]int {
	days := map[string]int{}
	for i := range s.rows {
		if r := &s.rows[i]; isSignIn(r) && r.outcome == "failure" {
			days[r.actor+" "+r.time.Format(time.DateOnly)]++
		}
	}
	out := map[string]int{"3 failures of an account a day": 0, "5 failures of an account a day": 0}
	for _, n := range days {
		if n >= 3 {
			out["3 failures of an account a day"]++
		}
		if n >= 5 {
			out["5 failures of an account a day"]++
		}
	}
	return out
}
