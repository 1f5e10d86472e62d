package activitylog

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Aggregation asks for figures over the events of a filter. Pending events never count.
type Aggregation struct {
	Filter Filter
	// By names up to three fields whose values make groups: org, project, category, action, actor, actor_type, outcome,
	// severity, model, provider, currency, ip, session, tool, integration. The last two read whole events, and an event
	// with several tools or integrations counts for each of them.
	By []string
	// Step splits time: 0 not at all, 24h into calendar days of Zone, less into parts of those days. It must be a
	// multiple of 15 minutes that divides a day.
	Step time.Duration
	Zone *time.Location // nil: Options.Zone of the organization, UTC over all organizations
}

// Bucket holds the figures of one group in one step of time. Sums of cost mix currencies unless By names currency.
type Bucket struct {
	Values   []string  // one for each of Aggregation.By
	Start    time.Time // of the step, in Aggregation.Zone; zero without Step
	Count    int64
	Failures int64 // outcome failure or denied

	CostMicros       int64
	Priced           int64 // events whose cost is known
	InputTokens      int64
	OutputTokens     int64
	CachedTokens     int64
	CacheWriteTokens int64
	ReasoningTokens  int64

	MinTime, MaxTime time.Time
	MinID, MaxID     uuid.UUID
}

// quarter is the resolution of time in every roll-up: all zones in use are whole quarters away from UTC.
const quarter = 15 * time.Minute

const maxGroups = 3

// groupFields are the fields that Aggregation.By may name.
var groupFields = map[string]func(*Event) string{
	"org":        func(e *Event) string { return e.Org },
	"project":    func(e *Event) string { return e.Project },
	"category":   func(e *Event) string { return e.Category },
	"action":     func(e *Event) string { return e.Action },
	"actor":      func(e *Event) string { return e.Actor.ID },
	"actor_type": func(e *Event) string { return string(e.Actor.Type) },
	"outcome":    func(e *Event) string { return string(e.Outcome) },
	"severity":   func(e *Event) string { return string(e.Severity) },
	"model":      (*Event).model,
	"provider": func(e *Event) string {
		if e.AI == nil {
			return ""
		}
		return e.AI.Provider
	},
	"currency": func(e *Event) string {
		if e.AI == nil {
			return ""
		}
		return e.AI.Currency
	},
	"session": func(e *Event) string { return e.Request.SessionID },
	"ip": func(e *Event) string {
		if !e.Client.IP.IsValid() {
			return ""
		}
		return e.Client.IP.String()
	},
}

// manyFields are those of which an event may have several values.
var manyFields = map[string]func(*Event) []string{
	"tool": func(e *Event) []string {
		var names []string
		if e.AI != nil {
			names = append(names, e.AI.ToolNames...)
		}
		return append(names, targetsOf(e, "tool")...)
	},
	"integration": func(e *Event) []string { return targetsOf(e, "integration") },
}

// targetsOf are the ids of what an event acted on of one type.
func targetsOf(e *Event, kind string) []string {
	var ids []string
	for i := range e.Targets {
		if e.Targets[i].Type == kind {
			ids = append(ids, e.Targets[i].ID)
		}
	}
	return ids
}

func (a Aggregation) validate() error {
	if len(a.By) > maxGroups {
		return invalid("aggregation by %d fields; at most %d", len(a.By), maxGroups)
	}
	for i, f := range a.By {
		if groupFields[f] == nil && manyFields[f] == nil {
			names := slices.Sorted(maps.Keys(groupFields))
			return invalid("cannot aggregate by %q; use one of %s, integration, tool", f, strings.Join(names, ", "))
		}
		if slices.Contains(a.By[:i], f) {
			return invalid("aggregation names %q twice", f)
		}
	}
	const day = 24 * time.Hour
	if a.Step < 0 || a.Step > day || a.Step%quarter != 0 || a.Step > 0 && day%a.Step != 0 {
		return invalid("step %v is not a multiple of 15m that divides 24h", a.Step)
	}
	return nil
}

// add puts the figures of o into b.
func (b *Bucket) add(o *Bucket) {
	if b.Count == 0 || o.MinTime.Before(b.MinTime) {
		b.MinTime = o.MinTime
	}
	if b.Count == 0 || o.MaxTime.After(b.MaxTime) {
		b.MaxTime = o.MaxTime
	}
	if b.Count == 0 || bytes.Compare(o.MinID[:], b.MinID[:]) < 0 {
		b.MinID = o.MinID
	}
	if b.Count == 0 || bytes.Compare(o.MaxID[:], b.MaxID[:]) > 0 {
		b.MaxID = o.MaxID
	}
	b.Count += o.Count
	b.Failures += o.Failures
	b.CostMicros += o.CostMicros
	b.Priced += o.Priced
	b.InputTokens += o.InputTokens
	b.OutputTokens += o.OutputTokens
	b.CachedTokens += o.CachedTokens
	b.CacheWriteTokens += o.CacheWriteTokens
	b.ReasoningTokens += o.ReasoningTokens
}

