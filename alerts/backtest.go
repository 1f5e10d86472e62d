package alerts

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
)

// Tally is what a Config would have raised in some time.
type Tally struct {
	From, To time.Time
	Findings []Finding // one for each trouble, as Episodes brings them together
	PerWeek  float64   // of Findings
	Weeks    []int     // how many began in each week since From; the last may be a part of one
	Severity map[activitylog.Severity]int
	Rules    map[string]int
	Subjects []SubjectTally // whom or what they are about, the most frequent first
}

// SubjectTally counts the findings about one subject.
type SubjectTally struct {
	Subject  Subject
	Findings int
	Worst    activitylog.Severity
}

const week = 7 * 24 * time.Hour

// Backtest judges what began at from or later and before to, as it would have been then.
func Backtest(f *Figures, from, to time.Time, c Config) Tally {
	t := Tally{From: from, To: to, Severity: map[activitylog.Severity]int{}, Rules: map[string]int{}}
	if !from.Before(to) {
		return t
	}
	t.Findings = Episodes(Judge(f, from, to, c))
	t.Weeks = make([]int, (to.Sub(from)+week-1)/week)
	t.PerWeek = float64(len(t.Findings)) / (float64(to.Sub(from)) / float64(week))
	bySubject := map[Subject]*SubjectTally{}
	for i := range t.Findings {
		f := &t.Findings[i]
		t.Weeks[f.Window.From.Sub(from)/week]++
		t.Severity[f.Severity]++
		t.Rules[f.Rule]++
		s := bySubject[f.Subject]
		if s == nil {
			s = &SubjectTally{Subject: f.Subject, Worst: f.Severity}
			bySubject[f.Subject] = s
		}
		s.Findings++
		if rank(f.Severity) > rank(s.Worst) {
			s.Worst = f.Severity
		}
	}
	for _, s := range bySubject {
		t.Subjects = append(t.Subjects, *s)
	}
	slices.SortFunc(t.Subjects, func(a, b SubjectTally) int {
		return cmp.Or(cmp.Compare(b.Findings, a.Findings), strings.Compare(a.Subject.Type, b.Subject.Type), strings.Compare(a.Subject.ID, b.Subject.ID))
	})
	return t
}

// Without returns the findings of t that other has no part of: same trouble, at the same time. So before.Without(after)
// is what a changed Config silences, and after.Without(before) what it adds.
func (t Tally) Without(other Tally) []Finding {
	byTrouble := map[string][]Finding{}
	for _, f := range other.Findings {
		byTrouble[f.Fingerprint] = append(byTrouble[f.Fingerprint], f)
	}
	var list []Finding
	for _, f := range t.Findings {
		if !slices.ContainsFunc(byTrouble[f.Fingerprint], func(o Finding) bool {
			return f.Window.From.Before(o.LastSeen) && o.Window.From.Before(f.LastSeen)
		}) {
			list = append(list, f)
		}
	}
	return list
}
