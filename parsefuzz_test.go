package activitylog_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
)

// Filters and events of these tests draw from the same few values, so that they meet.
var (
	someTexts = slices.Concat(hostile, []string{
		"a", "b", "or", "OR", "a.b", "a..b", "a:b", "-a", ">=high", "*", "a.*", "a,b", "(a)", `a"b`, `a\`, "a b", "Straße", "ÉTÉ", "a/b@c#d+e", "actor:a",
		"high", "success", "a=b", "''", "…",
	})
	someTimes = []time.Time{
		noon, noon.Add(time.Microsecond), noon.Add(-time.Hour), {}, time.Unix(0, 0), time.Date(1700, 1, 1, 0, 0, 0, 0, time.UTC), time.Unix(1<<60, 0),
		time.Unix(-1<<60, 0),
	}
	someCosts    = []int64{0, 1, -1, 1_000_000, -250_000, 123456, math.MaxInt64, math.MinInt64, math.MaxInt64 - 1, 1e18}
	someNetworks = []string{"192.0.2.7/32", "192.0.2.0/24", "0.0.0.0/0", "::/0", "2001:db8::/33", "::ffff:192.0.2.0/120", "::ffff:0:0/90", "fe80::1/128"}
)

func someText(r *rand.Rand) string { return pick(r, someTexts...) }

func texts(r *rand.Rand) []string {
	list := make([]string, r.IntN(3))
	for i := range list {
		list[i] = someText(r)
	}
	return list
}

func as[T ~string](list []string) []T {
	var out []T
	for _, s := range list {
		out = append(out, T(s))
	}
	return out
}

// randomFilter is a filter of any shape.
func randomFilter(r *rand.Rand, depth int) activitylog.Filter {
	if depth > 0 && r.IntN(3) > 0 {
		list := make([]activitylog.Filter, r.IntN(4))
		for i := range list {
			list[i] = randomFilter(r, depth-1)
		}
		switch r.IntN(4) {
		case 0:
			return activitylog.Any(list...)
		case 1:
			return activitylog.All(list...)
		case 2:
			return randomFilter(r, depth-1).And(list...)
		}
		return activitylog.Not(randomFilter(r, depth-1))
	}
	switch r.IntN(30) {
	case 0:
		return activitylog.IDIs(id(r.IntN(3)))
	case 1:
		return activitylog.ProjectIs(texts(r)...)
	case 2:
		return activitylog.CategoryIs(texts(r)...)
	case 3:
		return activitylog.ActionIs(texts(r)...)
	case 4:
		return activitylog.ActionUnder(texts(r)...)
	case 5:
		return activitylog.ActorIs(texts(r)...)
	case 6:
		return activitylog.ActedBy(texts(r)...)
	case 7:
		return activitylog.Impersonated(texts(r)...)
	case 8:
		return activitylog.AuthorizedBy(texts(r)...)
	case 9:
		return activitylog.ActorTypeIs(as[activitylog.ActorType](texts(r))...)
	case 10, 11:
		return activitylog.TargetIs(someText(r), texts(r)...)
	case 12:
		return activitylog.OutcomeIs(as[activitylog.Outcome](texts(r))...)
	case 13:
		return activitylog.SeverityIs(as[activitylog.Severity](texts(r))...)
	case 14:
		return activitylog.SeverityAtLeast(pick(r, activitylog.Info, activitylog.High, "urgent"))
	case 15:
		return activitylog.ModelIs(texts(r)...)
	case 16:
		return activitylog.IPIn(netip.MustParsePrefix(pick(r, someNetworks...)), netip.MustParsePrefix(pick(r, someNetworks...)))
	case 17:
		return activitylog.RequestIs(texts(r)...)
	case 18:
		return activitylog.SessionIs(texts(r)...)
	case 19:
		return activitylog.CorrelationIs(texts(r)...)
	case 20, 21:
		return activitylog.LabelIs(someText(r), texts(r)...)
	case 22, 23:
		return activitylog.MetaIs(someText(r), texts(r)...)
	case 24:
		return activitylog.CostAtLeast(pick(r, someCosts...))
	case 25:
		return activitylog.CostBelow(pick(r, someCosts...))
	case 26:
		return activitylog.Since(pick(r, someTimes...))
	case 27:
		return activitylog.Before(pick(r, someTimes...))
	case 28:
		return activitylog.RecordedBefore(pick(r, someTimes...))
	}
	return activitylog.Text(pick(r, `%s`, `"%s"`, `%s "a %s"`, `"%s`)).And(activitylog.Text(fmt.Sprintf(pick(r, `%s`, `"%s"`, `x "%s`), someText(r))))
}

func randomEvent(r *rand.Rand) activitylog.Event {
	text := func() string { return strings.ToValidUTF8(strings.ReplaceAll(someText(r), "\x00", "\uFFFD"), "\uFFFD") }
	e := activitylog.Event{
		ID: id(r.IntN(3)), Time: pick(r, someTimes[:3]...), Recorded: pick(r, someTimes[:3]...), Project: text(), Category: text(), Action: text(), Message: text(),
		Outcome: activitylog.Outcome(text()), Severity: pick(r, activitylog.Low, activitylog.Critical, "x"),
		Actor:   activitylog.Actor{Type: activitylog.ActorType(text()), ID: text()},
		Client:  activitylog.Client{IP: netip.MustParseAddr(pick(r, "192.0.2.7", "10.0.0.1", "2001:db8::1"))},
		Request: activitylog.Request{ID: text(), SessionID: text(), CorrelationID: text()},
		Labels:  map[string]string{text(): text(), text(): text()}, Metadata: map[string]any{text(): text(), text(): map[string]any{text(): text()}},
	}
	for range r.IntN(3) {
		e.OnBehalfOf = append(e.OnBehalfOf, activitylog.Delegation{Actor: activitylog.Actor{ID: text()}, Relation: pick(r, "impersonates", "delegated_by", "")})
		e.Targets = append(e.Targets, activitylog.Target{Type: text(), ID: text(), Name: text()})
	}
	if r.IntN(2) == 0 {
		cost := pick(r, someCosts...)
		e.AI = &activitylog.AIUsage{Model: text(), CostMicros: &cost}
	}
	return e
}

// The text form says all that a filter means.
func TestFilterTextRoundTrip(t *testing.T) {
	t.Parallel()
	r := seeded(t)
	events := make([]activitylog.Event, 60)
	for i := range events {
		events[i] = randomEvent(r)
	}
	matches := 0
	for range 4000 {
		f := randomFilter(r, 4)
		again, err := activitylog.ParseFilter(f.String())
		if err != nil {
			t.Fatalf("%s cannot be read: %v", f, err)
		}
		if again.String() != f.String() {
			t.Fatalf("%s reads as\n%s", f, again)
		}
		for i := range events {
			want := f.Match(&events[i])
			if got := again.Match(&events[i]); got != want {
				t.Fatalf("%s means %s: %v, read from its text: %v", f, events[i].AppendJSON(nil), want, got)
			}
			if not := activitylog.Not(f); not.Match(&events[i]) == want {
				t.Fatalf("%s and %s mean the same", f, not)
			}
			if want {
				matches++
			}
		}
	}
	if matches < 1000 {
		t.Errorf("only %d matches; the test is too weak", matches)
	}
}

func FuzzParseFilter(f *testing.F) {
	for _, s := range []string{
		`actor:alice category:auth -outcome:success "free text" (a or b)`, `action:ai.message.*,x label."a b":"c\"d" meta.a.b:*`,
		`time:2026-01-01..2026-01-31T00:00:00Z cost:>=0.25 severity:>=high`, `ip:192.0.2.0/24,::1 id:00000000-0001-7000-8000-000000000001`,
		`-(-(a or ())) "or"* target.x:* since:2026-01-01`, `((((`, `"`, `a:\`, "\x00:\xff", `label."":""`,
	} {
		f.Add(s)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		f.Add(randomFilter(r, 3).String())
	}
	events := make([]activitylog.Event, 20)
	for i := range events {
		events[i] = randomEvent(r)
	}
	f.Fuzz(func(t *testing.T, text string) {
		first, err := activitylog.ParseFilter(text)
		var syntax *activitylog.SyntaxError
		if errors.As(err, &syntax) {
			if syntax.Pos < 0 || syntax.Pos > len(text) || syntax.Text == "" {
				t.Fatalf("%q: error at %d: %s", text, syntax.Pos, syntax.Text)
			}
			return
		}
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		second, err := activitylog.ParseFilter(first.String())
		if err != nil {
			if len(first.String()) > 16<<10 || strings.Count(first.String(), "(") > 32 {
				return // what is over the limits of the text form
			}
			t.Fatalf("%q reads as %q, which fails: %v", text, first, err)
		}
		if second.String() != first.String() {
			t.Fatalf("%q reads as %q, that as %q", text, first, second)
		}
		for i := range events {
			if first.Match(&events[i]) != second.Match(&events[i]) {
				t.Fatalf("%q and %q differ over %s", text, second, events[i].AppendJSON(nil))
			}
		}
	})
}
