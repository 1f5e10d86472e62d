package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
)

var appendFaults = []fault{
	{
		name: "drops the last event of a batch", cases: []string{"append/stores all", "append/large batch"},
		append: func(ctx context.Context, s *faulty, events []activitylog.Event) error {
			return s.Store.Append(ctx, events[:max(min(1, len(events)), len(events)-1)])
		},
	},
	{
		name: "takes only 1000 events of a batch", cases: []string{"append/large batch"},
		append: func(ctx context.Context, s *faulty, events []activitylog.Event) error {
			return s.Store.Append(ctx, events[:min(len(events), 1000)])
		},
	},
	{
		name: "compares Recorded too", cases: []string{"append/again", "append/twice in one batch"},
		append: func(ctx context.Context, s *faulty, events []activitylog.Event) error {
			for i, e := range events {
				for _, old := range append(s.known(ctx, e), events[:i]...) {
					if old.ID == e.ID && old.Org == e.Org && !old.Recorded.Equal(e.Recorded) {
						return &activitylog.ConflictError{ID: e.ID}
					}
				}
			}
			return s.Store.Append(ctx, events)
		},
	},
	{
		name:   "stores what comes before a conflict",
		cases:  []string{"append/conflict", "append/conflict in one batch", "concurrent/conflict"},
		append: oneByOne,
	},
	{
		name:   "skips every known id",
		cases:  []string{"append/conflict", "append/what counts as conflict", "concurrent/conflict", "reopen/conflict", "erase/is final"},
		append: skipKnown,
	},
	{
		name: "takes ids for unique in the world", cases: []string{"append/same id in two organizations"},
		append: func(ctx context.Context, s *faulty, events []activitylog.Event) error {
			var fresh []activitylog.Event
			for _, e := range events {
				if anywhere, _ := collect(ctx, s.Store, activitylog.StoreQuery{Filter: activitylog.IDIs(e.ID)}); len(anywhere) == 0 {
					fresh = append(fresh, e)
				}
			}
			return s.Store.Append(ctx, fresh)
		},
	},
	{
		name: "ignores the context of Append", cases: []string{"append/canceled"},
		append: func(ctx context.Context, s *faulty, events []activitylog.Event) error {
			return s.Store.Append(context.WithoutCancel(ctx), events)
		},
	},
	{
		name: "reports a timeout after the commit", cases: []string{"append/interrupted"},
		append: func(ctx context.Context, s *faulty, events []activitylog.Event) error {
			err := s.Store.Append(ctx, events)
			if end, ok := ctx.Deadline(); ok && time.Until(end) < time.Second {
				<-ctx.Done()
				return errors.Join(err, ctx.Err())
			}
			return err
		},
	},
	{
		name: "is locked while another call is under way", cases: []string{
			"concurrent/same events", "concurrent/same events in any order", "concurrent/one by one",
			"concurrent/readers", "concurrent/more callers than connections",
		},
		append: func(ctx context.Context, s *faulty, events []activitylog.Event) error {
			if !s.state.mu.TryLock() {
				return errors.New("database is locked")
			}
			defer s.state.mu.Unlock()
			time.Sleep(2 * time.Millisecond) // a slow disk
			return s.Store.Append(ctx, events)
		},
	},
	{
		name: "shows parts of a batch", cases: []string{"concurrent/readers"},
		append: func(ctx context.Context, s *faulty, events []activitylog.Event) error {
			for i := range events {
				if err := s.Store.Append(ctx, events[i:i+1]); err != nil {
					return err
				}
				time.Sleep(time.Millisecond)
			}
			return nil
		},
	},

	{name: "forgets the origin", cases: []string{"content/every field"},
		change: func(e *activitylog.Event) { e.Request.Origin = "" }},
	{name: "forgets the zone of delegations", cases: []string{"content/every field"}, change: func(e *activitylog.Event) {
		for i := range e.OnBehalfOf {
			e.OnBehalfOf[i].Zone = ""
		}
	}},
	{name: "takes null for absent", cases: []string{"content/absent fields"}, change: func(e *activitylog.Event) {
		for k, v := range e.Metadata {
			if v == nil {
				delete(e.Metadata, k)
			}
		}
	}},
	{name: "takes zero costs for unknown", cases: []string{"content/absent fields"}, change: func(e *activitylog.Event) {
		if e.AI != nil && e.AI.CostMicros != nil && *e.AI.CostMicros == 0 {
			e.AI.CostMicros = nil
		}
	}},
	{name: "trims texts", cases: []string{"content/texts"},
		change: func(e *activitylog.Event) { e.Reason = strings.TrimSpace(e.Reason) }},
	{name: "holds 16,000 bytes of text", cases: []string{"content/texts"},
		change: func(e *activitylog.Event) { e.Message = e.Message[:min(len(e.Message), 16000)] }},
	{name: "reads numbers as floats", cases: []string{"content/numbers"}, change: func(e *activitylog.Event) {
		for k, v := range e.Metadata {
			if n, ok := v.(json.Number); ok {
				f, _ := n.Float64()
				e.Metadata[k] = json.Number(strconv.FormatFloat(f, 'g', -1, 64))
			}
		}
	}},
	{name: "nests up to 10 deep", cases: []string{"content/nested"},
		change: func(e *activitylog.Event) { cutAt(e.Metadata, 10) }},
	{name: "knows no time before 1901", cases: []string{"content/times"}, change: func(e *activitylog.Event) {
		if first := time.Unix(math.MinInt32, 0).UTC(); e.Recorded.Before(first) && !e.Recorded.IsZero() {
			e.Recorded = first
		}
	}},
	{name: "holds milliseconds", cases: []string{"content/times", "content/every field", "scan/microseconds"},
		change: func(e *activitylog.Event) {
			e.Time, e.Recorded = e.Time.Truncate(time.Millisecond), e.Recorded.Truncate(time.Millisecond)
		}},
	{name: "holds costs as floats", cases: []string{"content/integers"}, change: func(e *activitylog.Event) {
		if e.AI != nil && e.AI.CostMicros != nil && *e.AI.CostMicros != math.MaxInt64 {
			*e.AI.CostMicros = int64(float64(*e.AI.CostMicros))
		}
	}},
	{name: "holds evidence as text", cases: []string{"content/evidence"}, change: func(e *activitylog.Event) {
		e.Leaf = []byte(strings.ToValidUTF8(string(e.Leaf), "?"))
	}},
	{name: "refuses what it cannot spell", cases: []string{"log/what databases refuse", "content/texts"},
		append: func(ctx context.Context, s *faulty, events []activitylog.Event) error {
			for i := range events {
				if strings.ContainsRune(events[i].Message, '\ufffd') {
					return errors.New("invalid byte sequence")
				}
			}
			return s.Store.Append(ctx, events)
		}},
}

