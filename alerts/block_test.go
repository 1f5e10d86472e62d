package alerts_test

import (
	"bytes"
	"errors"
	"maps"
	"math/rand/v2"
	"os"
	"reflect"
	"strconv"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// blockOf is the form in which two figures are equal exactly if they hold the same.
func blockOf(f *alerts.Figures) []byte { return f.AppendBlock(nil) }

// unblock reads a block that must be good.
func unblock(t testing.TB, blocks ...[]byte) *alerts.Figures {
	t.Helper()
	var f alerts.Figures
	for _, b := range blocks {
		require.NoError(t, f.AddBlock(b))
	}
	return &f
}

// blockRandom returns random numbers that ACTIVITYLOG_SEED repeats.
func blockRandom(t testing.TB) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("ACTIVITYLOG_SEED"); s != "" {
		var err error
		seed, err = strconv.ParseUint(s, 10, 64)
		require.NoError(t, err)
	}
	t.Logf("ACTIVITYLOG_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// variedEvents are events of all kinds that figures tell apart, within a few days.
func variedEvents(rng *rand.Rand, n int) []activitylog.Event {
	pick := func(list ...string) string { return list[rng.IntN(len(list))] }
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	events := make([]activitylog.Event, n)
	for i := range events {
		e := &events[i]
		*e = activitylog.Event{
			ID: uuid.UUID{byte(i >> 8), byte(i), 9: byte(rng.IntN(256))}, Org: "acme", Time: start.Add(time.Duration(rng.Int64N(int64(72 * time.Hour)))).Truncate(time.Microsecond),
			Outcome:  activitylog.Outcome(pick("success", "success", "failure", "denied")),
			Actor:    activitylog.Actor{ID: pick("", "ana", "leo", "bot"), Type: activitylog.ActorType(pick("user", "service")), Zone: pick("", "Asia/Kathmandu")},
			Backfill: rng.IntN(8) == 0,
		}
		switch rng.IntN(5) {
		case 0:
			e.Action, e.Category, e.Verb = "auth.login", "auth", "access"
			e.Client.UserAgent = pick("curl/8.0", "Mozilla/5.0 (X11; Linux) Firefox/130.0")
			e.ErrorCode = pick("", "locked_out", "mfa_required")
		case 1:
			e.Action, e.Category, e.Verb = "ai.message.send", "ai", "execute"
			cost := rng.Int64N(5_000_000)
			e.AI = &activitylog.AIUsage{Provider: "openai", Model: pick("gpt-5", "gpt-5-mini"), InputTokens: rng.Int64N(900), OutputTokens: rng.Int64N(900), Currency: "USD"}
			if rng.IntN(3) > 0 {
				e.AI.CostMicros = &cost
			}
		case 2:
			e.Action, e.Category, e.Verb = "member.role.change", "member", "update"
			e.Targets = []activitylog.Target{{Type: "user", ID: pick("ana", "leo")}}
			e.Changes = []activitylog.Change{{Path: "role", Old: "member", New: "admin"}}
		case 3:
			e.Action, e.Category, e.Verb = "data.export", "data", "read"
			e.Metadata = map[string]any{"rows": rng.IntN(1000)}
			e.Targets = []activitylog.Target{{Type: "integration", ID: pick("slack", "jira")}}
		default:
			e.Action, e.Category, e.Verb = pick("audit.view", "audit.gap"), "audit", "read"
		}
	}
	return events
}

func foldedEvents(events []activitylog.Event) *alerts.Figures {
	var f alerts.Figures
	for i := range events {
		f.Add(&events[i])
	}
	return &f
}

func TestBlockKeepsFigures(t *testing.T) {
	t.Parallel()
	events := variedEvents(blockRandom(t), 800)
	whole := blockOf(foldedEvents(events))
	if got := blockOf(unblock(t, whole)); !bytes.Equal(got, whole) {
		t.Error("a block of a block differs")
	}
	if got := blockOf(unblock(t, blockOf(foldedEvents(events[:300])), blockOf(foldedEvents(events[300:])))); !bytes.Equal(got, whole) {
		t.Error("two blocks do not add up to the block of all")
	}
	f := foldedEvents(events[300:])
	f.Merge(foldedEvents(events[:300]))
	if !bytes.Equal(blockOf(f), whole) {
		t.Error("merged figures are not those of all")
	}
	var parts [][]byte
	for p, b := range f.Parts() {
		parts = append(parts, b)
		for q := range unblock(t, b).Parts() {
			if q != p {
				t.Errorf("part %v holds what belongs to %v", p, q)
			}
		}
	}
	if got := blockOf(unblock(t, parts...)); !bytes.Equal(got, whole) {
		t.Error("the parts do not add up to the whole")
	}
	at := time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	want := alerts.Judge(f, time.Time{}, at, alerts.Config{Org: "acme"})
	if got := alerts.Judge(unblock(t, parts...), time.Time{}, at, alerts.Config{Org: "acme"}); !reflect.DeepEqual(got, want) {
		t.Errorf("figures of blocks are judged otherwise: %d findings instead of %d", len(got), len(want))
	}
}

// TestBlockKeepsEverySum changes one field of a sum or its cell after the other: each must change the block, and come back.
func TestBlockKeepsEverySum(t *testing.T) {
	t.Parallel()
	base := alerts.Sum{Count: 1}
	cell := alerts.Cell{Start: time.Date(2026, 3, 1, 0, 15, 0, 0, time.UTC)}
	variants := map[string][]byte{}
	keep := func(name string, c alerts.Cell, s alerts.Sum) {
		var f alerts.Figures
		f.AddSum(c, s)
		b := blockOf(&f)
		for other, ob := range variants {
			if bytes.Equal(b, ob) {
				t.Errorf("%s gives the block of %s", name, other)
			}
		}
		variants[name] = b
		if !bytes.Equal(blockOf(unblock(t, b)), b) {
			t.Errorf("%s does not come back", name)
		}
	}
	keep("nothing", cell, base)
	for name, path := range leavesOf(reflect.TypeFor[alerts.Sum](), nil, "Sum") {
		s := base
		changeField(t, reflect.ValueOf(&s).Elem().FieldByIndex(path))
		keep(name, cell, s)
	}
	for name, path := range leavesOf(reflect.TypeFor[alerts.Cell](), nil, "Cell") {
		c := cell
		changeField(t, reflect.ValueOf(&c).Elem().FieldByIndex(path))
		keep(name, c, base)
	}
}

// leavesOf are the fields of a struct, down to values that are none of ours.
func leavesOf(typ reflect.Type, path []int, name string) map[string][]int {
	all := map[string][]int{}
	for i := range typ.NumField() {
		f := typ.Field(i)
		at := append(append([]int(nil), path...), i)
		if f.Type.Kind() == reflect.Struct && f.Type != reflect.TypeFor[time.Time]() {
			maps.Copy(all, leavesOf(f.Type, at, name+"."+f.Name))
			continue
		}
		all[name+"."+f.Name] = at
	}
	return all
}

// changeField gives a field another value than it has.
func changeField(t testing.TB, v reflect.Value) {
	t.Helper()
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(v.Interface().(time.Time).Add(time.Hour).UTC()))
		return
	case uuid.UUID:
		v.Set(reflect.ValueOf(uuid.UUID{5: 7}))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("other")
	case reflect.Int64:
		v.SetInt(v.Int() + 5)
	case reflect.Bool:
		v.SetBool(!v.Bool())
	default:
		t.Fatalf("no other value of %s", v.Type())
	}
}

