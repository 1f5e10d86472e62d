package alerts

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/activitylog/activitylog"
)

// scope is where failures are counted: all actions of one kind, or a part of them.
type scope struct {
	kind string // the first word of the actions
	by   string // "", model, provider, user or integration
	id   string
}

// ratios are the attempts and failures of one scope, by quarters of an hour.
type ratios struct {
	scope
	quarters []tally // in order
}

type tally struct {
	quarter      int32
	n, failed    int64
	failures     *Sum  // nil: none
	allN, allBad int64 // up to and including
}

// scopeKey is a scope by the numbers of its names.
type scopeKey struct {
	kind uint32
	by   byte
	id   uint32
}

// The parts that attempts of a kind are counted by.
const (
	byAll byte = iota
	byProvider
	byModel
	byUser
	byIntegration
)

var scopeNames = [...]string{byAll: "", byProvider: "provider", byModel: "model", byUser: "user", byIntegration: "integration"}

// counting counts attempts and failures by scope.
type counting struct {
	*view
	own      names             // of kinds and integrations
	kinds    map[uint32]uint32 // of actions; sign-ins are left out
	integral map[uint32][]uint32
	failed   map[scopeKey]int64
}

// ratios count the attempts of every scope with enough failures to be judged.
func (v *view) ratios() []*ratios {
	c := counting{view: v, kinds: map[uint32]uint32{}, integral: map[uint32][]uint32{}, failed: map[scopeKey]int64{}}
	oldest := quarterOf(v.from) - 4 - int32(v.c.Errors.History)*24*4 // no baseline reaches farther back
	for _, ref := range v.cells {
		if ref.key.outcome == c.failure && ref.key.quarter >= oldest {
			c.each(ref.key, func(s scopeKey) { c.failed[s] += ref.sum.Count })
		}
	}
	var builders scopes
	var list []*ratios
	for s, n := range c.failed {
		if n >= v.c.Errors.Support {
			r := &ratios{scope: c.scope(s)}
			*builders.at(s) = r
			list = append(list, r)
		}
	}
	if list == nil {
		return nil
	}
	for _, ref := range v.cells {
		if ref.key.quarter < oldest {
			continue
		}
		c.each(ref.key, func(s scopeKey) {
			r := builders.find(s)
			if r == nil || v.c.Planned != nil && v.c.planned(ErrorRates, r.subject(), Window{timeOf(ref.key.quarter), timeOf(ref.key.quarter + 1)}) {
				return
			}
			r.add(ref, ref.key.outcome == c.failure)
		})
	}
	slices.SortFunc(list, func(a, b *ratios) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.by, b.by), cmp.Compare(a.id, b.id))
	})
	return list
}

// scopes hold what is counted by scope: by kind, part and id, all of which are small numbers.
type scopes [][5][]*ratios

func (l *scopes) at(s scopeKey) **ratios {
	*l = reaching(*l, int(s.kind))
	part := &(*l)[s.kind][s.by]
	*part = reaching(*part, int(s.id))
	return &(*part)[s.id]
}

func (l scopes) find(s scopeKey) *ratios {
	if int(s.kind) >= len(l) || int(s.id) >= len(l[s.kind][s.by]) {
		return nil
	}
	return l[s.kind][s.by][s.id]
}

// reaching is a list with an entry i.
func reaching[T any](list []T, i int) []T {
	if i < len(list) {
		return list
	}
	return append(list, make([]T, i+1-len(list))...)
}

// add counts attempts that come in the order of time.
func (r *ratios) add(ref *cell, failed bool) {
	n := len(r.quarters)
	if n == 0 || r.quarters[n-1].quarter != ref.key.quarter {
		next := tally{quarter: ref.key.quarter}
		if n > 0 {
			next.allN, next.allBad = r.quarters[n-1].allN, r.quarters[n-1].allBad
		}
		r.quarters = append(r.quarters, next)
		n++
	}
	t := &r.quarters[n-1]
	t.n, t.allN = t.n+ref.sum.Count, t.allN+ref.sum.Count
	if failed {
		t.failed, t.allBad = t.failed+ref.sum.Count, t.allBad+ref.sum.Count
		if t.failures == nil {
			t.failures = &Sum{}
		}
		t.failures.add(&ref.sum)
	}
}

