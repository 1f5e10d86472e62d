// Not under the race detector: pure functions, judged many hundred times. make test runs this package without it too.

//go:build !race

package alerts_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/activitylog/activitylog/alerts"
	"github.com/activitylog/activitylog/internal/demo"
	"github.com/stretchr/testify/require"
)

// sinceThen are the figures that are left of f when what began at from or later is to be judged: what lies long before
// is a past alone. past tells how many blocks are.
func sinceThen(t testing.TB, f *alerts.Figures, from time.Time, c alerts.Config) (some *alerts.Figures, past int) {
	t.Helper()
	some = &alerts.Figures{}
	var days [][]byte
	for p, block := range f.Parts() {
		switch {
		case p.Family == alerts.Activity && p.Bucket < alerts.HourOf(from.Add(-c.Recent())):
			require.NoError(t, some.AddPast(block))
			past++
		case p.Family == alerts.Marked && p.Bucket < alerts.DayOf(from.Add(-alerts.MarksReach)):
		case p.Family == alerts.Days && p.Bucket < alerts.DayOf(from):
			days = append(days, block)
		default:
			require.NoError(t, some.AddBlock(block))
		}
	}
	require.NoError(t, some.AddLastDays(func(yield func([]byte, error) bool) {
		for _, b := range days {
			if !yield(b, nil) {
				return
			}
		}
	}))
	return some, past
}

// TestPast judges all scenarios by figures of which what lies long before is a past alone: up to their end, from its last
// days on and from each of the last findings on.
func TestPast(t *testing.T) {
	t.Parallel()
	pasts, findings := 0, 0
	for _, s := range scenarios() {
		f := s.story().figures()
		at := s.at
		if at.IsZero() {
			at = on(70, 0, 0)
		}
		from := []time.Time{at.AddDate(0, 0, -3)}
		all := s.judge(f)
		for i := max(0, len(all)-3); i < len(all); i++ {
			from = append(from, all[i].Window.From, all[i].Window.From.Truncate(24*time.Hour))
		}
		for _, s.from = range from {
			some, past := sinceThen(t, f, s.from, s.config)
			got, want := s.judge(some), s.judge(f)
			if found(t, got) != found(t, want) {
				t.Errorf("%s/%s from %v:\n%s\nnot\n%s", s.rule, s.name, s.from, found(t, got), found(t, want))
			}
			pasts, findings = pasts+past, findings+len(want)
		}
	}
	if pasts < 1000 || findings < 100 {
		t.Errorf("only %d blocks of the past and %d findings were compared", pasts, findings)
	}
}

// TestPastOfTheDemo does the same with the demo: three days at a time, over its last weeks.
func TestPastOfTheDemo(t *testing.T) {
	t.Parallel()
	end := time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC)
	for _, seed := range []uint64{0, 1} {
		var fold alerts.Fold
		for e := range demo.Events(demo.Options{Seed: seed, End: end, Days: 120, Size: 0.4}) {
			fold.Add(&e)
		}
		findings := 0
		for _, org := range demo.Orgs() {
			f := fold.Figures()[org.ID]
			c := alerts.Config{Org: org.ID, Zone: org.Zone}
			for days := 0; days < 30; days += 3 {
				at := end.AddDate(0, 0, -days)
				from := at.AddDate(0, 0, -3)
				some, _ := sinceThen(t, f, from, c)
				got, want := alerts.Judge(some, from, at, c), alerts.Judge(f, from, at, c)
				if found(t, got) != found(t, want) {
					t.Errorf("seed %d, %s at %v:\n%s\nnot\n%s", seed, org.ID, at, found(t, got), found(t, want))
				}
				findings += len(want)
			}
		}
		if findings == 0 {
			t.Errorf("seed %d: no findings", seed)
		}
	}
}

// TestBadPast holds that a past reads the same blocks as good and as bad as figures do.
func TestBadPast(t *testing.T) {
	t.Parallel()
	good := blockOf(foldedEvents(variedEvents(blockRandom(t), 60)))
	var f alerts.Figures
	require.NoError(t, f.AddPast(good))
	for n := range good {
		if err := f.AddPast(good[:n]); !errors.Is(err, alerts.ErrBlock) {
			t.Fatalf("the first %d of %d bytes: got %v", n, len(good), err)
		}
	}
	for i := range good {
		b := bytes.Clone(good)
		b[i] ^= 0x81
		var figures, past alerts.Figures
		if bad := figures.AddBlock(b); (bad == nil) != (past.AddPast(b) == nil) {
			t.Fatalf("byte %d changed: AddBlock says %v", i, bad)
		}
	}
}
