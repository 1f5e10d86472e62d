package activitylog_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/stretchr/testify/require"
)

func aggregate(t *testing.T, r activitylog.Reader, a activitylog.Aggregation) []activitylog.Bucket {
	t.Helper()
	var list []activitylog.Bucket
	for b, err := range r.Aggregate(t.Context(), a) {
		require.NoError(t, err)
		list = append(list, b)
	}
	return list
}

func recordAll(t *testing.T, l *activitylog.Log, events ...activitylog.Event) {
	t.Helper()
	_, err := l.RecordAll(t.Context(), events)
	require.NoError(t, err)
}

func TestFigures(t *testing.T) {
	t.Parallel()
	for name, store := range stores() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := logOver(t, store, nil)
			cost := func(n int64) *int64 { return &n }
			ai := func(n int, outcome activitylog.Outcome, u activitylog.AIUsage) activitylog.Event {
				return activitylog.Event{ID: id(n), Org: "acme", Time: noon.Add(time.Duration(n) * time.Minute), Action: "ai.message.send", Actor: ana, Outcome: outcome, AI: &u}
			}
			recordAll(t, l,
				ai(3, activitylog.Success, activitylog.AIUsage{Model: "m1", CostMicros: cost(1_500_000), InputTokens: 10, OutputTokens: 20, CachedTokens: 1, CacheWriteTokens: 2, ReasoningTokens: 3}),
				ai(1, activitylog.Failure, activitylog.AIUsage{Model: "m1", CostMicros: cost(0), InputTokens: 5}),
				ai(2, activitylog.Denied, activitylog.AIUsage{Model: "m1", OutputTokens: 7}),
				ai(5, activitylog.Unknown, activitylog.AIUsage{Model: "m2", CostMicros: cost(-500_000)}),
				activitylog.Event{ID: id(4), Org: "acme", Time: noon.Add(-time.Hour), Action: "auth.login", Actor: ana},
			)
			_, err := l.Begin(t.Context(), event()) // pending events never count
			require.NoError(t, err)
			got := aggregate(t, l.Org("acme"), activitylog.Aggregation{By: []string{"model"}})
			want := []activitylog.Bucket{
				{Values: []string{""}, Count: 1, MinTime: noon.Add(-time.Hour), MaxTime: noon.Add(-time.Hour), MinID: id(4), MaxID: id(4)},
				{Values: []string{"m1"}, Count: 3, Failures: 2, CostMicros: 1_500_000, Priced: 2, InputTokens: 15, OutputTokens: 27, CachedTokens: 1,
					CacheWriteTokens: 2, ReasoningTokens: 3, MinTime: noon.Add(time.Minute), MaxTime: noon.Add(3 * time.Minute), MinID: id(1), MaxID: id(3)},
				{Values: []string{"m2"}, Count: 1, CostMicros: -500_000, Priced: 1, MinTime: noon.Add(5 * time.Minute), MaxTime: noon.Add(5 * time.Minute),
					MinID: id(5), MaxID: id(5)},
			}
			require.Equal(t, want, got)
			whole := aggregate(t, l.Org("acme"), activitylog.Aggregation{Filter: activitylog.ActorIs("u1")})
			if len(whole) != 1 || whole[0].Count != 5 || whole[0].CostMicros != 1_000_000 || whole[0].Values != nil || !whole[0].Start.IsZero() {
				t.Errorf("all together: %+v", whole)
			}
			if none := aggregate(t, l.Org("acme"), activitylog.Aggregation{Filter: activitylog.ActorIs("nobody")}); len(none) != 0 {
				t.Errorf("of nothing: %+v", none)
			}
			if other := aggregate(t, l.Org("other"), activitylog.Aggregation{}); len(other) != 0 {
				t.Errorf("of another organization: %+v", other)
			}
		})
	}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	l := newLog(t, nil)
	full := activitylog.Event{
		Org: "acme", Project: "p", Category: "c", Action: "a.b", Actor: activitylog.Actor{Type: activitylog.Agent, ID: "bot"},
		Outcome: activitylog.Denied, Severity: activitylog.High, AI: &activitylog.AIUsage{Model: "m", Provider: "pr", Currency: "EUR"},
		Request: activitylog.Request{SessionID: "s"}, Client: activitylog.Client{IP: netip.MustParseAddr("192.0.2.1")},
	}
	bare := activitylog.Event{Org: "other", Action: "x", Actor: activitylog.Actor{Type: activitylog.System}}
	recordAll(t, l, full, bare, full)
	for field, values := range map[string][2]string{
		"org": {"acme", "other"}, "project": {"p", ""}, "category": {"c", "x"}, "action": {"a.b", "x"}, "actor": {"bot", ""}, "actor_type": {"agent", "system"},
		"outcome": {"denied", "success"}, "severity": {"high", "info"}, "model": {"m", ""}, "provider": {"pr", ""}, "currency": {"EUR", ""},
		"session": {"s", ""}, "ip": {"192.0.2.1", ""},
	} {
		got := map[string]int64{}
		for _, b := range aggregate(t, l.AllOrgs(), activitylog.Aggregation{By: []string{field}}) {
			got[b.Values[0]] = b.Count
		}
		if len(got) != 2 || got[values[0]] != 2 || got[values[1]] != 1 {
			t.Errorf("by %s: %v, want %v", field, got, values)
		}
	}
	got := aggregate(t, l.AllOrgs(), activitylog.Aggregation{By: []string{"model", "org", "actor"}})
	if len(got) != 2 || !slices.Equal(got[0].Values, []string{"", "other", ""}) || !slices.Equal(got[1].Values, []string{"m", "acme", "bot"}) {
		t.Errorf("by three: %+v", got)
	}
}

