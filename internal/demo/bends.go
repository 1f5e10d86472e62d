package demo

import (
	"time"

	"github.com/activitylog/activitylog"
)

// bends are how incidents bend the usual course of an organization. The zero value bends nothing.
type bends struct {
	rushDay      time.Time // everybody sends far more messages
	ramp         time.Time // conversations grow longer from here
	rampDays     float64
	outage       [2]time.Time
	provider     string // that is out
	release      time.Time
	triers       []*person // who use the new model from release on, the first of them first
	releaseModel *model
}

// rushFactor is how many times as many messages there are on a busy day.
const rushFactor = 2.5

// rush is how busy day is, 1 being usual.
func (b *bends) rush(day time.Time) float64 {
	if !b.rushDay.IsZero() && day.Equal(b.rushDay) {
		return rushFactor
	}
	return 1
}

// growth is how long conversations are at t, 1 being usual. At the end of the ramp they are twice as long.
func (b *bends) growth(t time.Time) float64 {
	if b.ramp.IsZero() || t.Before(b.ramp) {
		return 1
	}
	return 1 + t.Sub(b.ramp).Hours()/24/b.rampDays
}

// outageHits lets a message fail whose provider is out.
func (b *bends) outageHits(r dice, e *activitylog.Event) {
	if e.AI.Provider != b.provider || e.Time.Before(b.outage[0]) || !e.Time.Before(b.outage[1]) || r.chance(0.08) {
		return
	}
	e.Outcome, e.ErrorCode, e.Reason = activitylog.Failure, "provider_unavailable", b.provider+" answered 503"
	e.AI.LatencyMS = int64(r.between(200, 9000))
}

// tried is the new model where p tries it at t, else nil.
func (b *bends) tried(r dice, p *person, t time.Time) *model {
	if b.release.IsZero() || t.Before(b.release.Add(time.Hour)) {
		return nil
	}
	for _, x := range b.triers {
		if x == p && r.chance(0.6) {
			return b.releaseModel
		}
	}
	return nil
}
