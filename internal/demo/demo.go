// Package demo makes up the log of an organization platform: four organizations with their people, projects, channels,
// skills, agents, integrations and campaigns over three months, calm but for the incidents that the alerts exist for.
//
//	for e := range demo.Events(demo.Options{Seed: 1, End: time.Now().Truncate(time.Minute)}) {
//		_, err := log.Record(ctx, e)
//		…
//	}
//
// The same options give the same events. All names are invented; addresses come from ranges reserved for documentation
// and tests. Events holds about two days of events at a time. Incidents lists what there is to find, and Orgs whose log
// it is; what concerns no organization belongs to activitylog.SystemOrg.
package demo

import (
	"iter"
	"time"

	"github.com/activitylog/activitylog"
)

// Options say which log is made up.
type Options struct {
	// Seed is the source of all chance.
	Seed uint64
	// End is the moment before which the newest event lies. It is cut to the minute; zero means no events.
	End time.Time
	// Days is how long the log is; zero means 90. Nothing is older, save for the last visit of the one account that
	// returns as a dormant one.
	Days int
	// Size scales the number of events: zero means 1, which is about 50,000 in 90 days. Above 1 there are more people,
	// below 1 they do less.
	Size float64
}

func (o Options) withDefaults() Options {
	o.End = o.End.UTC().Truncate(time.Minute)
	if o.Days <= 0 {
		o.Days = 90
	}
	if o.Size <= 0 {
		o.Size = 1
	}
	return o
}

// Events yields the events, oldest first. Each of them has an ID and a Time and leaves to the Log what the catalogue
// knows: category, verb, severity, retention and, nearly always, the message. The sequence may be used more than once.
func Events(o Options) iter.Seq[activitylog.Event] {
	return func(yield func(activitylog.Event) bool) {
		if o.End.IsZero() {
			return
		}
		newWorld(o).run(yield)
	}
}

// Org is one of the organizations.
type Org struct {
	ID, Name string
	Zone     *time.Location // in which its days begin
}

// Orgs returns the organizations, the largest first.
func Orgs() []Org {
	list := make([]Org, len(orgSpecs))
	for i, s := range orgSpecs {
		list[i] = Org{ID: s.id, Name: s.name, Zone: location(s.zone)}
	}
	return list
}