func TestBadBlocks(t *testing.T) {
	t.Parallel()
	good := blockOf(foldedEvents(variedEvents(blockRandom(t), 60)))
	tests := []struct {
		name  string
		block []byte
	}{
		{"nothing", nil},
		{"another version", append([]byte{good[0] + 1}, good[1:]...)},
		{"bytes behind the end", append(bytes.Clone(good), 0)},
		{"a list longer than the block", append([]byte{good[0]}, 0xff, 0xff, 0xff, 0xff, 0x0f)},
		{"a number without end", append([]byte{good[0]}, bytes.Repeat([]byte{0xff}, 12)...)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var f alerts.Figures
			if err := f.AddBlock(tt.block); !errors.Is(err, alerts.ErrBlock) {
				t.Errorf("got %v", err)
			}
		})
	}
	for n := range good {
		var f alerts.Figures
		if err := f.AddBlock(good[:n]); !errors.Is(err, alerts.ErrBlock) {
			t.Fatalf("the first %d of %d bytes: got %v", n, len(good), err)
		}
	}
}

// FuzzAddBlock holds that any bytes give an error or figures, and that those figures have a block.
func FuzzAddBlock(f *testing.F) {
	for _, n := range []int{0, 1, 40} {
		f.Add(blockOf(foldedEvents(variedEvents(rand.New(rand.NewPCG(1, 2)), n))))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var got alerts.Figures
		if err := got.AddBlock(b); err != nil {
			if !errors.Is(err, alerts.ErrBlock) {
				t.Errorf("got %v", err)
			}
			return
		}
		again := blockOf(&got)
		if !bytes.Equal(blockOf(unblock(t, again)), again) {
			t.Error("the block of what was read does not come back")
		}
	})
}

func TestAddLastDays(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	var f alerts.Figures
	for i, day := range []int{0, 1, 2, 150} { // ana comes back after a long time
		f.Add(&activitylog.Event{ID: uuid.UUID{1, byte(i)}, Time: start.AddDate(0, 0, day), Action: "data.view", Category: "data", Outcome: activitylog.Success,
			Actor: activitylog.Actor{ID: "ana", Type: activitylog.User}})
	}
	at := start.AddDate(0, 0, 151)
	from := at.AddDate(0, 0, -3)
	want := alerts.Judge(&f, from, at, alerts.Config{Org: "acme"})
	require.NotEmpty(t, want)
	var some alerts.Figures
	var days [][]byte
	for p, block := range f.Parts() {
		if p.Family == alerts.Days && p.Bucket < alerts.DayOf(from) {
			days = append(days, block)
		} else {
			require.NoError(t, some.AddBlock(block))
		}
	}
	require.Len(t, days, 3)
	failing := errors.New("no more")
	err := some.AddLastDays(func(yield func([]byte, error) bool) {
		for _, i := range []int{1, 2, 0} {
			if !yield(days[i], nil) {
				return
			}
		}
	})
	require.NoError(t, err)
	if got := alerts.Judge(&some, from, at, alerts.Config{Org: "acme"}); !reflect.DeepEqual(got, want) {
		t.Errorf("got %d findings, want %d", len(got), len(want))
	}
	if all, kept := len(blockOf(&f)), len(blockOf(&some)); kept >= all {
		t.Errorf("%d bytes of %d", kept, all)
	}
	require.ErrorIs(t, some.AddLastDays(func(yield func([]byte, error) bool) { yield(nil, failing) }), failing)
}
