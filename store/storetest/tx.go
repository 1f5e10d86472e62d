package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/activitylog/activitylog"
)

const mustTx = "AppendTx appends inside the host's transaction, with the meaning of Append"

var txCases = []testCase{
	{name: "tx/commit", must: mustTx + "; the events are stored when the host commits",
		needs: appendsTx, run: func(s *subject) {
			s.append(samples(1, 3)...)
			tx := s.begin()
			tx.append(samples(4, 5)...)
			tx.append(sample(6))
			tx.append()
			tx.commit()
			s.holds(list(samples(1, 6)...))
		}},
	{name: "tx/rollback", must: mustTx + "; nothing is left when the host rolls back",
		needs: appendsTx, run: func(s *subject) {
			s.append(sample(1))
			tx := s.begin()
			tx.append(samples(1, 5)...)
			tx.rollback()
			s.holds(list(sample(1)))
			s.yields(activitylog.StoreQuery{Filter: activitylog.Text("item 4")}, list(sample(1)))
			tx = s.begin()
			tx.append(samples(2, 3)...)
			tx.commit()
			s.holds(list(samples(1, 3)...))
		}},
	{name: "tx/invisible until commit", must: mustTx + "; nobody else sees them before the host commits",
		needs: appendsTx, run: func(s *subject) {
			s.append(sample(1))
			tx := s.begin()
			tx.append(samples(2, 3)...)
			// A store may let readers wait for the transaction, but not show them what may be rolled back.
			ctx, cancel := context.WithTimeout(s.ctx, 2*time.Second)
			defer cancel()
			events, err := collect(ctx, s.store, activitylog.StoreQuery{})
			if err == nil {
				s.same(events, []activitylog.Event{sample(1)}, "scan beside an open transaction")
			}
			if t, ok := s.store.(activitylog.Tailer); ok {
				if tailed, _, err := t.Tail(ctx, "", 10); err == nil && len(tailed) > 1 {
					s.fatalf("Tail returned %s before the host committed", short(&tailed[1].Event))
				}
			}
			tx.commit()
			s.holds(list(samples(1, 3)...))
		}},
	{name: "tx/again", must: mustTx + "; " + mustSkip, needs: appendsTx, run: func(s *subject) {
		s.append(samples(1, 3)...)
		again := sample(2)
		again.Recorded, again.Leaf = again.Recorded.Add(time.Hour), []byte("leaf")
		tx := s.begin()
		tx.append(again, sample(4), sample(4))
		tx.append(sample(4), sample(1))
		tx.commit()
		s.holds(list(samples(1, 4)...))
		s.append(sample(4))
		s.holds(list(samples(1, 4)...))
	}},
	{name: "tx/conflict", must: mustTx + "; " + mustFail, needs: appendsTx | conflicts, run: func(s *subject) {
		s.append(sample(1))
		other := sample(1, saying("something else"))
		tx := s.begin()
		s.refuse(tx.try(sample(2), other), &other)
		tx.rollback()
		s.holds(list(sample(1)))
		// Also against what the transaction itself appended.
		other = sample(3, saying("something else"))
		tx = s.begin()
		tx.append(sample(3))
		s.refuse(tx.try(sample(4), other), &other)
		tx.rollback()
		s.holds(list(sample(1)))
	}},
	{name: "tx/canceled", must: mustTx + "; it must honour its context", needs: appendsTx, run: func(s *subject) {
		tx := s.begin()
		ctx, cancel := context.WithCancel(s.ctx)
		cancel()
		if err := s.store.(activitylog.TxAppender).AppendTx(ctx, tx.tx, samples(1, 2)); !errors.Is(err, context.Canceled) {
			s.fatalf("AppendTx with a canceled context returned %v instead of %v", err, context.Canceled)
		}
		tx.rollback()
		s.holds(list())
	}},
	{name: "tx/slow transaction and followers", must: "Tail returns every event once and skips none under any number of concurrent writers: " +
		"also those of a transaction that began first and commits last", needs: appendsTx | tails, run: slowTransaction},
}

// hostTx is a transaction of the host.
type hostTx struct {
	s        *subject
	tx       activitylog.Tx
	finish   func() error
	rollBack func() error
}

// begin begins a transaction, which is rolled back at the end of the test if the case did not finish it.
func (s *subject) begin() *hostTx {
	if s.h.BeginTx == nil {
		s.fatalf("the store is a TxAppender: the suite needs Harness.BeginTx")
	}
	tx, commit, rollback := s.h.BeginTx(s.tb, s.store)
	t := &hostTx{s, tx, commit, rollback}
	s.tb.Cleanup(func() {
		if t.finish != nil {
			_ = t.rollBack()
		}
	})
	return t
}

func (t *hostTx) try(events ...activitylog.Event) error {
	return t.s.store.(activitylog.TxAppender).AppendTx(t.s.ctx, t.tx, events)
}

func (t *hostTx) append(events ...activitylog.Event) {
	t.s.ok(t.try(events...), "append %d events in a transaction", len(events))
}

func (t *hostTx) commit() {
	err := t.finish()
	t.finish = nil
	t.s.ok(err, "commit")
}

func (t *hostTx) rollback() {
	t.finish = nil
	t.s.ok(t.rollBack(), "roll back")
}

// slowTransaction appends while an older transaction with lower numbers is still open.
func slowTransaction(s *subject) {
	f := s.follow("")
	s.append(sample(1))
	tx := s.begin()
	tx.append(samples(2, 3)...)
	done := make(chan error, 1)
	go func() { done <- s.store.Append(s.ctx, samples(4, 5)) }()
	// A store with one writer makes the other wait until the commit; a moment shows which kind it is.
	pending := true
	select {
	case err := <-done:
		s.ok(err, "append beside an open transaction")
		pending = false
	case <-time.After(300 * time.Millisecond):
	}
	if !pending {
		f.read(100)
		f.read(100)
	}
	tx.commit()
	if pending {
		s.ok(<-done, "append after the transaction")
	}
	f.expect(samples(1, 5)...)
}
