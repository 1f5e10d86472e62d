package storetest

import (
	"context"
	"database/sql"
	"errors"
	"iter"
	"sync"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/google/uuid"
)

// faulty is the memory store, which can also append in transactions here, with one fault.
type faulty struct {
	*memory.Store
	fault
	state *state
}

// state is what a fault remembers of one store.
type state struct {
	mu     sync.Mutex
	rw     sync.RWMutex
	slots  chan struct{}
	events []activitylog.Event
	keys   map[activitylog.Key]activitylog.Event
	values map[string]activitylog.Pair
}

// fault says what a store does wrong: the methods that are not nil stand for those of the memory store.
type fault struct {
	name  string
	cases []string // that must notice it
	hangs bool     // it shows by a case that does not end

	append    func(ctx context.Context, s *faulty, events []activitylog.Event) error
	change    func(e *activitylog.Event) // of events on their way in
	scan      func(ctx context.Context, s *faulty, q activitylog.StoreQuery) iter.Seq2[activitylog.Event, error]
	sort      func(a, b *activitylog.Event) int                                                   // the order, oldest first
	cond      func(c activitylog.Cond, e *activitylog.Event) (match, decided bool)                // what a condition means
	text      func(x activitylog.TextExpr, s *faulty, e *activitylog.Event) (match, decided bool) // what a search means
	not       func(x activitylog.Expr, e *activitylog.Event, s *faulty) (match, decided bool)     // what the negation of x means
	count     func(ctx context.Context, s *faulty, q activitylog.StoreQuery, n int64) (int64, error)
	aggregate func(ctx context.Context, s *faulty, org string, a activitylog.Aggregation) iter.Seq2[activitylog.Bucket, error]
	prune     func(ctx context.Context, s *faulty, q activitylog.StoreQuery, limit int) (int, error)
	pruneKeys func(ctx context.Context, s *faulty, keys []activitylog.Key) (int, time.Duration, error)
	erase     func(ctx context.Context, s *faulty, q activitylog.StoreQuery, parts activitylog.Parts) (int, error)
	tail      func(ctx context.Context, s *faulty, after activitylog.Position, limit int) ([]activitylog.Tailed, activitylog.Position, error)
	space     func(s *faulty, name string) activitylog.Space
	snapshot  func(ctx context.Context, s *faulty, f func(activitylog.Tailer, activitylog.Spacer) error) error
	seen      func(list []activitylog.Tailed) []activitylog.Tailed // by a snapshot
	check     func(found func(what, org string, id uuid.UUID)) error
	boundless bool                                                                                     // TailEvidence and TailBrief heed no limit
	evidence  func(list []activitylog.Tailed, next activitylog.Position, f readsEvidence)              // what TailEvidence does with an answer of Tail
	brief     func(list []activitylog.Tailed, next activitylog.Position, more moreOf, f readsEvidence) // the same of TailBrief
	proved    string
	appendTx  func(ctx context.Context, s *faulty, tx *fakeTx, events []activitylog.Event) error
	commit    func(ctx context.Context, s *faulty, tx *fakeTx) error
	reopen    func(ctx context.Context, s *faulty) (*memory.Store, error)
}

func open(f fault) *faulty {
	return &faulty{memory.New(), f, &state{
		slots: make(chan struct{}, 8), keys: map[activitylog.Key]activitylog.Event{}, values: map[string]activitylog.Pair{},
	}}
}

// harnessOf makes stores with a fault. What is opened again is the same store, unless that is the fault.
func harnessOf(f fault) Harness {
	return Harness{
		Open: func(testing.TB) activitylog.Store { return open(f) },
		Reopen: func(tb testing.TB, s activitylog.Store) activitylog.Store {
			old := s.(*faulty)
			if f.reopen == nil {
				return old
			}
			m, err := f.reopen(tb.Context(), old)
			if err != nil {
				tb.Fatal(err)
			}
			return &faulty{m, f, old.state}
		},
		BeginTx: func(tb testing.TB, s activitylog.Store) (activitylog.Tx, func() error, func() error) {
			tx := &fakeTx{}
			commit := func() error {
				if f.commit != nil {
					return f.commit(tb.Context(), s.(*faulty), tx)
				}
				return s.(*faulty).Store.Append(tb.Context(), tx.pending)
			}
			return tx, commit, func() error { return nil }
		},
	}
}

// fakeTx collects what is appended in it.
type fakeTx struct{ pending []activitylog.Event }

var errNoSQL = errors.New("there is no SQL here")

func (*fakeTx) ExecContext(context.Context, string, ...any) (sql.Result, error) { return nil, errNoSQL }
func (*fakeTx) QueryContext(context.Context, string, ...any) (*sql.Rows, error) { return nil, errNoSQL }

func (s *faulty) Append(ctx context.Context, events []activitylog.Event) error {
	if s.fault.change != nil {
		changed := make([]activitylog.Event, len(events))
		for i := range events {
			changed[i] = events[i].Clone()
			s.fault.change(&changed[i])
		}
		events = changed
	}
	if s.fault.append != nil {
		return s.fault.append(ctx, s, events)
	}
	return s.Store.Append(ctx, events)
}

func (s *faulty) Scan(ctx context.Context, q activitylog.StoreQuery) iter.Seq2[activitylog.Event, error] {
	switch {
	case s.fault.scan != nil:
		return s.fault.scan(ctx, s, q)
	case s.fault.sort != nil || s.evaluates():
		return s.plain(ctx, q)
	}
	return s.Store.Scan(ctx, q)
}

