package storetest

import (
	"context"
	"fmt"

	"github.com/activitylog/activitylog"
)

const mustBrief = "TailBrief must call f with at least the parts of what Tail returns that Event.UnmarshalBrief reads"

var briefCases = []testCase{
	{name: "brief/as Tail", must: mustBrief + ", with the same positions",
		needs: tailsBrief | tails, run: func(s *subject) {
			bare := activitylog.Event{ID: id(40), Time: start, Org: "o", Action: "a", Actor: activitylog.Actor{Type: activitylog.System}}
			free := sample(41, func(e *activitylog.Event) { e.AI = &activitylog.AIUsage{CostMicros: new(int64)} })
			unpriced := sample(42, func(e *activitylog.Event) { e.AI = &activitylog.AIUsage{Model: "m", InputTokens: 3} })
			odd := sample(43, saying("a \"quoted\\\" ] } text\\"), func(e *activitylog.Event) {
				e.Metadata = map[string]any{"}]\"\\": []any{map[string]any{"a\\": "]}"}, "\u2028é"}}
			})
			s.append(filled(1), bare, free, unpriced, odd)
			s.append(samples(1, 20)...) // behind one with everything: nothing of it is left
			s.append(samples(21, 25, inOrg("globex"))...)
			want := s.tailed(30)
			for _, more := range []bool{false, true} {
				for _, limit := range []int{1, 7, 1000} {
					s.sameBrief(s.brief("", limit, more), want, more)
					s.sameBrief(s.brief(want[11].Position, limit, more), want[12:], more)
				}
			}
		}},
	{name: "brief/more is asked of each", must: mustBrief + ": more is asked once Org, Category, Action and Outcome are set",
		needs: tailsBrief | tails, run: func(s *subject) {
			s.append(filled(1), sample(2, inOrg("globex")), sample(3, func(e *activitylog.Event) { e.Outcome = activitylog.Denied }))
			want := s.tailed(3)
			i := 0
			_, err := s.store.(briefTailer).TailBrief(s.ctx, "", 10, func(e *activitylog.Event) bool {
				w := &want[i].Event
				if e.Org != w.Org || e.Category != w.Category || e.Action != w.Action || e.Outcome != w.Outcome {
					s.fatalf("more was asked of %q %q %q %q; the event has %q %q %q %q", e.Org, e.Category, e.Action, e.Outcome, w.Org, w.Category, w.Action, w.Outcome)
				}
				return i == 1
			}, func(e *activitylog.Event, _ activitylog.Position) {
				s.same([]activitylog.Event{briefOf(e, i == 1)}, []activitylog.Event{briefOf(&want[i].Event, i == 1)}, fmt.Sprintf("event %d, of which more was asked: %v", i, i == 1))
				i++
			})
			s.ok(err, "tail brief")
		}},
	{name: "brief/limit", must: "TailBrief calls f for up to limit events and returns the position to go on from even when there is none",
		needs: tailsBrief | tails, run: func(s *subject) {
			s.append(samples(1, 10)...)
			s.tailed(10)
			for _, limit := range []int{1, 9, 10, 11} {
				n := 0
				next, err := s.store.(briefTailer).TailBrief(s.ctx, "", limit, never, func(*activitylog.Event, activitylog.Position) { n++ })
				s.ok(err, "tail brief")
				if n != min(limit, 10) {
					s.fatalf("TailBrief with limit %d gave %d of 10 events", limit, n)
				}
				if n := len(s.brief(next, 1000, false)); n != max(0, 10-limit) {
					s.fatalf("behind %d of 10 events TailBrief gave %d", limit, n)
				}
			}
			if n := len(s.brief(activitylog.End, 10, false)); n != 0 {
				s.fatalf("TailBrief gave %d events after End", n)
			}
		}},
}

// briefTailer is a Tailer that can read less of each event; see Log.TailBrief.
type briefTailer interface {
	TailBrief(ctx context.Context, after activitylog.Position, limit int, more func(*activitylog.Event) bool,
		f func(*activitylog.Event, activitylog.Position)) (activitylog.Position, error)
}

// briefOf is what must be there of an event.
func briefOf(e *activitylog.Event, more bool) activitylog.Event {
	b := activitylog.Event{
		ID: e.ID, Time: e.Time, Org: e.Org, Category: e.Category, Action: e.Action, Verb: e.Verb, Outcome: e.Outcome,
		Actor:   activitylog.Actor{Type: e.Actor.Type, ID: e.Actor.ID, Roles: e.Actor.Roles, Zone: e.Actor.Zone},
		Changes: e.Changes, Client: activitylog.Client{IP: e.Client.IP, UserAgent: e.Client.UserAgent}, Backfill: e.Backfill,
	}
	for _, d := range e.OnBehalfOf {
		b.OnBehalfOf = append(b.OnBehalfOf, activitylog.Delegation{Actor: activitylog.Actor{Type: d.Type, ID: d.ID}, Relation: d.Relation})
	}
	for _, t := range e.Targets {
		kept := activitylog.Target{Type: t.Type, ID: t.ID}
		if more {
			kept.Name = t.Name
		}
		b.Targets = append(b.Targets, kept)
	}
	if u := e.AI; u != nil {
		b.AI = &activitylog.AIUsage{Provider: u.Provider, Model: u.Model, Currency: u.Currency, CostMicros: u.CostMicros, InputTokens: u.InputTokens, OutputTokens: u.OutputTokens}
	}
	if more {
		b.Reason, b.ErrorCode, b.Metadata = e.Reason, e.ErrorCode, e.Metadata
	}
	return b
}

func never(*activitylog.Event) bool { return false }

// brief reads to the end, so many at a time.
func (s *subject) brief(after activitylog.Position, limit int, more bool) []activitylog.Tailed {
	var got []activitylog.Tailed
	for {
		n := len(got)
		next, err := s.store.(briefTailer).TailBrief(s.ctx, after, limit, func(*activitylog.Event) bool { return more },
			func(e *activitylog.Event, at activitylog.Position) {
				got = append(got, activitylog.Tailed{Event: *e, Position: at})
			})
		s.ok(err, "tail brief")
		if len(got) == n {
			return got
		}
		after = next
	}
}

// sameBrief compares what must be there.
func (s *subject) sameBrief(got, want []activitylog.Tailed, more bool) {
	if len(got) != len(want) {
		s.fatalf("TailBrief gave %d events where Tail returns %d", len(got), len(want))
	}
	var brief, whole []activitylog.Event
	for i := range want {
		if got[i].Position != want[i].Position {
			s.fatalf("TailBrief gave %s at %q where Tail returns %s at %q", short(&got[i].Event), got[i].Position, short(&want[i].Event), want[i].Position)
		}
		brief, whole = append(brief, briefOf(&got[i].Event, more)), append(whole, briefOf(&want[i].Event, more))
	}
	s.same(brief, whole, "what TailBrief gave")
}
