package aiusage_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/aiusage"
	"github.com/activitylog/activitylog/redact"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/stretchr/testify/require"
)

type usage = activitylog.AIUsage

func day(d int) time.Time { return time.Date(2026, 3, d, 0, 0, 0, 0, time.UTC) }

func newPrices(t testing.TB) *aiusage.Prices {
	t.Helper()
	p, err := aiusage.NewPrices(
		aiusage.Table{Version: "v1", Currency: "USD", From: day(1), Prices: map[string]aiusage.Price{
			"small":       {Input: 100_000, Output: 400_000},
			"small-pro":   {Input: 1_000_000},
			"sm*":         {Input: 3_000_000},
			"small-*":     {Input: 2_000_000},
			"cloud/small": {Input: 5_000_000},
			"cached":      {Input: 1_000_000, Output: 2_000_000, Cached: 100_000, CacheWrite: 1_250_000},
			"apart":       {Input: 1_000_000, Output: 2_000_000, Cached: 100_000, CacheWrite: 1_250_000, CacheApart: true, ReasoningApart: true},
			"free":        {},
			"dear":        {Input: math.MaxInt64, Output: math.MaxInt64, CacheApart: true},
		}},
		aiusage.Table{Version: "v2", Currency: "EUR", From: day(10), Prices: map[string]aiusage.Price{"small": {Input: 200_000}}},
	)
	require.NoError(t, err)
	return p
}

func TestCosts(t *testing.T) {
	t.Parallel()
	known := int64(7)
	const unknown = -1
	tests := []struct {
		name  string
		usage usage
		at    time.Time
		want  int64
	}{
		{"input and output", usage{Model: "small", InputTokens: 1000, OutputTokens: 500}, day(2), 300},
		{"newer table", usage{Model: "small", InputTokens: 1000}, day(10), 200},
		{"before all tables", usage{Model: "small", InputTokens: 1000}, day(1).Add(-1), unknown},
		{"longer name", usage{Model: "small-pro", InputTokens: 10}, day(2), 10},
		{"longest beginning", usage{Model: "small-2026", InputTokens: 10}, day(2), 20},
		{"shorter beginning", usage{Model: "smart", InputTokens: 10}, day(2), 30},
		{"provider", usage{Provider: "cloud", Model: "small", InputTokens: 10}, day(2), 50},
		{"model that was asked for", usage{Model: "nobody knows", ModelRequested: "small-pro", InputTokens: 10}, day(2), 10},
		{"unknown model", usage{Model: "other", InputTokens: 10}, day(2), unknown},
		{"no model", usage{InputTokens: 10}, day(2), unknown},
		{"no tokens", usage{Model: "small"}, day(2), unknown},
		{"free is a cost of zero", usage{Model: "free", InputTokens: 10}, day(2), 0},
		{"told by the provider", usage{Model: "small", InputTokens: 1000, CostMicros: &known}, day(2), 7},
		{"cache within the input", usage{Model: "cached", InputTokens: 1000, CachedTokens: 600, CacheWriteTokens: 200, OutputTokens: 100, ReasoningTokens: 50}, day(2), 200 + 60 + 250 + 200},
		{"cache and reasoning apart", usage{Model: "apart", InputTokens: 200, CachedTokens: 600, CacheWriteTokens: 200, OutputTokens: 100, ReasoningTokens: 50}, day(2), 200 + 60 + 250 + 300},
		{"rounded up", usage{Model: "small", InputTokens: 5}, day(2), 1},
		{"rounded down", usage{Model: "small", InputTokens: 4}, day(2), 0},
		{"more cached than input", usage{Model: "cached", InputTokens: 1, CachedTokens: 2}, day(2), unknown},
		{"negative", usage{Model: "small", InputTokens: -5, OutputTokens: 5}, day(2), unknown},
		{"large", usage{Model: "dear", InputTokens: 1_000_000}, day(2), math.MaxInt64},
		{"too large", usage{Model: "dear", InputTokens: 1_000_001}, day(2), unknown},
		{"far too large", usage{Model: "dear", InputTokens: math.MaxInt64, OutputTokens: math.MaxInt64}, day(2), unknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			u := tt.usage
			applied := newPrices(t).Apply(&u, tt.at)
			got := int64(unknown)
			if u.CostMicros != nil {
				got = *u.CostMicros
			}
			if got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
			if priced := u.PriceVersion != "" && u.Currency != ""; applied != priced || applied && tt.usage.CostMicros != nil {
				t.Errorf("applied %v, table %q in %q", applied, u.PriceVersion, u.Currency)
			}
		})
	}
}

