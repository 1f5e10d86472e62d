package retention

import (
	"maps"
	"slices"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/google/uuid"
)

// judge tells what is due by a state at a moment. It asks for each organization by itself: one filter over thousands of
// organizations that all decided for themselves would be more than a database takes.
type judge struct {
	s         *state
	at        time.Time
	own       []string // organizations that decided for themselves
	byOrg     map[string]activitylog.Filter
	protected map[uuid.UUID]bool
}

func newJudge(s *state, at time.Time) *judge {
	j := &judge{s: s, at: at, own: s.own(), byOrg: map[string]activitylog.Filter{}, protected: map[uuid.UUID]bool{}}
	for i := range s.protected {
		j.protected[s.protected[i].ID] = true
	}
	return j
}

// in is what is due in an organization, but for what defines the state of the log.
func (j *judge) in(org string) activitylog.Filter {
	if _, ok := slices.BinarySearch(j.own, org); !ok {
		org = "" // as in all others
	}
	f, ok := j.byOrg[org]
	if !ok {
		f = j.s.dueIn(org, j.at)
		j.byOrg[org] = f
	}
	return f
}

// skipped are the organizations that are counted by themselves.
func (j *judge) skipped() []string {
	if j.s.org != "" {
		return nil
	}
	return j.own
}

// means tells whether an event is due.
func (j *judge) means(e *activitylog.Event) bool {
	return !j.protected[e.ID] && j.in(e.Org).Match(e)
}

// manyOrgs is from how many organizations on that decided for themselves they are not named in one filter.
const manyOrgs = 32

// candidates is a filter of all that is due, and of little else or all that is old enough.
func (j *judge) candidates() activitylog.Filter {
	switch {
	case j.s.org != "":
		return j.in(j.s.org)
	case len(j.own) < manyOrgs:
		return j.s.dueAnywhere(j.at)
	}
	youngest := j.s.youngest()
	if youngest == 0 {
		return activitylog.Any()
	}
	return older(j.at, youngest)
}

// sameDecisions tells whether two states come to the same.
func sameDecisions(a, b *state) bool {
	ids := func(s *state) []uuid.UUID {
		list := make([]uuid.UUID, len(s.protected))
		for i := range s.protected {
			list[i] = s.protected[i].ID
		}
		return list
	}
	rules := func(x, y []Rule) bool {
		return slices.EqualFunc(x, y, func(x, y Rule) bool {
			return x.Min == y.Min && x.Max == y.Max && x.Filter.String() == y.Filter.String()
		})
	}
	holds := func(x, y []Hold) bool {
		return slices.EqualFunc(x, y, func(x, y Hold) bool { return x.ID == y.ID && x.Filter.String() == y.Filter.String() })
	}
	return slices.Equal(ids(a), ids(b)) && maps.EqualFunc(a.rules, b.rules, rules) && maps.EqualFunc(a.holds, b.holds, holds) &&
		maps.EqualFunc(a.onces, b.onces, time.Time.Equal)
}
