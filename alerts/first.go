package alerts

import (
	"cmp"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
)

// dimension is what a first time is about.
type dimension byte

const (
	ofOrg       dimension = 'o' // any event
	ofActor     dimension = 'a' // any event of an actor
	ofModel     dimension = 'm' // a model, in the organization
	ofUserModel dimension = 'u' // a model, by an actor
	ofLogin     dimension = 'l' // a sign-in of an account
	ofNetwork   dimension = 'n' // a sign-in from a network, by account
	ofAgent     dimension = 'g' // a sign-in with a family of user agents, by account
	ofExport    dimension = 'x' // an export, by actor
	ofDay       dimension = 'd' // a day of UTC on which an actor did something
)

// firstKey names something that has a first time. Firsts are kept for good, whatever becomes of the events: what was
// once seen is never new again.
type firstKey struct {
	dim          dimension
	actor, value uint32
	day          int32
}

// first is when something was first seen, in which event, and who and what it was in full.
type first struct {
	At
	Actor, Raw string
	Backfill   bool
}

func (f *Figures) saw(k firstKey, v first) {
	if f.firsts == nil {
		f.firsts = map[firstKey]first{}
	}
	old, ok := f.firsts[k]
	if !ok || v.before(old.At) {
		f.firsts[k] = v
	}
}

// translate is the key in f that k is in o: each has numbers of its own for names.
func (f *Figures) translate(o *Figures, k firstKey) firstKey {
	return firstKey{k.dim, f.names.number(o.names.text(k.actor)), f.names.number(o.names.text(k.value)), k.day}
}

// learn keeps the first time of what an event shows.
func (f *Figures) learn(e *activitylog.Event, s *sense) {
	v := first{At: At{e.Time, e.ID}, Actor: e.Actor.ID, Backfill: e.Backfill}
	f.saw(firstKey{dim: ofOrg}, v)
	if e.AI != nil && e.AI.Model != "" && e.Outcome != activitylog.Denied {
		v := v
		v.Raw = e.AI.Model
		name := f.names.number(CanonicalModel(e.AI.Provider, e.AI.Model).String())
		f.saw(firstKey{dim: ofModel, value: name}, v)
		if e.Actor.ID != "" {
			f.saw(firstKey{dim: ofUserModel, actor: f.names.number(e.Actor.ID), value: name}, v)
		}
	}
	if e.Actor.ID == "" {
		return
	}
	actor := f.names.number(e.Actor.ID)
	f.saw(firstKey{dim: ofActor, actor: actor}, v)
	if e.Outcome != activitylog.Success && e.Outcome != activitylog.Unknown || e.Category == "audit" {
		return // to fail is not to be active
	}
	f.saw(firstKey{dim: ofDay, actor: actor, day: dayOf(e.Time)}, v)
	c := classOf(e, s)
	if c&export != 0 {
		f.saw(firstKey{dim: ofExport, actor: actor}, v)
	}
	if c&login == 0 {
		return
	}
	f.saw(firstKey{dim: ofLogin, actor: actor}, v)
	if n := network(e.Client); n != "" {
		f.saw(firstKey{dim: ofNetwork, actor: actor, value: f.names.number(n)}, v)
	}
	if g := agentFamily(e.Client.UserAgent); g != "" {
		f.saw(firstKey{dim: ofAgent, actor: actor, value: f.names.number(g)}, v)
	}
}

// before tells whether something was seen before t.
func (f *Figures) before(t time.Time, dim dimension, actor, value string) bool {
	k, ok := f.known(dim, actor, value)
	if !ok {
		return false
	}
	v, ok := f.firsts[k]
	return ok && v.Time.Before(t)
}

// known is the key of names that the figures have; others were never seen.
func (f *Figures) known(dim dimension, actor, value string) (firstKey, bool) {
	a, okA := f.names.find(actor)
	v, okV := f.names.find(value)
	return firstKey{dim: dim, actor: a, value: v}, okA && okV
}

func (n *names) find(s string) (uint32, bool) {
	if s == "" {
		return 0, true
	}
	i, ok := n.numbers[s]
	return i, ok
}

// dayOf is the number of a day of UTC since 1970.
func dayOf(t time.Time) int32 {
	const day = 24 * 60 * 60
	s := t.Unix()
	d := s / day
	if s%day < 0 {
		d--
	}
	return int32(d)
}

// compareFirst orders keys by what they say, not by the numbers of names.
func (f *Figures) compareFirst(a, b firstKey) int {
	n := &f.names
	return cmp.Or(cmp.Compare(a.dim, b.dim), strings.Compare(n.text(a.actor), n.text(b.actor)),
		strings.Compare(n.text(a.value), n.text(b.value)), cmp.Compare(a.day, b.day))
}
