package alerts

import (
	"cmp"
	"slices"
)

// shape is what many cells have in common: all but when, who and what.
type shape struct {
	kind, zone, outcome, provider, model, currency, targets uint32
	priced                                                  bool
}

func (k *cellKey) shape() shape {
	return shape{k.kind, k.zone, k.outcome, k.provider, k.model, k.currency, k.targets, k.priced}
}

// cells writes shapes and cells, in the order of the block's texts.
func (w *blockWriter) cells(cells []cellRef) {
	items := make([]cellRef, len(cells)) // by the block's numbers
	n := w.numbers
	for i := range cells {
		k := &cells[i].key
		items[i] = cellRef{cellKey{
			quarter: k.quarter, actor: n[k.actor], kind: n[k.kind], zone: n[k.zone], action: n[k.action], outcome: n[k.outcome],
			provider: n[k.provider], model: n[k.model], currency: n[k.currency], targets: n[k.targets], priced: k.priced,
		}, cells[i].sum}
	}
	slices.SortFunc(items, func(a, b cellRef) int { return compareCells(&a.key, &b.key) })
	items = joinedCells(items)
	shapes := map[shape]uint64{}
	var list []shape
	for i := range items {
		s := items[i].key.shape()
		if _, ok := shapes[s]; !ok {
			shapes[s] = uint64(len(list))
			list = append(list, s)
		}
	}
	w.uint(uint64(len(list)))
	for _, s := range list {
		for _, n := range []uint32{s.kind, s.zone, s.outcome, s.provider, s.model, s.currency, s.targets} {
			w.uint(uint64(n))
		}
		w.flags(s.priced)
	}
	w.uint(uint64(len(items)))
	if len(items) == 0 {
		return
	}
	quarter := items[0].key.quarter
	w.int(int64(quarter))
	for i := range items {
		k := &items[i].key
		w.uint(uint64(k.quarter - quarter)) // since the cell before
		quarter = k.quarter
		w.uint(uint64(k.actor))
		w.uint(uint64(k.action))
		w.uint(shapes[k.shape()])
		w.sum(k.quarter, items[i].sum)
	}
}

func compareCells(a, b *cellKey) int {
	if c := cmp.Or(cmp.Compare(a.quarter, b.quarter), cmp.Compare(a.actor, b.actor), cmp.Compare(a.action, b.action)); c != 0 {
		return c
	}
	x, y := a.names(), b.names()
	if c := slices.Compare(x[:], y[:]); c != 0 || a.priced == b.priced {
		return c
	}
	if a.priced {
		return 1
	}
	return -1
}

// What the flags of a sum say, in the order of writing.
const (
	oneEvent      = 1 << iota // first and last are one
	ownPeak                   // the first is the peak
	hasAmounts                // there are cost or tokens
	hasBackfilled             // some were backfilled
	wholePeak                 // the peak has all of the amounts
)

// sum writes what most sums repeat only once: most cells are one event, and its own peak.
func (w *blockWriter) sum(quarter int32, s *Sum) {
	start := timeOf(quarter).UnixMicro()
	one := s.Last == s.First
	own := s.Peak.ID == s.First.ID
	amounts := s.CostMicros != 0 || s.InputTokens != 0 || s.OutputTokens != 0
	whole := s.Peak.CostMicros == s.CostMicros && s.Peak.Tokens == s.Tokens()
	w.flags(one, own, amounts, s.Backfilled != 0, whole)
	w.uint(uint64(s.Count))
	w.int(s.First.Time.UnixMicro() - start)
	w.id(s.First.ID)
	if !one {
		w.int(s.Last.Time.UnixMicro() - start)
		w.id(s.Last.ID)
	}
	if !own {
		w.id(s.Peak.ID)
	}
	if amounts {
		w.int(s.CostMicros)
		w.int(s.InputTokens)
		w.int(s.OutputTokens)
	}
	if s.Backfilled != 0 {
		w.uint(uint64(s.Backfilled))
	}
	if !whole {
		w.int(s.Peak.CostMicros)
		w.int(s.Peak.Tokens)
	}
}

func (w *blockWriter) mark(m *Mark) {
	w.id(m.ID)
	w.moment(m.Time)
	w.uint(uint64(m.Class))
	w.flags(m.Expected, m.Locked, m.Backfill)
	for _, s := range []string{m.Actor, string(m.ActorType), m.Action, string(m.Outcome), m.Source, m.Agent, m.Granted, m.As, m.Thing} {
		w.text(s)
	}
	w.list(m.Users)
	w.list(m.Objects)
	w.list(m.Roles)
	w.int(m.Size)
}

func (w *blockWriter) first(k firstKey, v first) {
	w.out = append(w.out, byte(k.dim))
	w.name(k.actor)
	w.name(k.value)
	w.int(int64(k.day))
	w.moment(v.Time)
	w.id(v.ID)
	if v.Actor == w.f.names.text(k.actor) {
		w.name(k.actor)
	} else {
		w.text(v.Actor)
	}
	w.text(v.Raw)
	w.flags(v.Backfill)
}
