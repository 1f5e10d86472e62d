package retention_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/retention"
	"github.com/stretchr/testify/require"
)

// TestPresets travels through time with each preset: nothing goes before its law allows it, and with a maximum of the
// same age everything goes right then.
func TestPresets(t *testing.T) {
	t.Parallel()
	legal := map[string]func(time.Time) time.Time{ // the first moment at which the source lets an event go
		"cnil":        func(t time.Time) time.Time { return t.AddDate(1, 0, 0) },
		"eu-ai-act":   func(t time.Time) time.Time { return t.AddDate(0, 6, 0) },
		"hipaa":       func(t time.Time) time.Time { return t.AddDate(6, 0, 0) },
		"omb-m-21-31": func(t time.Time) time.Time { return t.AddDate(0, 30, 0) },
		"pci-dss":     func(t time.Time) time.Time { return t.AddDate(0, 12, 0) },
		"sec-17a-4":   func(t time.Time) time.Time { return t.AddDate(6, 0, 0) },
	}
	presets := retention.Presets()
	for _, p := range presets {
		for _, recorded := range []time.Time{
			start, time.Date(2024, 2, 29, 23, 59, 59, 999_999_000, time.UTC), time.Date(2027, 8, 31, 12, 0, 0, 0, time.UTC),
			time.Date(2023, 3, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC),
		} {
			t.Run(p.Name+" "+recorded.Format(time.DateOnly), func(t *testing.T) {
				t.Parallel()
				r := memoryRig(t)
				r.clock.set(recorded)
				rules := append(slices.Clone(p.Rules), retention.Rule{Name: "host", Filter: activitylog.Filter{}, Max: 1})
				r.rules("", rules...)
				r.record(event("acme", "ai.message.send", "old"))
				floor := p.Rules[0].Min
				if p.Rules[0].Max > 0 {
					floor = p.Rules[0].Max
				}
				gone := recorded.Add(time.Duration(floor) * day)
				for _, at := range []time.Time{recorded.AddDate(0, 0, 2), recorded.Add(time.Duration(floor-1) * day), gone.Add(-time.Microsecond)} {
					r.clock.set(at)
					if r.purge(""); !slices.Equal(r.left(), []string{"old"}) {
						t.Fatalf("gone at %s, %v after it was recorded", at, at.Sub(recorded))
					}
				}
				if lawful := legal[p.Name](recorded); gone.Before(lawful) {
					t.Errorf("goes at %s, and %s asks for %s", gone, p.Source, lawful)
				} else if late := gone.Sub(lawful); late > 5*day {
					t.Errorf("goes %v late", late)
				}
				r.clock.set(gone)
				if r.purge(""); len(r.left()) > 0 {
					t.Errorf("not gone at %s", gone)
				}
			})
		}
		if p.Source == "" || p.About == "" || legal[p.Name] == nil {
			t.Errorf("preset %s lacks something", p.Name)
		}
	}
	require.True(t, slices.IsSortedFunc(presets, func(a, b retention.Preset) int { return cmpText(a.Name, b.Name) }))
}

func cmpText(a, b string) int {
	if a < b {
		return -1
	}
	return 1
}

func TestWhatGoes(t *testing.T) {
	t.Parallel()
	all := activitylog.Filter{}
	usage, security := activitylog.RetentionIs("usage"), activitylog.RetentionIs("security")
	tests := []struct {
		name          string
		platform, own []retention.Rule
		days          int
		want          []string // of: login (security), message (usage) in acme and in globex
	}{
		{"no rules", nil, nil, 9999, []string{"acme login", "acme message", "globex login", "globex message"}},
		{"minimum alone removes nothing", []retention.Rule{{Name: "a", Filter: all, Min: 3}}, nil, 9999,
			[]string{"acme login", "acme message", "globex login", "globex message"}},
		{"one class", []retention.Rule{{Name: "a", Filter: usage, Max: 30}}, nil, 30, []string{"acme login", "globex login"}},
		{"one class, a day early", []retention.Rule{{Name: "a", Filter: usage, Max: 30}}, nil, 29,
			[]string{"acme login", "acme message", "globex login", "globex message"}},
		{"the longest counts", []retention.Rule{{Name: "a", Filter: all, Max: 30}, {Name: "b", Filter: security, Max: 90}}, nil, 89,
			[]string{"acme login", "globex login"}},
		{"the longest counts, in either order", []retention.Rule{{Name: "b", Filter: security, Max: 90}, {Name: "a", Filter: all, Max: 30}}, nil, 90, nil},
		{"a floor counts", []retention.Rule{{Name: "a", Filter: all, Max: 30}, {Name: "b", Filter: usage, Min: 90}}, nil, 89,
			[]string{"acme message", "globex message"}},
		{"own rules keep longer", []retention.Rule{{Name: "a", Filter: all, Max: 30}}, []retention.Rule{{Name: "own", Filter: security, Min: 60}}, 59, []string{"acme login"}},
		{"own rules do not keep shorter", []retention.Rule{{Name: "a", Filter: all, Max: 30}}, []retention.Rule{{Name: "own", Filter: all, Max: 10}}, 20,
			[]string{"acme login", "acme message", "globex login", "globex message"}},
		{"own rules alone", nil, []retention.Rule{{Name: "own", Filter: all, Max: 10}}, 20, []string{"globex login", "globex message"}},
		{"by severity", []retention.Rule{{Name: "a", Filter: activitylog.SeverityAtLeast(activitylog.Info), Max: 10}}, nil, 20, nil},
		{"by organization", []retention.Rule{{Name: "a", Filter: parse(t, "org:acme"), Max: 10}}, nil, 20, []string{"globex login", "globex message"}},
		{"own rules reach no other", nil, []retention.Rule{{Name: "own", Filter: parse(t, "org:globex"), Max: 10}}, 20,
			[]string{"acme login", "acme message", "globex login", "globex message"}},
	}
	for _, tt := range tests {
		for _, by := range []string{"all at once", "one by one"} {
			t.Run(tt.name+", "+by, func(t *testing.T) {
				t.Parallel()
				r := memoryRig(t)
				for _, org := range []string{"acme", "globex"} {
					r.record(event(org, "auth.login", org+" login"), event(org, "ai.message.send", org+" message"))
				}
				r.rules("", tt.platform...)
				r.rules("acme", tt.own...)
				r.clock.set(start.Add(time.Duration(tt.days) * day))
				if by == "all at once" {
					r.purge("")
				} else {
					r.purge("acme")
					r.purge("globex")
				}
				if got := r.left(); !slices.Equal(got, tt.want) {
					t.Errorf("left: %q, want %q", got, tt.want)
				}
			})
		}
	}
}

