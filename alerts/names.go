package alerts

import (
	"bytes"
	"cmp"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
)

// names gives texts numbers, so that a cell is small and quickly found. Number 0 is the empty text.
type names struct {
	list    []string
	numbers map[string]uint32

	block, spare []uint32 // numbers of the last block's texts, and of the one before
}

func (n *names) number(s string) uint32 {
	if s == "" {
		return 0
	}
	if i, ok := n.numbers[s]; ok {
		return i
	}
	if n.numbers == nil {
		n.numbers, n.list = map[string]uint32{}, []string{""}
	}
	i := uint32(len(n.list))
	n.list = append(n.list, s)
	n.numbers[s] = i
	return i
}

func (n *names) text(i uint32) string {
	if i == 0 {
		return ""
	}
	return n.list[i]
}

func (f *Figures) key(c Cell) cellKey {
	n := &f.names
	return cellKey{
		quarter: quarterOf(c.Start), actor: n.number(c.Actor), kind: n.number(string(c.ActorType)), zone: n.number(c.Zone),
		action: n.number(c.Action), outcome: n.number(string(c.Outcome)), provider: n.number(c.Provider), model: n.number(c.Model), currency: n.number(c.Currency),
		targets: n.number(c.Targets), priced: c.Priced,
	}
}

func (f *Figures) cell(k cellKey) Cell {
	n := &f.names
	return Cell{
		Start: timeOf(k.quarter), Actor: n.text(k.actor), ActorType: activitylog.ActorType(n.text(k.kind)), Zone: n.text(k.zone),
		Action: n.text(k.action), Outcome: activitylog.Outcome(n.text(k.outcome)), Provider: n.text(k.provider), Model: n.text(k.model), Currency: n.text(k.currency),
		Targets: n.text(k.targets), Priced: k.priced,
	}
}

// compareCells orders cells by what they say, not by the numbers of names.
func (f *Figures) compareCells(a, b cellKey) int {
	if c := cmp.Compare(a.quarter, b.quarter); c != 0 {
		return c
	}
	n := &f.names
	for _, pair := range [][2]uint32{
		{a.actor, b.actor}, {a.kind, b.kind}, {a.zone, b.zone}, {a.action, b.action}, {a.outcome, b.outcome}, {a.provider, b.provider},
		{a.model, b.model}, {a.currency, b.currency}, {a.targets, b.targets},
	} {
		if c := strings.Compare(n.text(pair[0]), n.text(pair[1])); c != 0 {
			return c
		}
	}
	if a.priced == b.priced {
		return 0
	}
	if b.priced {
		return -1
	}
	return 1
}

const quarterSeconds = int64(Quarter / time.Second)

// quarterOf is the number of the quarter of an hour that t lies in.
func quarterOf(t time.Time) int32 {
	s := t.Unix()
	q := s / quarterSeconds
	if s%quarterSeconds < 0 {
		q--
	}
	return int32(q)
}

func timeOf(quarter int32) time.Time { return time.Unix(int64(quarter)*quarterSeconds, 0).UTC() }

func (a At) before(b At) bool {
	return cmp.Or(a.Time.Compare(b.Time), bytes.Compare(a.ID[:], b.ID[:])) < 0
}

func (p Peak) below(o Peak) bool {
	return cmp.Or(cmp.Compare(p.CostMicros, o.CostMicros), cmp.Compare(p.Tokens, o.Tokens), bytes.Compare(o.ID[:], p.ID[:])) < 0
}