// each calls f with every scope that an attempt belongs to. Refusals and sign-ins are no attempts.
func (c *counting) each(k cellKey, f func(scopeKey)) {
	if k.outcome == c.refused {
		return
	}
	kind, ok := c.kinds[k.action]
	if !ok {
		if action := c.f.names.text(k.action); !isLogin(action) && kindOf(action) != "auth" {
			kind = c.own.number(kindOf(action))
		}
		c.kinds[k.action] = kind
	}
	if kind == 0 {
		return
	}
	f(scopeKey{kind, byAll, 0})
	if k.provider != 0 {
		f(scopeKey{kind, byProvider, k.provider})
	}
	if k.model != 0 {
		f(scopeKey{kind, byModel, k.model})
	}
	if k.actor != 0 {
		f(scopeKey{kind, byUser, k.actor})
	}
	if k.targets == 0 {
		return
	}
	ids, ok := c.integral[k.targets]
	if !ok {
		for _, id := range distinct(c.f.names.text(k.targets)) {
			ids = append(ids, c.own.number(id))
		}
		c.integral[k.targets] = ids
	}
	for _, id := range ids {
		f(scopeKey{kind, byIntegration, id})
	}
}

// outcome is the number of an outcome, or one that no cell has.
func (v *view) outcome(o activitylog.Outcome) uint32 {
	if n, ok := v.f.names.find(string(o)); ok {
		return n
	}
	return math.MaxUint32
}

func (c *counting) scope(s scopeKey) scope {
	id := c.f.names.text
	if s.by == byIntegration {
		id = c.own.text
	}
	return scope{c.own.text(s.kind), scopeNames[s.by], id(s.id)}
}

// subject is the id under which findings tell of a scope.
func (s scope) subject() string {
	if s.by == "" {
		return s.kind
	}
	return s.id
}

// kindOf is what an action is about: its first word.
func kindOf(action string) string {
	kind, _, _ := strings.Cut(action, ".")
	return kind
}

func lastWord(action string) string { return action[strings.LastIndexByte(action, '.')+1:] }

func distinct(lines string) []string {
	list := strings.Split(strings.TrimSuffix(lines, "\n"), "\n")
	slices.Sort(list)
	return slices.Compact(list)
}

func (s scope) filter() activitylog.Filter {
	kind := activitylog.ActionUnder(s.kind)
	switch s.by {
	case "model":
		return kind.And(activitylog.ModelIs(s.id))
	case "provider":
		return kind.And(activitylog.ProviderIs(s.id))
	case "user":
		return kind.And(activitylog.ActedBy(s.id))
	case "integration":
		return kind.And(activitylog.TargetIs("integration", s.id))
	}
	return kind
}

func (s scope) holds(v *view, k cellKey) bool {
	switch s.by {
	case "model":
		return v.f.names.text(k.model) == s.id
	case "provider":
		return v.f.names.text(k.provider) == s.id
	case "user":
		return v.f.names.text(k.actor) == s.id
	case "integration":
		return slices.Contains(distinct(v.f.names.text(k.targets)), s.id)
	}
	return true
}

// between are the attempts and failures from one quarter up to another, which is left out.
func (r *ratios) between(from, to int32) (n, failed int64) {
	find := func(q int32) tally {
		i, _ := slices.BinarySearchFunc(r.quarters, q, func(t tally, q int32) int { return cmp.Compare(t.quarter, q) })
		return r.upTo(i)
	}
	a, b := find(from), find(to)
	return b.allN - a.allN, b.allBad - a.allBad
}

// upTo are the sums before the i-th quarter.
func (r *ratios) upTo(i int) tally {
	if i == 0 {
		return tally{}
	}
	return r.quarters[i-1]
}