func TestRefusedTables(t *testing.T) {
	t.Parallel()
	usd := aiusage.Table{Version: "v", Currency: "USD"}
	priced := func(model string, x aiusage.Price) aiusage.Table {
		t := usd
		t.Prices = map[string]aiusage.Price{model: x}
		return t
	}
	tests := []struct {
		name   string
		tables []aiusage.Table
		want   string
	}{
		{"no version", []aiusage.Table{{Currency: "USD"}}, "each needs a Version of its own"},
		{"one version twice", []aiusage.Table{usd, usd}, "each needs a Version of its own"},
		{"no currency", []aiusage.Table{{Version: "v"}}, "use a code of ISO 4217"},
		{"currency in small letters", []aiusage.Table{{Version: "v", Currency: "usd"}}, "use a code of ISO 4217"},
		{"negative", []aiusage.Table{priced("m", aiusage.Price{Cached: -1})}, "costs less than nothing"},
		{"star in the middle", []aiusage.Table{priced("a*b", aiusage.Price{})}, "with * only at its end"},
		{"no model", []aiusage.Table{priced("", aiusage.Price{})}, "use a name"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := aiusage.NewPrices(tt.tables...); !errors.Is(err, activitylog.ErrInvalid) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want it to say %q", err, tt.want)
			}
		})
	}
}

// only is the one event of a log.
func only(t *testing.T, l *activitylog.Log) activitylog.Event {
	t.Helper()
	page, err := l.AllOrgs().Page(t.Context(), activitylog.Query{})
	require.NoError(t, err)
	require.Len(t, page.Events, 1)
	return page.Events[0]
}

func TestCalls(t *testing.T) {
	t.Parallel()
	limited := errors.New("rate limited")
	tests := []struct {
		name  string
		given activitylog.Event
		f     func(*aiusage.Call) error
		check func(e activitylog.Event, u usage) bool
	}{
		{"success", activitylog.Event{}, func(c *aiusage.Call) error {
			time.Sleep(time.Second) // on the clock of the bubble
			c.FirstToken()
			time.Sleep(time.Second)
			c.FirstToken()
			c.Usage.Model, c.Usage.InputTokens, c.Prompt, c.Answer = "small", 1000, "tell me", "it is"
			c.Event.Targets = []activitylog.Target{{Type: "conversation", ID: "c1"}}
			return nil
		}, func(e activitylog.Event, u usage) bool {
			return e.Action == "ai.message.send" && u.Operation == "chat" && u.LatencyMS == 2000 && u.FirstTokenMS == 1000 &&
				*u.CostMicros == 200 && u.PriceVersion == "v2" && e.Metadata["prompt"] == nil && e.Targets[0].ID == "c1" && e.Duration == 2*time.Second
		}},
		{"failure that cost", activitylog.Event{}, func(c *aiusage.Call) error {
			c.Usage.Model, c.Usage.InputTokens = "small", 1000
			return limited
		}, func(e activitylog.Event, u usage) bool {
			return e.Outcome == activitylog.Failure && e.Reason == "rate limited" && *u.CostMicros == 200
		}},
		{"what was given", activitylog.Event{Action: "agent.tool.call", AI: &usage{Operation: "tool", Model: "small", LatencyMS: 5}},
			func(*aiusage.Call) error { return nil }, func(e activitylog.Event, u usage) bool {
				return e.Action == "agent.tool.call" && u.Operation == "tool" && u.LatencyMS == 5 && u.CostMicros == nil
			}},
		{"no model after all", activitylog.Event{}, func(c *aiusage.Call) error {
			c.Usage = nil
			return limited
		}, func(e activitylog.Event, _ usage) bool { return e.AI == nil }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l, err := activitylog.New(memory.New(), nil)
				require.NoError(t, err)
				caller := &aiusage.Caller{Log: l, Prices: newPrices(t), Now: func() time.Time { return day(20) }}
				tt.given.Org, tt.given.Actor = "acme", activitylog.Actor{ID: "u1"}
				before := tt.given.Clone()
				var want error
				err = caller.Do(t.Context(), tt.given, func(_ context.Context, c *aiusage.Call) error {
					want = tt.f(c)
					return want
				})
				if err != want {
					t.Errorf("returned %v, want %v", err, want)
				}
				e := only(t, l)
				u := usage{}
				if e.AI != nil {
					u = *e.AI
				}
				if !tt.check(e, u) {
					t.Errorf("recorded %s", e.AppendJSON(nil))
				}
				if !tt.given.SameContent(&before) {
					t.Error("the caller's event was changed")
				}
			})
		})
	}
}

