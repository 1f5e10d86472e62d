package storetest

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/activitylog/activitylog"
)

const mustTail = "Tail returns events after a position, none twice and none skipped under any number of concurrent writers"

var tailCases = []testCase{
	{name: "tail/everything", must: mustTail + ", in the order in which they became visible",
		needs: tails, run: func(s *subject) {
			f := s.follow("")
			if n := f.read(10); n != 0 {
				s.fatalf("Tail of an empty store returned %d events", n)
			}
			// Times run backwards, so that the order for people is another one.
			for n := 40; n > 0; n-- {
				s.append(sample(n))
			}
			f.expect(samples(1, 40)...)
			for i, t := range f.got {
				if want := sample(40 - i); t.Event.ID != want.ID {
					s.fatalf("event %d that Tail returns is %s; the one that became visible then is %s", i+1, short(&t.Event), short(&want))
				}
			}
		}},
	{name: "tail/from every position", must: "a Position is the place right behind an event: Tail goes on from each of them",
		needs: tails, run: func(s *subject) {
			for batch := range 6 {
				s.append(samples(batch*5, batch*5+4)...)
			}
			first := s.follow("")
			first.expect(samples(0, 29)...)
			for i, t := range first.got {
				for _, limit := range []int{1, 3, 1000} {
					f := s.follow(t.Position)
					f.limit = limit
					f.expectTailed(first.got[i+1:])
				}
			}
		}},
	{name: "tail/limit", must: "Tail returns up to limit events, and the position to go on from even when there is no event",
		needs: tails, run: func(s *subject) {
			s.append(samples(1, 10)...)
			f := s.follow("")
			f.expect(samples(1, 10)...)
			for _, limit := range []int{1, 9, 10, 11} {
				got, next, err := s.store.(activitylog.Tailer).Tail(s.ctx, "", limit)
				s.ok(err, "tail")
				if len(got) != min(limit, 10) {
					s.fatalf("Tail with limit %d returned %d of 10 events", limit, len(got))
				}
				f := s.follow(next)
				f.expectTailed(s.tailed(10)[len(got):])
			}
			end := f.at
			for range 3 {
				if n := f.read(10); n != 0 {
					s.fatalf("Tail returned %d events behind the last one", n)
				}
			}
			s.append(sample(11))
			f.expect(samples(1, 11)...)
			s.follow(end).expect(sample(11))
		}},
	{name: "tail/end", must: "After End Tail returns no event and the position of the end",
		needs: tails, run: func(s *subject) {
			empty := s.follow(activitylog.End)
			empty.read(10)
			s.append(samples(1, 5)...)
			s.tailed(5)
			f := s.follow(activitylog.End)
			if n := f.read(10); n != 0 {
				s.fatalf("Tail returned %d events after End", n)
			}
			if f.at == activitylog.End {
				s.fatalf("Tail returned End itself as the position to go on from")
			}
			s.append(samples(6, 7)...)
			f.expect(samples(6, 7)...)
			empty.expect(samples(1, 7)...)
		}},
	{name: "tail/what was not stored", must: mustTail + "; an event that was skipped or refused is no new one",
		needs: tails, run: func(s *subject) {
			s.append(samples(1, 3)...)
			f := s.follow("")
			f.expect(samples(1, 3)...)
			s.append(samples(2, 4)...)
			if err := s.store.Append(s.ctx, []activitylog.Event{sample(5), sample(1, saying("other"))}); err == nil && !s.h.NoConflict {
				s.fatalf("a conflict was no error")
			}
			if s.h.NoConflict {
				f.expect(samples(1, 5)...)
				return
			}
			f.expect(samples(1, 4)...)
		}},
	{name: "tail/concurrent writers", must: mustTail, needs: tails, run: tailWriters},
}

// follower reads on from a position and collects what it gets.
type follower struct {
	s     *subject
	at    activitylog.Position
	limit int
	got   []activitylog.Tailed
}

