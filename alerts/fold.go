package alerts

import "github.com/activitylog/activitylog"

// Fold makes figures of events of any organizations. The zero value holds none.
type Fold struct {
	orgs   map[string]*Figures
	senses map[string]*sense // shared by all
}

// Add puts one event into the figures of its organization; see Figures.Add.
func (f *Fold) Add(e *activitylog.Event) (urgent bool) {
	figures := f.orgs[e.Org]
	if figures == nil {
		if f.orgs == nil {
			f.orgs, f.senses = map[string]*Figures{}, map[string]*sense{}
		}
		figures = &Figures{senses: f.senses}
		f.orgs[e.Org] = figures
	}
	return figures.Add(e)
}

// Figures are those of each organization that had an event.
func (f *Fold) Figures() map[string]*Figures {
	if f.orgs == nil {
		return map[string]*Figures{}
	}
	return f.orgs
}