func (s *faulty) Count(ctx context.Context, q activitylog.StoreQuery, limit int64) (int64, error) {
	if s.fault.count != nil {
		return s.fault.count(ctx, s, q, limit)
	}
	return s.Store.Count(ctx, q, limit)
}

func (s *faulty) Aggregate(ctx context.Context, org string, a activitylog.Aggregation) iter.Seq2[activitylog.Bucket, error] {
	if s.fault.aggregate != nil {
		return s.fault.aggregate(ctx, s, org, a)
	}
	return s.Store.Aggregate(ctx, org, a)
}

func (s *faulty) PruneKeys(ctx context.Context, keys []activitylog.Key) (int, time.Duration, error) {
	if s.fault.pruneKeys != nil {
		return s.fault.pruneKeys(ctx, s, keys)
	}
	return s.Store.PruneKeys(ctx, keys)
}

func (s *faulty) Prune(ctx context.Context, q activitylog.StoreQuery, limit int) (int, error) {
	if s.fault.prune != nil {
		return s.fault.prune(ctx, s, q, limit)
	}
	return s.Store.Prune(ctx, q, limit)
}

func (s *faulty) Erase(ctx context.Context, q activitylog.StoreQuery, parts activitylog.Parts) (int, error) {
	if s.fault.erase != nil {
		return s.fault.erase(ctx, s, q, parts)
	}
	return s.Store.Erase(ctx, q, parts)
}

func (s *faulty) Tail(ctx context.Context, after activitylog.Position, limit int) ([]activitylog.Tailed, activitylog.Position, error) {
	if s.fault.tail != nil {
		return s.fault.tail(ctx, s, after, limit)
	}
	return s.Store.Tail(ctx, after, limit)
}

func (s *faulty) Space(name string) activitylog.Space {
	if s.fault.space != nil {
		return s.fault.space(s, name)
	}
	return s.Store.Space(name)
}

// Snapshot has a Check, since the suite looks for one.
func (s *faulty) Snapshot(ctx context.Context, f func(activitylog.Tailer, activitylog.Spacer) error) error {
	if s.fault.snapshot != nil {
		return s.fault.snapshot(ctx, s, f)
	}
	return s.Store.Snapshot(ctx, func(tail activitylog.Tailer, spaces activitylog.Spacer) error {
		return f(moment{tail, s}, spaces)
	})
}

// moment is the Tailer of a snapshot.
type moment struct {
	activitylog.Tailer
	s *faulty
}

func (m moment) Tail(ctx context.Context, after activitylog.Position, limit int) ([]activitylog.Tailed, activitylog.Position, error) {
	list, next, err := m.Tailer.Tail(ctx, after, limit)
	if m.s.fault.seen != nil {
		list = m.s.fault.seen(list)
	}
	return list, next, err
}

func (m moment) Check(_ context.Context, _ int64, _ activitylog.Position, _ func([]byte) ([8]byte, uint64), found func(what, org string, id uuid.UUID)) error {
	if m.s.fault.check != nil {
		return m.s.fault.check(found)
	}
	return nil
}

func (s *faulty) TailEvidence(ctx context.Context, after activitylog.Position, limit int, f func(*activitylog.Event, activitylog.Position)) (activitylog.Position, error) {
	list, next, err := s.Store.Tail(ctx, after, s.bound(limit))
	if s.fault.evidence != nil {
		s.fault.evidence(list, next, f)
		return next, err
	}
	for i := range list {
		f(&list[i].Event, list[i].Position)
	}
	return next, err
}

func (s *faulty) TailBrief(ctx context.Context, after activitylog.Position, limit int, more func(*activitylog.Event) bool, f func(*activitylog.Event, activitylog.Position)) (activitylog.Position, error) {
	list, next, err := s.Store.Tail(ctx, after, s.bound(limit))
	if s.fault.brief != nil {
		s.fault.brief(list, next, more, f)
		return next, err
	}
	for i := range list {
		e := briefOf(&list[i].Event, more(&list[i].Event))
		f(&e, list[i].Position)
	}
	return next, err
}

func (s *faulty) bound(limit int) int {
	if s.fault.boundless {
		return 1000
	}
	return limit
}

func (s *faulty) Durability(context.Context) (string, error) {
	if s.fault.proved != "" {
		return s.fault.proved, nil
	}
	return "none", nil
}

// AppendTx implements activitylog.TxAppender.
func (s *faulty) AppendTx(ctx context.Context, tx activitylog.Tx, events []activitylog.Event) error {
	t := tx.(*fakeTx)
	if s.fault.appendTx != nil {
		return s.fault.appendTx(ctx, s, t, events)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, e := range events {
		known := list(t.pending...).selected(activitylog.StoreQuery{Org: e.Org, Filter: activitylog.IDIs(e.ID)})
		for stored := range s.Store.Scan(ctx, activitylog.StoreQuery{Org: e.Org, Filter: activitylog.IDIs(e.ID)}) {
			known = append(known, stored)
		}
		if len(known) == 0 {
			t.pending = append(t.pending, e.Clone())
		} else if !known[0].SameContent(&e) {
			return &activitylog.ConflictError{ID: e.ID}
		}
	}
	return nil
}
