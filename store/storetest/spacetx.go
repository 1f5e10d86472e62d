package storetest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync/atomic"

	"github.com/activitylog/activitylog"
)

const mustUpdate = "Update runs f in a transaction; updates of one space never overlap, and an error of f rolls back"

var spaceTxCases = []testCase{
	{name: "space/reads own writes", must: "SpaceTx reads what it wrote, in Get and in Range",
		needs: keepsSpaces, run: spaceOwnWrites},
	{name: "space/change inside range", must: "the body of a Range may read and write the same transaction",
		needs: keepsSpaces, run: spaceInsideRange},
	{name: "space/rollback", must: mustUpdate, needs: keepsSpaces, run: func(s *subject) {
		s.put("x", "a", "1", "b", "2")
		why := errors.New("why")
		err := s.space("x").Update(s.ctx, func(tx activitylog.SpaceTx) error {
			return errors.Join(tx.Put([]byte("a"), []byte("9")), tx.Put([]byte("c"), nil), tx.Delete([]byte("b")), why)
		})
		if !errors.Is(err, why) {
			s.fatalf("Update returned %v, which does not wrap the error of f", err)
		}
		s.hasPairs("x", "a", "1", "b", "2")
		if err := s.space("x").View(s.ctx, func(activitylog.SpaceTx) error { return why }); !errors.Is(err, why) {
			s.fatalf("View returned %v, which does not wrap the error of f", err)
		}
		s.put("x", "c", "3")
		s.hasPairs("x", "a", "1", "b", "2", "c", "3")
	}},
	{name: "space/view is read-only", must: "View reads: Put and Delete are an error inside View",
		needs: keepsSpaces, run: func(s *subject) {
			s.put("x", "a", "1")
			for _, change := range []func(tx activitylog.SpaceTx) error{
				func(tx activitylog.SpaceTx) error { return tx.Put([]byte("a"), []byte("2")) },
				func(tx activitylog.SpaceTx) error { return tx.Delete([]byte("a")) },
			} {
				var refused error
				_ = s.space("x").View(s.ctx, func(tx activitylog.SpaceTx) error {
					refused = change(tx)
					return nil
				})
				if refused == nil {
					s.fatalf("a change inside View was no error")
				}
				s.hasPairs("x", "a", "1")
			}
		}},
	{name: "space/increments", must: mustUpdate + ": no increment is lost", needs: keepsSpaces, run: spaceIncrements},
	{name: "space/consistent view", must: "View runs f over one consistent state",
		needs: keepsSpaces, run: spaceConsistentView},
	{name: "space/no transaction of another", must: "each space has its own transactions: " +
		"an update of one never waits for or undoes another",
		needs: keepsSpaces, run: func(s *subject) {
			s.together(8, func(i int) error {
				name := fmt.Sprintf("space %d", i)
				for n := range 10 {
					fails := errors.New("every third update fails")
					err := s.space(name).Update(s.ctx, func(tx activitylog.SpaceTx) error {
						if err := tx.Put(fmt.Appendf(nil, "%d", n), []byte(name)); err != nil {
							return err
						}
						if n%3 == 2 {
							return fails
						}
						return nil
					})
					if err != nil && !(n%3 == 2 && errors.Is(err, fails)) {
						return err
					}
				}
				return nil
			})
			for i := range 8 {
				name := fmt.Sprintf("space %d", i)
				s.hasPairs(name, "0", name, "1", name, "3", name, "4", name, "6", name, "7", name, "9", name)
			}
		}},
}

// canceled is a context that has ended.
func (s *subject) canceled() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(s.ctx)
	cancel()
	return ctx, cancel
}

// spaceOwnWrites changes a space at random and compares every step with a map.
func spaceOwnWrites(s *subject) {
	rng := rand.New(rand.NewPCG(5, 5))
	truth := map[string]string{}
	key := func() string { return string([]byte{byte(rng.IntN(4)) * 85, byte(rng.IntN(3)) * 127})[:rng.IntN(3)] }
	for round := range 12 {
		var steps [][3]string // f may run again, so that what it does is decided before
		for range 25 {
			step := [3]string{[]string{"put", "put", "delete", "get", "range"}[rng.IntN(5)], key(), key()}
			if step[0] == "put" {
				step[2] = fmt.Sprint(rng.IntN(1000))
			}
			steps = append(steps, step)
		}
		fails := round%4 == 3
		after := map[string]string{}
		err := s.space("x").Update(s.ctx, func(tx activitylog.SpaceTx) error {
			clear(after)
			for k, v := range truth {
				after[k] = v
			}
			for _, step := range steps {
				if err := spaceStep(tx, after, step); err != nil {
					return err
				}
			}
			if fails {
				return errRollBack
			}
			return nil
		})
		if fails {
			if !errors.Is(err, errRollBack) {
				s.fatalf("Update returned %v, not the error of f", err)
			}
			continue
		}
		s.ok(err, "update %d", round+1)
		truth = after
		s.hasPairs("x", sortedPairs(truth, "", "\xff\xff\xff")...)
	}
}

