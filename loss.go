package activitylog

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Loss tells of submitted events that were not recorded.
type Loss struct {
	Events []Event // as they would have been stored; the host may keep them elsewhere and record them later
	Err    error   // why; with ErrOutcomeUnknown in it they may be stored after all
}

// lostEvents is what a gap event will say about one organization.
type lostEvents struct {
	count       int64
	first, last time.Time
	categories  map[string]bool
	reason      string
}

// lose counts and reports events that are lost, and keeps a note for the gap event.
func (l *Log) lose(events []Event, err error) {
	l.mu.Lock()
	l.stats.Lost += int64(len(events))
	if l.lost == nil {
		l.lost = map[string]*lostEvents{}
	}
	for i := range events {
		e := &events[i]
		g := l.lost[e.Org]
		if g == nil {
			g = &lostEvents{first: e.Time, last: e.Time, categories: map[string]bool{}}
			l.lost[e.Org] = g
		}
		g.count++
		g.reason = err.Error()
		g.categories[e.Category] = true
		if e.Time.Before(g.first) {
			g.first = e.Time
		}
		if e.Time.After(g.last) {
			g.last = e.Time
		}
	}
	l.mu.Unlock()
	if l.opts.OnLoss != nil {
		l.opts.OnLoss(Loss{Events: events, Err: err})
	}
}

// recordGaps notes past losses in the log. It runs after a commit, when recording is known to work.
func (l *Log) recordGaps() {
	l.mu.Lock()
	lost := l.lost
	l.lost = nil
	l.mu.Unlock()
	for _, org := range slices.Sorted(maps.Keys(lost)) {
		g := lost[org]
		e := g.event(org)
		prepared, _, err := l.prepareAll(context.Background(), []Event{e})
		if err == nil {
			err = l.appendEvents(context.Background(), prepared)
		}
		if err != nil {
			l.restoreLoss(org, g)
		}
	}
}

// restoreLoss puts a note back whose gap event could not be written.
func (l *Log) restoreLoss(org string, g *lostEvents) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lost == nil {
		l.lost = map[string]*lostEvents{}
	}
	newer := l.lost[org]
	l.lost[org] = g
	if newer != nil {
		g.count += newer.count
		g.last = newer.last
		maps.Copy(g.categories, newer.categories)
	}
}

func (g *lostEvents) event(org string) Event {
	return Event{
		Org: org, Action: "audit.gap", Actor: Actor{Type: System, ID: "activitylog", Name: "The log"},
		Reason:  g.reason,
		Message: fmt.Sprintf("%d submitted events of %s to %s were lost", g.count, g.first.Format(time.RFC3339), g.last.Format(time.RFC3339)),
		Metadata: map[string]any{
			"count": g.count, "first": g.first, "last": g.last, "categories": slices.Sorted(maps.Keys(g.categories)),
		},
	}
}