func TestAggregationRefuses(t *testing.T) {
	t.Parallel()
	l := newLog(t, nil)
	for _, tt := range []struct {
		a    activitylog.Aggregation
		want string
	}{
		{activitylog.Aggregation{By: []string{"org", "model", "actor", "ip"}}, "at most 3"},
		{activitylog.Aggregation{By: []string{"colour"}}, `cannot aggregate by "colour"; use one of action, actor, actor_type, category,`},
		{activitylog.Aggregation{By: []string{"org", "org"}}, `names "org" twice`},
		{activitylog.Aggregation{Step: -time.Hour}, "multiple of 15m that divides 24h"},
		{activitylog.Aggregation{Step: 10 * time.Minute}, "multiple of 15m that divides 24h"},
		{activitylog.Aggregation{Step: 5 * time.Hour}, "multiple of 15m that divides 24h"},
		{activitylog.Aggregation{Step: 48 * time.Hour}, "multiple of 15m that divides 24h"},
	} {
		for _, err := range l.AllOrgs().Aggregate(t.Context(), tt.a) {
			if !errors.Is(err, activitylog.ErrInvalid) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%+v: %v", tt.a, err)
			}
		}
	}
}

// Groups add up to the whole, and the order is by time, then by values.
func TestRandomAggregations(t *testing.T) {
	t.Parallel()
	r := seeded(t)
	l := newLog(t, nil)
	var events []activitylog.Event
	for range 600 {
		e := randomEvent(r)
		e.ID, e.Org, e.Actor, e.Action = activitylog.Event{}.ID, pick(r, "acme", "other"), activitylog.Actor{ID: pick(r, "u1", "u2")}, "a.b"
		e.Time = noon.Add(time.Duration(r.Int64N(int64(72 * time.Hour))))
		if e.AI != nil {
			*e.AI.CostMicros = r.Int64N(1000)
		}
		events = append(events, e)
	}
	recordAll(t, l, events...)
	fields := []string{"org", "project", "category", "actor", "outcome", "severity", "model", "ip", "session"}
	for range 60 {
		by := slices.Clone(fields)
		r.Shuffle(len(by), func(i, j int) { by[i], by[j] = by[j], by[i] })
		a := activitylog.Aggregation{
			By: by[:r.IntN(4)], Step: pick(r, 0, 15*time.Minute, time.Hour, 6*time.Hour, 24*time.Hour), Zone: zone(t, pick(r, zones...)),
			Filter: pick(r, activitylog.Filter{}, activitylog.SeverityIs(activitylog.Low), activitylog.CostAtLeast(500)),
		}
		var sum activitylog.Bucket
		list := aggregate(t, l.AllOrgs(), a)
		for i, b := range list {
			sum.Count += b.Count
			sum.CostMicros += b.CostMicros
			if i > 0 && slices.Compare(append([]string{list[i-1].Start.UTC().Format(time.RFC3339)}, list[i-1].Values...),
				append([]string{b.Start.UTC().Format(time.RFC3339)}, b.Values...)) >= 0 {
				t.Fatalf("%+v: buckets out of order: %+v, %+v", a, list[i-1], b)
			}
			if b.MinTime.After(b.MaxTime) || bytes.Compare(b.MinID[:], b.MaxID[:]) > 0 {
				t.Fatalf("%+v: %+v", a, b)
			}
			if a.Step > 0 && (b.Start.Location() != a.Zone || b.MinTime.Before(b.Start)) {
				t.Fatalf("%+v: %+v", a, b)
			}
		}
		want := aggregate(t, l.AllOrgs(), activitylog.Aggregation{Filter: a.Filter})[0]
		if sum.Count != want.Count || sum.CostMicros != want.CostMicros {
			t.Fatalf("%+v: %d events for %d, want %d for %d", a, sum.Count, sum.CostMicros, want.Count, want.CostMicros)
		}
	}
}