func parse(t *testing.T, text string) activitylog.Filter {
	t.Helper()
	f, err := activitylog.ParseFilter(text)
	require.NoError(t, err)
	return f
}

// TestClocksOfHosts has events that claim other times: age counts from when the log took them.
func TestClocksOfHosts(t *testing.T) {
	t.Parallel()
	r := memoryRig(t)
	r.rules("", retention.Rule{Name: "a", Filter: activitylog.Filter{}, Max: 30})
	for name, at := range map[string]time.Time{
		"long ago": start.AddDate(-200, 0, 0), "an import": start.AddDate(-3, 0, 0), "now": start, "ahead": start.AddDate(0, 0, 400), "far ahead": start.AddDate(200, 0, 0),
	} {
		e := event("acme", "auth.login", name)
		e.Time, e.Backfill = at, name == "an import"
		r.record(e)
	}
	r.clock.set(start.Add(30*day - time.Microsecond))
	if r.purge(""); len(r.left()) != 5 {
		t.Errorf("went early: left %q", r.left())
	}
	r.clock.set(start.Add(30 * day))
	if r.purge(""); len(r.left()) != 0 {
		t.Errorf("late: left %q", r.left())
	}
}

// TestAgainstPlainRules compares purges with the rules of the package comment, written down a second time.
func TestAgainstPlainRules(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("ACTIVITYLOG_SEED"); s != "" {
		seed, _ = strconv.ParseUint(s, 10, 64)
	}
	t.Logf("ACTIVITYLOG_SEED=%d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	filters := []string{"", "retention:usage", "category:auth", "-category:auth", "org:acme", "reason1", "action:ai.message.*", "severity:>=low", "e1 or e2"}
	for round := range 60 {
		r := memoryRig(t)
		if round%6 == 0 {
			r = sqliteRig(t)
		}
		lists := map[string][]retention.Rule{}
		for _, org := range []string{"", "acme", "globex"} {
			for i := range rng.IntN(4) {
				rule := retention.Rule{Name: fmt.Sprint("r", i), Filter: parse(t, filters[rng.IntN(len(filters))]), Min: retention.Days(rng.IntN(3) * 10)}
				if rng.IntN(2) == 0 || rule.Min == 0 {
					rule.Max = rule.Min + 1 + retention.Days(rng.IntN(40))
				}
				lists[org] = append(lists[org], rule)
			}
			r.rules(org, lists[org]...)
		}
		holds := map[string]activitylog.Filter{}
		for _, org := range []string{"", "acme"} {
			if rng.IntN(2) == 0 {
				holds[org] = parse(t, filters[1+rng.IntN(len(filters)-1)])
				_, err := r.keeper.SetHold(r.ctx, retention.Hold{Org: org, Filter: holds[org]})
				require.NoError(t, err)
			}
		}
		for i := range 60 {
			r.clock.set(start.Add(time.Duration(rng.IntN(50*24)) * time.Hour))
			r.record(event([]string{"acme", "globex", "initech"}[rng.IntN(3)], []string{"auth.login", "ai.message.send", "project.create"}[rng.IntN(3)], fmt.Sprint("e", i)))
		}
		now := start.Add(time.Duration(rng.IntN(100*24)) * time.Hour)
		var want []string
		for e, err := range r.log.AllOrgs().Events(t.Context(), activitylog.Query{Filter: activitylog.Not(activitylog.CategoryIs("audit"))}) {
			require.NoError(t, err)
			if stays(&e, now, slices.Concat(lists[""], lists[e.Org]), holds) {
				want = append(want, e.Reason)
			}
		}
		slices.Sort(want)
		r.clock.set(now)
		plan, err := r.keeper.Plan(r.ctx, "")
		require.NoError(t, err)
		before := len(r.left())
		r.purge("")
		if got := r.left(); !slices.Equal(got, want) {
			t.Fatalf("left %q, want %q", got, want)
		}
		if gone := before - len(want); plan.Events < int64(gone) {
			t.Fatalf("the dry run said %d, and %d went", plan.Events, gone)
		}
	}
}

func stays(e *activitylog.Event, now time.Time, rules []retention.Rule, holds map[string]activitylog.Filter) bool {
	for org, f := range holds {
		if (org == "" || org == e.Org) && f.Match(e) {
			return true
		}
	}
	goes, longest := false, retention.Days(0)
	for _, r := range rules {
		if r.Filter.Match(e) {
			goes = goes || r.Max > 0
			longest = max(longest, r.Min, r.Max)
		}
	}
	return !goes || e.Recorded.Add(longest.Duration()).After(now)
}