// TestTextsAreKeptOnlyIfBothSay holds that neither the caller nor the policy alone lets a text in.
func TestTextsAreKeptOnlyIfBothSay(t *testing.T) {
	t.Parallel()
	for _, keep := range [][2]bool{{false, false}, {false, true}, {true, false}, {true, true}} {
		policy, err := redact.New(&redact.Options{KeepTexts: keep[0]})
		require.NoError(t, err)
		l, err := activitylog.New(memory.New(), &activitylog.Options{Redact: policy.Redact})
		require.NoError(t, err)
		caller := &aiusage.Caller{Log: l, KeepTexts: keep[1]}
		e := activitylog.Event{Org: "acme", Actor: activitylog.Actor{ID: "u1"}}
		require.NoError(t, caller.Do(t.Context(), e, func(_ context.Context, c *aiusage.Call) error {
			c.Prompt, c.Answer = "tell me", "it is"
			return nil
		}))
		e = only(t, l)
		text := string(e.AppendJSON(nil))
		if kept := strings.Contains(text, "tell me") && strings.Contains(text, "it is"); kept != (keep[0] && keep[1]) || kept != (e.Retention == "ai_text") {
			t.Errorf("policy %v, caller %v: recorded %s", keep[0], keep[1], text)
		}
	}
}

func Example() {
	ctx := context.Background()
	activity, err := activitylog.New(memory.New(), nil)
	if err != nil {
		log.Fatal(err)
	}
	prices, err := aiusage.NewPrices(aiusage.Table{
		Version: "2026-03", Currency: "USD",
		Prices: map[string]aiusage.Price{"small-*": {Input: 100_000, Output: 400_000}}, // 0.10 and 0.40 per million
	})
	if err != nil {
		log.Fatal(err)
	}
	caller := &aiusage.Caller{Log: activity, Prices: prices}
	err = caller.Do(ctx, activitylog.Event{Org: "acme", Actor: activitylog.Actor{ID: "u1", Name: "Ana"}},
		func(_ context.Context, c *aiusage.Call) error {
			c.Usage.Model, c.Usage.InputTokens, c.Usage.OutputTokens = "small-1", 12_000, 800 // from the answer
			return nil
		})
	if err != nil {
		log.Fatal(err)
	}
	for e, err := range activity.Org("acme").Events(ctx, activitylog.Query{}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(e.Message, *e.AI.CostMicros, e.AI.Currency, e.AI.PriceVersion)
	}
	// Output: Ana sent a message with small-1 1520 USD 2026-03
}
