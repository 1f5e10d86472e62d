package demo

import (
	"time"

	"github.com/activitylog/activitylog"
)

// Incident is something in the log that an alert should see.
type Incident struct {
	// Alert is what should see it: one of the seven of the product (login_failures, volume_spike, off_hours, cost_anomaly,
	// org_spend_spike, new_model, error_rate) or a further one (privilege_escalation, mass_deletion, mass_export,
	// dormant_revival).
	Alert string
	Org   string
	// Subject is the id of the actor, the address, the model, the provider or the organization that it is about.
	Subject  string
	From, To time.Time // its events are at From or later and before To
	What     string
	// Filter means its events, within Org. Where an incident changes how much there is of something, they include the usual ones.
	Filter activitylog.Filter
}

// Incidents returns what there is to find in Events of the same options, oldest first. An incident that began before
// the log is left out: all lie in the last 14 days.
func Incidents(o Options) []Incident {
	if o.End.IsZero() {
		return nil
	}
	w := newWorld(o)
	var list []Incident
	for _, i := range w.plan {
		list = append(list, i.Incident)
	}
	return list
}

// incident is one with what makes it.
type incident struct {
	Incident
	moments []moment
}

// moment is when an incident, or a part of it, begins, and what makes the events from there.
type moment struct {
	at   time.Time
	play func(*world)
}

// starts is the one moment of an incident that has no other.
func (i *incident) starts(play func(*world)) { i.moments = append(i.moments, moment{i.From, play}) }

// finish completes the filter with the time of the incident.
func (i *incident) finish(filters ...activitylog.Filter) incident {
	i.Filter = activitylog.All(filters...).And(activitylog.Since(i.From), activitylog.Before(i.To))
	return *i
}