var errRollBack = errors.New("roll back")

func spaceStep(tx activitylog.SpaceTx, truth map[string]string, step [3]string) error {
	k, v := step[1], step[2]
	switch step[0] {
	case "put":
		truth[k] = v
		return tx.Put([]byte(k), []byte(v))
	case "delete":
		delete(truth, k)
		return tx.Delete([]byte(k))
	case "get":
		got, ok, err := tx.Get([]byte(k))
		if want, there := truth[k]; err == nil && (ok != there || string(got) != want) {
			err = fmt.Errorf("key %q holds %q (%v), not %q (%v)", k, got, ok, want, there)
		}
		return err
	}
	got, err := flat(tx.Range([]byte(k), []byte(v)))
	if want := sortedPairs(truth, k, v); err == nil && fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
		err = fmt.Errorf("the range from %q to %q is %q, not %q", k, v, got, want)
	}
	return err
}

func spaceInsideRange(s *subject) {
	s.put("x", "a", "1", "b", "2", "c", "3")
	s.ok(s.space("x").Update(s.ctx, func(tx activitylog.SpaceTx) error {
		n := 0
		for p, err := range tx.Range([]byte("a"), []byte("d")) {
			if err != nil {
				return err
			}
			n++
			v, ok, err := tx.Get(p.Key)
			if err != nil || !ok {
				return fmt.Errorf("get %q inside a range: %v, %w", p.Key, ok, err)
			}
			inner, err := flat(tx.Range(p.Key, append(p.Key, 0)))
			if err != nil || len(inner) != 2 {
				return fmt.Errorf("a range inside a range yields %q: %w", inner, err)
			}
			if err := errors.Join(tx.Put(append([]byte("z"), p.Key...), v), tx.Delete(p.Key)); err != nil {
				return err
			}
		}
		if n != 3 {
			return fmt.Errorf("the range yielded %d of 3 pairs", n)
		}
		return nil
	}), "update")
	s.hasPairs("x", "za", "1", "zb", "2", "zc", "3")
}

func spaceIncrements(s *subject) {
	const writers, times = 8, 25
	s.together(writers, func(i int) error {
		for range times {
			err := s.space("x").Update(s.ctx, func(tx activitylog.SpaceTx) error {
				v, _, err := tx.Get([]byte("n"))
				if err != nil {
					return err
				}
				n := uint64(0)
				if len(v) == 8 {
					n = binary.BigEndian.Uint64(v)
				}
				mine := fmt.Appendf(nil, "writer %d", i)
				return errors.Join(tx.Put([]byte("n"), binary.BigEndian.AppendUint64(nil, n+1)), tx.Put(mine, v))
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	s.ok(s.space("x").View(s.ctx, func(tx activitylog.SpaceTx) error {
		v, _, err := tx.Get([]byte("n"))
		if err == nil && (len(v) != 8 || binary.BigEndian.Uint64(v) != writers*times) {
			err = fmt.Errorf("after %d increments the counter is %x", writers*times, v)
		}
		return err
	}), "view")
}

// spaceConsistentView moves a value between two keys as long as others look.
func spaceConsistentView(s *subject) {
	const viewers, views, moves = 3, 60, 30
	keys := []string{"left", "right"}
	s.put("x", "left", "*", "other", "-")
	move := func(n int) error {
		return s.space("x").Update(s.ctx, func(tx activitylog.SpaceTx) error {
			return errors.Join(tx.Delete([]byte(keys[n%2])), tx.Put([]byte(keys[(n+1)%2]), []byte("*")))
		})
	}
	look := func(tx activitylog.SpaceTx) error {
		_, left, err1 := tx.Get([]byte("left"))
		runtime.Gosched()
		all, err2 := flat(tx.Range(nil, nil))
		_, right, err3 := tx.Get([]byte("right"))
		if err := errors.Join(err1, err2, err3); err != nil {
			return err
		}
		if left == right || len(all) != 4 {
			return fmt.Errorf("one view sees left: %v, right: %v, all: %q", left, right, all)
		}
		return nil
	}
	var looking, moved atomic.Int32
	looking.Store(viewers)
	s.together(viewers+1, func(i int) error {
		if i < viewers {
			defer looking.Add(-1)
			for n := 0; n < views || moved.Load() < moves; n++ {
				if err := s.space("x").View(s.ctx, look); err != nil {
					return err
				}
			}
			return nil
		}
		defer moved.Add(moves)
		for n := 0; looking.Load() > 0; n++ {
			if err := move(n); err != nil {
				return err
			}
			moved.Add(1)
			if n%3 != 0 { // no even rhythm
				runtime.Gosched()
			}
		}
		return nil
	})
}
