package alerts_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
)

// story is a log of one organization in the making.
type story struct{ events []activitylog.Event }

// monday is when stories begin.
var monday = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

// on is a time so many days, hours and minutes after the beginning.
func on(day, hour, minute int) time.Time {
	return monday.AddDate(0, 0, day).Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute)
}

var catalog = activitylog.DefaultCatalog()

type change func(*activitylog.Event)

// add puts in an event of a user that succeeds, changed by what is given.
func (s *story) add(t time.Time, actor, action string, changes ...change) {
	e := activitylog.Event{
		ID: uuid.NewSHA1(uuid.Nil, strconv.AppendInt(nil, int64(len(s.events)), 10)), Time: t, Org: "acme", Action: action,
		Outcome: activitylog.Success, Actor: activitylog.Actor{Type: activitylog.User, ID: actor},
	}
	if action, ok := catalog.Lookup(action); ok {
		e.Category, e.Verb = action.Category, action.Verb
	}
	for _, c := range changes {
		c(&e)
	}
	s.events = append(s.events, e)
}

// times adds n events, one minute apart.
func (s *story) times(n int, t time.Time, actor, action string, changes ...change) {
	for i := range n {
		s.add(t.Add(time.Duration(i)*time.Minute), actor, action, changes...)
	}
}

// daily adds n events at ten o'clock on each day from one up to another, one minute apart.
func (s *story) daily(from, to, n int, actor, action string, changes ...change) {
	for day := from; day < to; day++ {
		s.times(n, on(day, 10, 0), actor, action, changes...)
	}
}

// cycle adds as many messages on each day as the list says in turn.
func (s *story) cycle(from, to int, actor string, counts ...int) {
	for day := from; day < to; day++ {
		s.times(counts[(day-from)%len(counts)], on(day, 10, 0), actor, "ai.message.send")
	}
}

func failed(e *activitylog.Event) { e.Outcome = activitylog.Failure }
func denied(e *activitylog.Event) { e.Outcome = activitylog.Denied }

func from(ip string) change {
	return func(e *activitylog.Event) { e.Client.IP = netip.MustParseAddr(ip) }
}

func with(agent string) change {
	return func(e *activitylog.Event) { e.Client.UserAgent = agent }
}

func because(reason string) change {
	return func(e *activitylog.Event) { e.Reason = reason }
}

func by(t activitylog.ActorType) change {
	return func(e *activitylog.Event) { e.Actor.Type = t }
}

func role(name string) change {
	return func(e *activitylog.Event) { e.Actor.Roles = []string{name} }
}

func inZone(name string) change {
	return func(e *activitylog.Event) { e.Actor.Zone = name }
}

func to(kind, id string) change {
	return func(e *activitylog.Event) {
		e.Targets = append(e.Targets, activitylog.Target{Type: kind, ID: id})
	}
}

func changed(path string, old, new any) change {
	return func(e *activitylog.Event) {
		e.Changes = append(e.Changes, activitylog.Change{Path: path, Old: old, New: new})
	}
}

func holding(key string, value any) change {
	return func(e *activitylog.Event) { e.Metadata = map[string]any{key: value} }
}

func as(id string) change {
	return func(e *activitylog.Event) {
		e.OnBehalfOf = []activitylog.Delegation{{Actor: activitylog.Actor{ID: id}, Relation: activitylog.Impersonates}}
	}
}

// model lets an event use a model, for so many tokens and millionths of a dollar.
func model(provider, name string, tokens, micros int64) change {
	return func(e *activitylog.Event) {
		e.AI = &activitylog.AIUsage{Provider: provider, Model: name, InputTokens: tokens, CostMicros: &micros, Currency: "USD"}
	}
}

// costing lets an event cost so many cents.
func costing(cents int64) change { return model("openai", "gpt-4o", 100*cents, cents*10_000) }

func (s *story) figures() *alerts.Figures {
	var f alerts.Figures
	for i := range s.events {
		f.Add(&s.events[i])
	}
	return &f
}

// random returns a source of chance, and prints its seed. ACTIVITYLOG_SEED repeats it.
func random(t *testing.T) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	if s := os.Getenv("ACTIVITYLOG_SEED"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatalf("ACTIVITYLOG_SEED: %v", err)
		}
		seed = n
	}
	t.Logf("ACTIVITYLOG_SEED=%d repeats this test", seed)
	return rand.New(rand.NewPCG(seed, seed))
}

// brief is what a test compares of findings.
func brief(list []alerts.Finding) []string {
	var out []string
	for _, f := range list {
		out = append(out, fmt.Sprintf("%s %s/%s %s %s %s–%s %d %v %v", f.Severity, f.Rule, f.Kind, f.Subject.Type, f.Subject.ID,
			f.Window.From.Format(time.RFC3339Nano), f.Window.To.Format(time.RFC3339Nano), f.Count, f.Observed, f.Affected))
	}
	return out
}
