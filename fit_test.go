package activitylog_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/activitylog/activitylog"
)

// sizeOf is what Limits.Event bounds.
func sizeOf(e activitylog.Event) int {
	e.Truncated, e.Leaf, e.Opening = nil, nil, nil
	return len(e.AppendJSON(nil))
}

// stuffed is an event of which random parts are as large as they may be.
func stuffed(t *testing.T, r *rand.Rand) activitylog.Event {
	t.Helper()
	text := func() string {
		return strings.Repeat(pick(r, "x", "é", `"`, "\x01", "日"), pick(r, 0, 10, 256, 512, 5000))
	}
	list := func(n int) []string {
		var l []string
		for range r.IntN(n) {
			l = append(l, text())
		}
		return l
	}
	actor := func() activitylog.Actor {
		return activitylog.Actor{Type: "user", ID: "u" + text(), Name: text(), Email: text(), Roles: list(40), Zone: text(), Model: text()}
	}
	e := event()
	e.Actor, e.Reason, e.Message = actor(), text(), text()
	e.Request = activitylog.Request{ID: text(), Route: text(), SessionID: text()}
	e.Client.Forwarded = list(40)
	for range r.IntN(12) {
		e.OnBehalfOf = append(e.OnBehalfOf, activitylog.Delegation{Actor: actor(), Relation: text()})
	}
	for range r.IntN(40) {
		e.Targets = append(e.Targets, activitylog.Target{ID: text(), Name: text(), URL: text()})
	}
	for range pick(r, 0, 3, 80) {
		e.Changes = append(e.Changes, activitylog.Change{Path: text(), Old: text(), New: []any{text()}})
	}
	e.Labels, e.Metadata = map[string]string{}, map[string]any{}
	for i := range r.IntN(20) {
		e.Labels[fmt.Sprint(i, text())] = text()
		e.Metadata[fmt.Sprint(i, text())] = text()
	}
	if r.IntN(2) == 0 {
		e.AI = &activitylog.AIUsage{Model: text(), ToolNames: list(50)}
	}
	return e
}

func TestLimitOfTheWholeEvent(t *testing.T) {
	t.Parallel()
	r := seeded(t)
	l := newLog(t, nil)
	small := newLog(t, &activitylog.Options{Limits: activitylog.Limits{Event: 8 << 10}})
	cut := 0
	for range 12 {
		e := stuffed(t, r)
		got := stored(t, l, e)
		if n := sizeOf(got); n > 64<<10 {
			t.Errorf("an event of %d bytes was stored with %d", sizeOf(e), n)
		}
		if len(got.Truncated) > 0 {
			cut++
		}
		if got.Actor.ID == "" || len(got.Targets) == 0 && len(e.Targets) > 0 || len(got.Labels) == 0 && len(e.Labels) > 0 {
			t.Errorf("something went altogether: %.500s", got.AppendJSON(nil))
		}
		if n := sizeOf(stored(t, small, e)); n > 8<<10+2000 { // the names of organization and action, and escapes, come on top
			t.Errorf("an event of %d bytes was stored with %d", sizeOf(e), n)
		}
	}
	if cut == 0 {
		t.Error("no event was cut; the test is too weak")
	}
}

// What is within every limit stays as it is, however much it is together.
func TestEventsWithinTheLimitStayWhole(t *testing.T) {
	t.Parallel()
	e := event(func(e *activitylog.Event) {
		e.Metadata = map[string]any{"text": strings.Repeat("x", 16_000)}
		for range 10 {
			e.Changes = append(e.Changes, activitylog.Change{New: strings.Repeat("y", 4096)})
		}
	})
	if got := cleaned(t, e); len(got.Truncated) > 0 {
		t.Errorf("%d bytes were cut: %v", sizeOf(e), got.Truncated)
	}
	for range 2 {
		e.Changes = append(e.Changes, activitylog.Change{New: strings.Repeat("y", 4096)})
	}
	got := cleaned(t, e)
	if len(got.Truncated) == 0 || sizeOf(got) > 64<<10 || len(got.Changes) != 12 {
		t.Errorf("%d bytes were cut to %d: %v", sizeOf(e), sizeOf(got), got.Truncated)
	}
}

// When lists have no more to give, texts do.
func TestOneLargeTargetShrinks(t *testing.T) {
	t.Parallel()
	l := newLog(t, &activitylog.Options{Limits: activitylog.Limits{Event: 8 << 10}})
	long := strings.Repeat("\x01", 500) // six bytes each in JSON
	e := event(func(e *activitylog.Event) {
		e.Targets = []activitylog.Target{{Type: "t", ID: long, Name: long, URL: long, ParentType: long, ParentID: long}}
	})
	got := stored(t, l, e)
	if n := sizeOf(got); n > 8<<10 || len(got.Targets) != 1 || got.Targets[0].Type != "t" {
		t.Errorf("%d bytes: %s", n, got.AppendJSON(nil))
	}
}
