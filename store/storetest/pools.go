package storetest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/google/uuid"
)

// The values of random events: few, so that filters hit, and each a little like another one.
var (
	poolOrgs       = []string{"acme", "acme", "acme", "acme", "globex", "globex", "Acme", "a%", "äcme"}
	poolProjects   = []string{"", "", "web", "web", "Web", "we_b", "api", "w%"}
	poolCategories = []string{"", "", "auth", "Auth", "ai", "billing"}
	poolActions    = []string{
		"auth.login", "auth.login", "auth.login.sso", "auth.loginx", "auth_login", "AUTH.login", "auth",
		"ai.message.send", "ai.message", "ai",
		"project.create", "project.%", "project.é", "billing.invoice.pay",
	}
	poolOutcomes = []activitylog.Outcome{
		"success", "success", "success", "success", "failure", "failure", "denied", "pending", "unknown",
		"partial", "Success",
	}
	poolSeverities = []activitylog.Severity{"", "", "info", "low", "medium", "high", "critical", "urgent", "HIGH"}
	poolTypes      = []activitylog.ActorType{"user", "user", "user", "agent", "service", "support", "robot", "User"}
	poolActors     = []string{"u1", "u1", "u1", "u2", "u2", "U1", "u_", "u%", "é", "e\u0301", "svc:mail", "a b", `x"y`, `b\s`, "o'n"}
	poolRelations  = []string{activitylog.Impersonates, activitylog.DelegatedBy, activitylog.DelegatedBy, "cousin", ""}
	poolKinds      = []string{"doc", "doc", "user", "Doc", "", "d_c"}
	poolTargets    = []string{"1", "2", "2", "10", "a/b", "", "u1", "1%"}
	poolIPs        = []string{
		"", "", "10.0.0.1", "10.0.0.1", "10.0.0.2", "10.255.255.255", "11.0.0.0", "9.9.9.9", "192.0.2.77",
		"2001:db8::1", "2001:db8:8000::1",
		"::1", "::a00:1", "fe80::1",
	}
	poolNetworks = []string{
		"10.0.0.0/8", "10.0.0.0/31", "10.0.0.1/32", "0.0.0.0/0", "::/0", "2001:db8::/33", "2001:db8::/32",
		"192.0.0.0/3", "::/96", "fe80::1/128",
		"::ffff:10.0.0.0/104",
	}
	poolClasses    = []string{"", "usage", "usage", "admin", "security", "Usage"}
	poolShort      = []string{"", "", "s1", "s2", "S1", "s_", "s%"} // requests, sessions, operations
	poolModels     = []string{"gpt-x", "gpt-x", "GPT-X", "claude.y", ""}
	poolProviders  = []string{"openai", "anthropic", "OpenAI", ""}
	poolCurrencies = []string{"EUR", "USD", ""}
	poolCosts      = []int64{0, 1, -1, 100, 250_000, 250_001, 9_007_199_254_740_993}
	poolKeys       = []string{
		"a", "a", "a.b", "b", "A", "a.b.c", "x y", "%", "_", "$", "[0]", `q"`, "s'", `back\`, "ключ", "*", "a.",
		".", "-", ":", ",", "or", "",
	}
	poolLabels = []string{"prod", "prod", "Prod", "", "p_d", "p%", "test"}
	poolWords  = []string{
		"alpha", "Alpha", "alphabet", "beta", "straße", "STRASSE", "strasse", "İstanbul", "istanbul", "naïve",
		"NAIVE", "nai\u0308ve", "日本語", "東京都",
		"café", "100%", "1000", "snake_case", "snake", "o'neil", "and", "or", "OR", "not", "near", "a", "ab",
		"e-mail", "ada@example.com", "10.0.0.1",
		"Ⅳ", "ﬁle", "Ωmega", "сила", "СИЛА", "\ufffd", "\"quoted\"", "label.a:b", "back\\slash", "line\nbreak",
		"🙂", "हिन्दी", "ガイド",
		strings.Repeat("long", 20), strings.Repeat("жизнь", 10),
	}
)

// oneOf is a random element.
func oneOf[T any](rng *rand.Rand, pool []T) T { return pool[rng.IntN(len(pool))] }

// chance is true once in n times.
func chance(rng *rand.Rand, n int) bool { return rng.IntN(n) == 0 }

// epoch is the middle of the random times: a Sunday on which the clocks of Europe change.
var epoch = time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC)

// randomTime has ties in one microsecond, clusters within one millisecond, and few other places.
func randomTime(rng *rand.Rand) time.Time {
	switch rng.IntN(8) {
	case 0, 1:
		return epoch
	case 2, 3:
		return epoch.Add(time.Duration(rng.IntN(12)) * 83 * time.Microsecond)
	case 4:
		return epoch.Add(time.Duration(rng.IntN(200)-100) * 15 * time.Minute)
	case 5:
		return epoch.Add(time.Duration(rng.IntN(400)-200)*time.Hour + time.Duration(rng.IntN(3)-1)*time.Microsecond)
	case 6:
		return time.UnixMicro(rng.Int64N(5) - 2).UTC()
	}
	return time.Date(1700+rng.IntN(550), 7, 1, 0, 0, 0, rng.IntN(2)*999_999_000, time.UTC)
}

func randomID(rng *rand.Rand, t time.Time) uuid.UUID {
	var id uuid.UUID
	for i := range id {
		id[i] = byte(rng.Uint32())
	}
	version := byte(0x40)
	if ms := t.UnixMilli(); ms > 0 && chance(rng, 2) {
		version = 0x70
		for i := range 6 {
			id[i] = byte(ms >> (40 - 8*i))
		}
	}
	id[6], id[8] = id[6]&0x0f|version, id[8]&0x3f|0x80
	return id
}

func randomText(rng *rand.Rand) string {
	words := make([]string, 1+rng.IntN(4))
	for i := range words {
		words[i] = oneOf(rng, poolWords)
	}
	return strings.Join(words, oneOf(rng, []string{" ", " ", " ", ", ", "-", "\n", "/"}))
}

func randomActor(rng *rand.Rand) activitylog.Actor {
	if chance(rng, 12) {
		return activitylog.Actor{Type: oneOf(rng, []activitylog.ActorType{activitylog.System, activitylog.Anonymous})}
	}
	a := activitylog.Actor{Type: oneOf(rng, poolTypes), ID: oneOf(rng, poolActors)}
	if chance(rng, 2) {
		a.Name = randomText(rng)
	}
	if chance(rng, 4) {
		a.Email = oneOf(rng, []string{"ada@example.com", "Leo.Müller@example.org"})
	}
	if chance(rng, 4) {
		a.Roles, a.Zone = []string{"admin", ""}, "Asia/Kathmandu"
	}
	return a
}

func randomValue(rng *rand.Rand, depth int) any {
	switch n := rng.IntN(12); {
	case n < 3 && depth > 0:
		return randomObject(rng, depth-1)
	case n == 3 && depth > 0:
		return []any{randomValue(rng, depth-1), randomValue(rng, depth-1)}
	case n < 5:
		return oneOf(rng, []string{"x", "X", "1", "1.0", "true", "null", "", "x%", "[]"})
	case n < 7:
		return randomText(rng)
	case n < 10:
		return json.Number(oneOf(rng, []string{"1", "1.0", "1e0", "0", "-5", "9007199254740993", "1e400", "0.1"}))
	case n == 10:
		return chance(rng, 2)
	}
	return nil
}

func randomObject(rng *rand.Rand, depth int) map[string]any {
	m := map[string]any{}
	for range rng.IntN(4) {
		m[oneOf(rng, poolKeys)] = randomValue(rng, depth)
	}
	return m
}

func randomUsage(rng *rand.Rand) *activitylog.AIUsage {
	u := &activitylog.AIUsage{
		Model: oneOf(rng, poolModels), Provider: oneOf(rng, poolProviders), Currency: oneOf(rng, poolCurrencies),
		InputTokens: rng.Int64N(2000), OutputTokens: rng.Int64N(500), CachedTokens: rng.Int64N(3),
		CacheWriteTokens: rng.Int64N(3),
		ReasoningTokens:  rng.Int64N(9),
	}
	if !chance(rng, 3) {
		cost := oneOf(rng, poolCosts)
		u.CostMicros = &cost
	}
	return u
}

// randomEvent is an event as a host may give it to a Log.
func randomEvent(rng *rand.Rand) activitylog.Event {
	t := randomTime(rng)
	e := activitylog.Event{
		ID: randomID(rng, t), Time: t, Org: oneOf(rng, poolOrgs), Project: oneOf(rng, poolProjects),
		Category: oneOf(rng, poolCategories),
		Action:   oneOf(rng, poolActions), Outcome: oneOf(rng, poolOutcomes), Severity: oneOf(rng, poolSeverities),
		Actor:     randomActor(rng),
		Retention: oneOf(rng, poolClasses),
		Request:   activitylog.Request{ID: oneOf(rng, poolShort), SessionID: oneOf(rng, poolShort), CorrelationID: oneOf(rng, poolShort)},
		Metadata:  randomObject(rng, 2), Backfill: chance(rng, 9),
	}
	e.Client.IP, _ = netip.ParseAddr(oneOf(rng, poolIPs))
	if e.Outcome == activitylog.InProgress {
		e.Expires = t.Add(time.Minute)
	}
	if !chance(rng, 4) { // else it comes from the catalogue
		e.Message = randomText(rng)
	}
	if chance(rng, 4) {
		e.Reason = randomText(rng)
	}
	if chance(rng, 6) {
		e.ErrorCode = oneOf(rng, []string{"403", "rate_limited"})
	}
	for range max(0, rng.IntN(5)-2) {
		e.OnBehalfOf = append(e.OnBehalfOf, activitylog.Delegation{Actor: randomActor(rng), Relation: oneOf(rng, poolRelations)})
	}
	for range rng.IntN(4) {
		target := activitylog.Target{Type: oneOf(rng, poolKinds), ID: oneOf(rng, poolTargets)}
		if chance(rng, 3) {
			target.Name = randomText(rng)
		}
		e.Targets = append(e.Targets, target)
	}
	for range max(0, rng.IntN(5)-3) {
		e.Changes = append(e.Changes, activitylog.Change{Path: oneOf(rng, poolKeys), Old: randomValue(rng, 1), New: randomValue(rng, 1)})
	}
	if chance(rng, 3) {
		e.AI = randomUsage(rng)
	}
	if chance(rng, 2) {
		e.Labels = map[string]string{}
		for range 1 + rng.IntN(2) {
			e.Labels[oneOf(rng, poolKeys)] = oneOf(rng, poolLabels)
		}
	}
	if chance(rng, 3) {
		e.Leaf = fmt.Appendf(nil, "leaf %d", rng.Uint32())
		e.Opening = []byte{0, byte(rng.Uint32())}
	}
	return e
}
