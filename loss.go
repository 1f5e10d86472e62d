package activitylog

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

const gapAction = "audit.gap"

// Loss tells of submitted events that were not recorded.
type Loss struct {
	Events []Event // as they would have been stored; the host may keep them elsewhere and record them later
	Err    error   // why; with ErrOutcomeUnknown in it they may be stored after all
}

// losses is what gap events have yet to say.
type losses struct {
	mu    sync.Mutex
	byOrg map[string]*lostEvents

	recording sync.Mutex
	gaps      []Event // prepared, so that repeating them after an unknown outcome is safe
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
	l.mu.Unlock()
	for i := range events {
		e := &events[i]
		l.losses.add(e.Org, &lostEvents{1, e.Time, e.Time, map[string]bool{e.Category: true}, err.Error()})
	}
	if l.opts.OnLoss != nil {
		l.opts.OnLoss(Loss{Events: events, Err: err})
	}
}

func (s *losses) add(org string, n *lostEvents) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byOrg == nil {
		s.byOrg = map[string]*lostEvents{}
	}
	g := s.byOrg[org]
	if g == nil {
		s.byOrg[org] = n
		return
	}
	g.count += n.count
	g.reason = n.reason
	maps.Copy(g.categories, n.categories)
	if n.first.Before(g.first) {
		g.first = n.first
	}
	g.last = later(g.last, n.last)
}

// recordGaps notes past losses in the log. It runs after a commit, when recording is known to work, and in Close.
func (l *Log) recordGaps() {
	s := &l.losses
	if !s.recording.TryLock() {
		return
	}
	defer s.recording.Unlock()
	s.mu.Lock()
	lost := s.byOrg
	s.byOrg = nil
	s.mu.Unlock()
	for _, org := range slices.Sorted(maps.Keys(lost)) {
		prepared, _, err := l.prepareAll(context.Background(), []Event{lost[org].event(org)})
		if err != nil { // Options.Redact and Options.Stamp may fail
			s.add(org, lost[org])
			continue
		}
		s.gaps = append(s.gaps, prepared...)
	}
	if len(s.gaps) > 0 && l.appendEvents(context.Background(), s.gaps) == nil {
		s.gaps = nil
	}
}

func (g *lostEvents) event(org string) Event {
	return Event{
		Org: org, Action: gapAction, Actor: Actor{Type: System, ID: "activitylog", Name: "The log"},
		Reason:  g.reason,
		Message: fmt.Sprintf("%d submitted events of %s to %s were lost", g.count, g.first.Format(time.RFC3339), g.last.Format(time.RFC3339)),
		Metadata: map[string]any{
			"count": g.count, "first": g.first, "last": g.last, "categories": slices.Sorted(maps.Keys(g.categories)),
		},
	}
}