// groupsOf are the groups that an event belongs to: one, unless it has several values of a field.
func groupsOf(e *Event, by []string) [][]string {
	groups := [][]string{make([]string, 0, len(by))}
	for _, f := range by {
		if one := groupFields[f]; one != nil {
			value := one(e)
			for i := range groups {
				groups[i] = append(groups[i], value)
			}
			continue
		}
		values := distinctOf(manyFields[f](e))
		if len(values) == 0 {
			values = []string{""}
		}
		var next [][]string
		for _, g := range groups {
			for _, v := range values {
				next = append(next, append(slices.Clone(g), v))
			}
		}
		groups = next
	}
	return groups
}

func distinctOf(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

// bucketOf is the bucket of one event at quarter-hour resolution.
func bucketOf(e *Event, a Aggregation) Bucket {
	b := Bucket{Count: 1, MinTime: e.Time, MaxTime: e.Time, MinID: e.ID, MaxID: e.ID}
	if a.Step > 0 {
		b.Start = floorQuarter(e.Time)
	}
	if e.Outcome == Failure || e.Outcome == Denied {
		b.Failures = 1
	}
	if u := e.AI; u != nil {
		if u.CostMicros != nil {
			b.CostMicros, b.Priced = *u.CostMicros, 1
		}
		b.InputTokens, b.OutputTokens = u.InputTokens, u.OutputTokens
		b.CachedTokens, b.CacheWriteTokens, b.ReasoningTokens = u.CachedTokens, u.CacheWriteTokens, u.ReasoningTokens
	}
	return b
}

func floorQuarter(t time.Time) time.Time {
	us := t.UnixMicro()
	over := us % quarter.Microseconds()
	if over < 0 {
		over += quarter.Microseconds()
	}
	return time.UnixMicro(us - over).UTC()
}

// stepStart is the beginning of the step that t lies in: days begin at midnight of zone, parts of days count from
// there, so that a day of a clock change has one part more or less.
func stepStart(t time.Time, step time.Duration, zone *time.Location) time.Time {
	start := dayStart(t, zone)
	if step == 24*time.Hour {
		return start
	}
	return start.Add(t.Sub(start) / step * step)
}

// dayStart is the first moment of the day of t in zone.
func dayStart(t time.Time, zone *time.Location) time.Time {
	y, m, d := t.In(zone).Date()
	midnight := time.Date(y, m, d, 0, 0, 0, 0, zone)
	if midnight.Day() != d {
		// The clock skips midnight, and Date gave a time before the change: the day begins with the change.
		_, midnight = midnight.ZoneBounds()
	}
	return midnight
}

// Aggregate yields the figures of a, ordered by Start and then by Values. The whole result is held in memory.
func (r Reader) Aggregate(ctx context.Context, a Aggregation) iter.Seq2[Bucket, error] {
	return func(yield func(Bucket, error) bool) {
		sums, err := r.sums(ctx, a)
		if err != nil {
			yield(Bucket{}, err)
			return
		}
		for _, b := range sums {
			if !yield(*b, nil) {
				return
			}
		}
	}
}

func (r Reader) sums(ctx context.Context, a Aggregation) ([]*Bucket, error) {
	if r.err != nil {
		return nil, r.err
	}
	if err := a.validate(); err != nil {
		return nil, err
	}
	zone := a.Zone
	if zone == nil {
		zone = r.zone()
	}
	a.Filter = a.Filter.And(Not(OutcomeIs(InProgress)))
	sums := map[string]*Bucket{}
	for b, err := range r.partial(ctx, a) {
		if err != nil {
			return nil, fmt.Errorf("activitylog: aggregate: %w", err)
		}
		if b.Count == 0 { // a store may let the last event of a group go
			continue
		}
		if a.Step > 0 {
			b.Start = stepStart(b.Start, a.Step, zone)
		}
		key := fmt.Sprintf("%d%q", b.Start.Unix(), b.Values)
		if sums[key] == nil {
			sums[key] = &Bucket{Values: b.Values, Start: b.Start}
		}
		sums[key].add(&b)
	}
	list := slices.Collect(maps.Values(sums))
	slices.SortFunc(list, func(x, y *Bucket) int {
		return cmp.Or(x.Start.Compare(y.Start), slices.Compare(x.Values, y.Values))
	})
	return list, nil
}

// partial asks the store, or reads every event where the store cannot aggregate.
func (r Reader) partial(ctx context.Context, a Aggregation) iter.Seq2[Bucket, error] {
	if agg := r.log.can.aggregator; agg != nil {
		return agg.Aggregate(ctx, r.org, a)
	}
	return AggregateScan(r.log.store.Scan(ctx, StoreQuery{Org: r.org, Filter: a.Filter}), a)
}

// AggregateScan is the aggregation of events one by one. It defines what an Aggregator must yield in sum.
func AggregateScan(events iter.Seq2[Event, error], a Aggregation) iter.Seq2[Bucket, error] {
	return func(yield func(Bucket, error) bool) {
		for e, err := range events {
			if err != nil {
				yield(Bucket{}, err)
				return
			}
			b := bucketOf(&e, a)
			for _, values := range groupsOf(&e, a.By) {
				if b.Values = values; len(values) == 0 {
					b.Values = nil
				}
				if !yield(b, nil) {
					return
				}
			}
		}
	}
}
