package alerts

import (
	"iter"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/activitylog/activitylog"
)

// Quarter is the resolution of time in Figures: every zone in use is whole quarters of an hour away from UTC, so that
// the hours and days of all of them are exact sums.
const Quarter = 15 * time.Minute

// Figures are what the events of one organization come to: all that Judge looks at. They are a fold: the order in which
// events are added says nothing, and the figures of two sets of events that share none merge into those of both. The
// zero value is the figures of no event. Figures are not safe for concurrent use while they change.
type Figures struct {
	names  names
	cells  map[cellKey]*Sum
	blocks [][]cell    // sums of blocks as they came; those of one cell add up, here and in cells
	past   [][]pastSum // see AddPast
	marks  map[uuid.UUID]*Mark
	firsts map[firstKey]first
	added  map[uuid.UUID]struct{} // events of Add, none of which counts twice
	senses map[string]*sense      // of the actions of Add
}

// Cell says what a Sum is about: who did what, with which model, within one quarter of an hour.
type Cell struct {
	Start     time.Time // a whole quarter of an hour of UTC
	Actor     string
	ActorType activitylog.ActorType
	Zone      string // of the actor, as the event names it
	Action    string
	Outcome   activitylog.Outcome
	Provider  string
	Model     string
	Currency  string
	Priced    bool   // the cost is known
	Targets   string // the ids of integrations that were acted on, each with a newline behind it
}

// cellKey is a Cell by the numbers of its names.
type cellKey struct {
	quarter                                                                int32 // since 1970
	actor, kind, zone, action, outcome, provider, model, currency, targets uint32
	priced                                                                 bool
}

// Sum counts and sums events.
type Sum struct {
	Count      int64
	Backfilled int64 // written after the fact

	CostMicros   int64
	InputTokens  int64
	OutputTokens int64

	First, Last At   // by time, then by id
	Peak        Peak // the dearest event; among unpriced ones the one with most tokens
}

// At is when an event happened and which it is.
type At struct {
	Time time.Time
	ID   uuid.UUID
}

// Peak is the largest single event.
type Peak struct {
	CostMicros, Tokens int64
	ID                 uuid.UUID
}

// Add puts one event into the figures. An event that was added before, pending events and those of the log about itself
// that no detector knows count nothing. It tells whether the event is one that urgent rules look at; see Config.Urgent.
func (f *Figures) Add(e *activitylog.Event) (urgent bool) {
	if e.Outcome == activitylog.InProgress {
		return false
	}
	if _, ok := f.added[e.ID]; ok {
		return false
	}
	if f.added == nil {
		f.added = map[uuid.UUID]struct{}{}
	}
	f.added[e.ID] = struct{}{}
	if e.Category != "audit" { // reading the log is no activity
		f.AddSum(cellOf(e), sumOf(e))
	}
	s := f.sense(e.Action)
	m, urgent := markOf(e, s)
	if urgent {
		f.addMark(&m)
	}
	f.learn(e, s)
	return urgent
}

// AddSum puts in events that were counted elsewhere. Cell.Start is cut to its quarter of an hour.
func (f *Figures) AddSum(c Cell, s Sum) {
	if s.Count == 0 {
		return
	}
	k := f.key(c)
	if f.cells == nil {
		f.cells = map[cellKey]*Sum{}
	}
	if sum := f.cells[k]; sum != nil {
		sum.add(&s)
		return
	}
	f.cells[k] = &s
}

// Sums yields all sums, by time and then by what their cells say.
func (f *Figures) Sums() iter.Seq2[Cell, Sum] {
	return func(yield func(Cell, Sum) bool) {
		refs := f.refs()
		slices.SortFunc(refs, func(a, b cellRef) int { return f.compareCells(a.key, b.key) })
		for _, c := range joinedCells(refs) {
			if !yield(f.cell(c.key), *c.sum) {
				return
			}
		}
	}
}

// Merge puts the figures of other events into f. Events that both hold would count twice.
func (f *Figures) Merge(o *Figures) {
	for _, c := range o.refs() {
		f.AddSum(o.cell(c.key), *c.sum)
	}
	for _, m := range o.marks {
		f.addMark(m)
	}
	for k, v := range o.firsts {
		f.saw(f.translate(o, k), v)
	}
	for id := range o.added {
		if f.added == nil {
			f.added = map[uuid.UUID]struct{}{}
		}
		f.added[id] = struct{}{}
	}
}

func cellOf(e *activitylog.Event) Cell {
	c := Cell{Start: e.Time, Actor: e.Actor.ID, ActorType: e.Actor.Type, Zone: e.Actor.Zone, Action: e.Action, Outcome: e.Outcome}
	if u := e.AI; u != nil {
		c.Provider, c.Model, c.Currency, c.Priced = u.Provider, u.Model, u.Currency, u.CostMicros != nil
	}
	for _, t := range e.Targets {
		if t.Type == "integration" {
			c.Targets += t.ID + "\n"
		}
	}
	return c
}

func sumOf(e *activitylog.Event) Sum {
	at := At{e.Time, e.ID}
	s := Sum{Count: 1, First: at, Last: at, Peak: Peak{ID: e.ID}}
	if e.Backfill {
		s.Backfilled = 1
	}
	if u := e.AI; u != nil {
		if u.CostMicros != nil {
			s.CostMicros = *u.CostMicros
		}
		s.InputTokens, s.OutputTokens = u.InputTokens, u.OutputTokens
		s.Peak = Peak{s.CostMicros, u.InputTokens + u.OutputTokens, e.ID}
	}
	return s
}

func (s *Sum) add(o *Sum) {
	if s.Count == 0 || o.First.before(s.First) {
		s.First = o.First
	}
	if s.Count == 0 || s.Last.before(o.Last) {
		s.Last = o.Last
	}
	if s.Count == 0 || s.Peak.below(o.Peak) {
		s.Peak = o.Peak
	}
	s.Count += o.Count
	s.Backfilled += o.Backfilled
	s.CostMicros += o.CostMicros
	s.InputTokens += o.InputTokens
	s.OutputTokens += o.OutputTokens
}

// Tokens are input and output together.
func (s *Sum) Tokens() int64 { return s.InputTokens + s.OutputTokens }