// An aggregator may yield parts of a bucket, and empty ones.
func TestPartsOfBucketsAddUp(t *testing.T) {
	t.Parallel()
	part := func(n int, count int64) activitylog.Bucket {
		b := activitylog.Bucket{Values: []string{"x"}, Start: noon.Add(time.Duration(n) * 15 * time.Minute), Count: count}
		if count > 0 {
			b.MinTime, b.MaxTime, b.MinID, b.MaxID = b.Start, b.Start.Add(time.Minute), id(n), id(n+10)
		}
		return b
	}
	l := logOver(t, aggregator{memory.New(), []activitylog.Bucket{part(2, 1), part(0, 0), part(1, 2), part(3, 0), part(4, 5)}}, nil)
	got := fmt.Sprint(aggregate(t, l.AllOrgs(), activitylog.Aggregation{By: []string{"actor"}, Step: time.Hour}))
	first, second := part(1, 3), part(4, 5)
	first.Start, first.MaxTime, first.MaxID = noon, noon.Add(31*time.Minute), id(12)
	if want := fmt.Sprint([]activitylog.Bucket{first, second}); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// An event counts in each group of a field of which it has several values, and once in each.
func TestGroupsOfSeveralValues(t *testing.T) {
	t.Parallel()
	l := newLog(t, nil)
	use := func(action string, tools []string, targets ...activitylog.Target) activitylog.Event {
		cost := int64(10)
		return activitylog.Event{Org: "acme", Action: action, Actor: activitylog.Actor{ID: "u1"}, Targets: targets, AI: &activitylog.AIUsage{ToolNames: tools, CostMicros: &cost}}
	}
	recordAll(t, l,
		use("a.b", []string{"mail", "search", "mail"}, activitylog.Target{Type: "tool", ID: "mail"}, activitylog.Target{Type: "integration", ID: "post"}, activitylog.Target{Type: "integration", ID: "disk"}),
		use("a.b", []string{"search"}), use("c.d", nil))
	figures := func(by ...string) string {
		var list []string
		for _, b := range aggregate(t, l.Org("acme"), activitylog.Aggregation{By: by}) {
			list = append(list, fmt.Sprintf("%s %d for %d", strings.Join(b.Values, "/"), b.Count, b.CostMicros))
		}
		return strings.Join(list, ", ")
	}
	if got := figures("tool"); got != " 1 for 10, mail 1 for 10, search 2 for 20" {
		t.Error(got)
	}
	if got := figures("integration", "action", "tool"); got != "/a.b/search 1 for 10, /c.d/ 1 for 10, disk/a.b/mail 1 for 10, disk/a.b/search 1 for 10, post/a.b/mail 1 for 10, post/a.b/search 1 for 10" {
		t.Error(got)
	}
}