func (s *subject) follow(after activitylog.Position) *follower {
	return &follower{s: s, at: after, limit: 7}
}

// read reads once and returns how many events there were.
func (f *follower) read(limit int) int {
	n, err := f.tryRead(limit)
	f.s.ok(err, "tail")
	return n
}

func (f *follower) tryRead(limit int) (int, error) {
	events, next, err := f.s.store.(activitylog.Tailer).Tail(f.s.ctx, f.at, limit)
	if err != nil {
		return 0, err
	}
	if len(events) > limit {
		return 0, fmt.Errorf("tail with limit %d returned %d events", limit, len(events))
	}
	f.at = next
	f.got = append(f.got, events...)
	return len(events), nil
}

// catchUp reads until it has n events in all, and once more. A store may hold back what was just committed for a
// moment, while older transactions are open.
func (f *follower) catchUp(n int) {
	for waited := time.Duration(0); ; {
		if f.read(f.limit) > 0 {
			continue
		}
		if len(f.got) >= n || waited > f.s.lag {
			return
		}
		pause := time.NewTimer(5 * time.Millisecond)
		<-pause.C
		waited += 5 * time.Millisecond
	}
}

// expect reads to the end and compares all that was read, in any order.
func (f *follower) expect(want ...activitylog.Event) {
	f.catchUp(len(want))
	seen := map[activitylog.Key]bool{}
	var events []activitylog.Event
	for _, t := range f.got {
		if k := activitylog.KeyOf(&t.Event); seen[k] {
			f.s.fatalf("Tail returned %s twice", short(&t.Event))
		} else {
			seen[k] = true
		}
		events = append(events, t.Event)
	}
	got, all := list(events...), list(want...)
	f.s.same(got.events, all.events, "all that Tail returned, sorted")
}

// expectTailed reads to the end and compares what was read with what another follower read.
func (f *follower) expectTailed(want []activitylog.Tailed) {
	f.catchUp(len(want))
	if len(f.got) != len(want) {
		f.s.fatalf("Tail returned %d events where there were %d before", len(f.got), len(want))
	}
	for i := range want {
		if f.got[i].Event.ID != want[i].Event.ID || f.got[i].Event.Org != want[i].Event.Org {
			f.s.fatalf("Tail returned %s where %s was before", short(&f.got[i].Event), short(&want[i].Event))
		}
	}
}

// tailed returns what there is, which are n events.
func (s *subject) tailed(n int) []activitylog.Tailed {
	f := s.follow("")
	f.catchUp(n)
	if len(f.got) != n {
		s.fatalf("Tail returned %d events of %d", len(f.got), n)
	}
	return f.got
}

// tailWriters follows 8 writers while they write, from the start and from the middle.
func tailWriters(s *subject) {
	const writers, batches = 8, 30
	var all sync.WaitGroup
	errs := make(chan error, writers)
	for w := range writers {
		all.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(w), 3))
			n := w * 1000
			for range batches {
				size := 1 + rng.IntN(6)
				if err := s.store.Append(s.ctx, samples(n, n+size-1)); err != nil {
					errs <- err
					return
				}
				n += size
			}
		})
	}
	done := make(chan struct{})
	go func() {
		all.Wait()
		close(done)
	}()
	rng := rand.New(rand.NewPCG(99, 3))
	f, second := s.follow(""), (*follower)(nil)
	for writing := true; writing; {
		select {
		case <-done:
			writing = false
		default:
		}
		f.read(1 + rng.IntN(20))
		if second == nil && len(f.got) > 100 {
			second = s.follow(f.at)
			second.got = append(second.got, f.got...)
		}
		if second != nil && rng.IntN(3) == 0 {
			second.read(1 + rng.IntN(50))
		}
	}
	select {
	case err := <-errs:
		s.ok(err, "append beside 7 other writers and a follower")
	default:
	}
	stored := s.scan(activitylog.StoreQuery{})
	f.expect(stored...)
	if second != nil {
		second.expect(stored...)
	}
}