func (s *faulty) known(ctx context.Context, e activitylog.Event) []activitylog.Event {
	known, _ := collect(ctx, s.Store, activitylog.StoreQuery{Org: e.Org, Filter: activitylog.IDIs(e.ID)})
	return known
}

func oneByOne(ctx context.Context, s *faulty, events []activitylog.Event) error {
	for i := range events {
		if err := s.Store.Append(ctx, events[i:i+1]); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func skipKnown(ctx context.Context, s *faulty, events []activitylog.Event) error {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	var fresh oracle
	for _, e := range events {
		mine := fresh.selected(activitylog.StoreQuery{Org: e.Org, Filter: activitylog.IDIs(e.ID)})
		if len(s.known(ctx, e)) == 0 && len(mine) == 0 {
			fresh.add(e)
		}
	}
	return s.Store.Append(ctx, fresh.events)
}

// cutAt replaces what is nested deeper than depth.
func cutAt(m map[string]any, depth int) {
	for k, v := range m {
		if depth == 0 {
			m[k] = "too deep"
			continue
		}
		switch v := v.(type) {
		case map[string]any:
			cutAt(v, depth-1)
		case []any:
			for _, x := range v {
				if in, ok := x.(map[string]any); ok {
					cutAt(in, depth-1)
				}
			}
		}
	}
}
