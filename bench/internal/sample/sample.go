// Package sample makes the events that all benchmarks record: 200 organizations of very different sizes, 80 actions,
// names, messages and about 300 bytes of metadata, with one common and one rare word.
package sample

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
)

// Big and Small are an organization with about 12 % and one with about 0.18 % of the events.
const (
	Big   = "org-0"
	Small = "org-99"
	Orgs  = 200
)

// Common occurs in half of the events, Rare in one of 20,000.
const (
	Common = "quarterly"
	Rare   = "zanzibar"
)

// Start is when the first event happened. Each further one comes 250 ms later.
var Start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

var words = strings.Fields(`account activity agent alpha answer archive backup balance batch billing board branch budget build
calendar campaign channel client cloud comment commit contract copy course credit customer data deal delivery deploy design
device document domain draft email engine entry error event export feature field file filter finance flow folder form forum
goal group guide history home image import index invoice issue item job journal key label layer lead letter level library
license limit link list local lock manager market member memo menu message meeting metric mobile model module month network
note number object offer office option order owner package page panel parser partner payment people phase plan platform`)

// Generator makes events one after the other. The same seed gives the same events.
type Generator struct {
	rng *rand.Rand
	org *rand.Zipf
	n   int64
}

// New returns a generator that begins with the n-th event.
func New(seed uint64, n int64) *Generator {
	rng := rand.New(rand.NewPCG(seed, uint64(n)))
	return &Generator{rng: rng, org: rand.NewZipf(rng, 1.07, 2, Orgs-1), n: n}
}

func (g *Generator) text(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = words[g.rng.IntN(len(words))]
	}
	return strings.Join(list, " ")
}

// Event returns the next event.
func (g *Generator) Event() activitylog.Event {
	org := g.org.Uint64()
	category := g.rng.IntN(8)
	message := g.text(6)
	if g.rng.IntN(2) == 0 {
		message += " " + Common
	}
	if g.rng.IntN(20_000) == 0 {
		message += " " + Rare
	}
	e := activitylog.Event{
		Time:     Start.Add(time.Duration(g.n) * 250 * time.Millisecond),
		Org:      fmt.Sprintf("org-%d", org),
		Project:  fmt.Sprintf("project-%d", g.rng.IntN(10)),
		Category: fmt.Sprintf("category%d", category),
		Action:   fmt.Sprintf("category%d.action%d", category, g.rng.IntN(10)),
		Outcome:  activitylog.Success,
		Severity: activitylog.Low,
		Message:  message,
		Actor:    activitylog.Actor{Type: activitylog.User, ID: fmt.Sprintf("user-%d-%d", org, g.rng.IntN(50)), Name: "Ana Lima", Email: "ana@example.com"},
		Targets:  []activitylog.Target{{Type: "document", ID: fmt.Sprintf("doc-%d", g.rng.IntN(5000)), Name: g.text(2)}},
		Client:   activitylog.Client{IP: netip.AddrFrom4([4]byte{198, 51, byte(org), byte(g.rng.IntN(256))}), UserAgent: "Mozilla/5.0 (X11; Linux x86_64)"},
		Request:  activitylog.Request{ID: fmt.Sprintf("req-%d", g.n), SessionID: fmt.Sprintf("session-%d", g.rng.IntN(20_000))},
		Metadata: map[string]any{
			"path": "/api/v1/" + g.text(1), "status": json.Number("200"), "duration_ms": json.Number(fmt.Sprint(g.rng.IntN(900))),
			"region": "eu-central-1", "note": g.text(10), "size": json.Number(fmt.Sprint(g.rng.IntN(1 << 20))),
		},
	}
	if g.rng.IntN(20) == 0 {
		e.Outcome = activitylog.Failure
	}
	g.n++
	return e
}

// Events returns the next n events.
func (g *Generator) Events(n int) []activitylog.Event {
	events := make([]activitylog.Event, n)
	for i := range events {
		events[i] = g.Event()
	}
	return events
}
