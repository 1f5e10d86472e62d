package storetest

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/activitylog/activitylog"
)

const (
	mustAll  = "Append must store all events or none"
	mustSkip = "an event whose (Org, ID) exists must be skipped if Event.SameContent holds"
	mustFail = "an event whose (Org, ID) exists must fail the whole call with a ConflictError if Event.SameContent does not hold"
)

var appendCases = []testCase{
	{name: "append/stores all", must: mustAll, run: func(s *subject) {
		s.append()
		s.holds(list())
		s.append(samples(0, 0)...)
		s.append(samples(1, 70)...)
		s.holds(list(samples(0, 70)...))
	}},
	{name: "append/large batch", must: mustAll + ", however many parameters of a statement that takes",
		run: func(s *subject) {
			events := samples(1, 3000)
			s.append(events...)
			s.yields(activitylog.StoreQuery{}, list(events...))
		}},
	{name: "append/again", must: mustSkip + "; Recorded, Leaf and Opening are no part of the content", run: appendAgain},
	{name: "append/twice in one batch", must: mustSkip + ", within one call too", run: func(s *subject) {
		again := sample(1)
		again.Recorded, again.Leaf = again.Recorded.Add(time.Hour), []byte("leaf")
		s.append(sample(0), sample(1), again, sample(2), sample(1))
		s.holds(list(samples(0, 2)...))
	}},
	{name: "append/conflict", must: mustFail, needs: conflicts, run: appendConflict},
	{name: "append/conflict in one batch", must: mustFail + ", within one call too",
		needs: conflicts, run: func(s *subject) {
			other := sample(2, saying("something else"))
			s.refuse(s.store.Append(s.ctx, []activitylog.Event{sample(1), sample(2), sample(3), other, sample(4)}), &other)
			s.holds(list())
			s.append(samples(1, 4)...)
			s.holds(list(samples(1, 4)...))
		}},
	{name: "append/what counts as conflict", must: mustFail + ", whatever the field that differs",
		needs: conflicts, run: conflictFields},
	{name: "append/same id in two organizations", must: "an event is the same only by (Org, ID)", run: func(s *subject) {
		events := []activitylog.Event{sample(1), sample(1, inOrg("globex"), saying("other content")),
			sample(1, inOrg("ACME")), sample(1, inOrg("acme "))}
		s.append(events[:2]...)
		s.append(events[2:]...)
		s.append(events...)
		s.holds(list(events...))
		for _, e := range events {
			s.yields(activitylog.StoreQuery{Org: e.Org, Filter: activitylog.IDIs(e.ID)}, list(events...))
		}
	}},
	{name: "append/canceled", must: "a store must honour its context; " + mustAll, run: func(s *subject) {
		ctx, cancel := context.WithCancel(s.ctx)
		cancel()
		if err := s.store.Append(ctx, samples(1, 3)); !errors.Is(err, context.Canceled) {
			s.fatalf("Append with a canceled context returned %v instead of %v", err, context.Canceled)
		}
		s.holds(list())
	}},
	{name: "append/interrupted", must: mustAll + "; an error that leaves open whether the events were stored must wrap ErrOutcomeUnknown",
		run: appendInterrupted},
}

func appendAgain(s *subject) {
	events := samples(1, 5)
	for i := range events {
		events[i].Leaf, events[i].Opening = []byte{1}, []byte{2}
	}
	s.append(events...)
	want := list(events...)
	s.append(events...)
	again := samples(1, 5)
	for i := range again {
		again[i].Recorded = again[i].Recorded.Add(time.Minute)
		again[i].Leaf, again[i].Opening = []byte{3}, nil
	}
	s.append(again...)
	s.holds(want)
	mixed := append(samples(6, 8), again...)
	s.append(mixed...)
	want.add(samples(6, 8)...)
	s.holds(want)
}

func appendConflict(s *subject) {
	s.append(samples(1, 5)...)
	other := sample(3, saying("something else"))
	for _, batch := range [][]activitylog.Event{
		{other},
		{sample(6), sample(7), other},
		{other, sample(6), sample(7)},
		{sample(1), sample(6), other, sample(7), sample(2)},
	} {
		s.refuse(s.store.Append(s.ctx, batch), &other)
		s.holds(list(samples(1, 5)...))
	}
	s.append(samples(6, 7)...)
	s.holds(list(samples(1, 7)...))
}

// conflictFields changes one field at a time, also such that an index of a store may take for the same.
func conflictFields(s *subject) {
	s.append(sample(1))
	for _, change := range []func(e *activitylog.Event){
		func(e *activitylog.Event) { e.Time = e.Time.Add(time.Microsecond) },
		func(e *activitylog.Event) { e.Duration = time.Microsecond },
		func(e *activitylog.Event) { e.Project = "" },
		func(e *activitylog.Event) { e.Actor.Name = "ada" },
		func(e *activitylog.Event) { e.Outcome = activitylog.Unknown },
		func(e *activitylog.Event) { e.Reason = " " },
		func(e *activitylog.Event) { e.Targets = append(e.Targets, activitylog.Target{}) },
		func(e *activitylog.Event) { e.Changes = []activitylog.Change{{Path: "p", Old: ""}} },
		func(e *activitylog.Event) { e.AI = &activitylog.AIUsage{} },
		func(e *activitylog.Event) { e.Labels = map[string]string{"env": "prod", "x": ""} },
		func(e *activitylog.Event) { e.Metadata["n"] = "1" },
		func(e *activitylog.Event) { e.Metadata["new"] = nil },
		func(e *activitylog.Event) { e.Backfill = true },
		func(e *activitylog.Event) { e.Expires = e.Time },
		func(e *activitylog.Event) { e.Completes = e.ID },
	} {
		other := sample(1, change)
		s.refuse(s.store.Append(s.ctx, []activitylog.Event{other}), &other)
	}
	s.holds(list(sample(1)))
}

// appendInterrupted lets contexts end at random moments, so that some do while the store commits.
func appendInterrupted(s *subject) {
	rng := rand.New(rand.NewPCG(1, 2))
	var want oracle
	took := time.Millisecond
	for round := range 60 {
		batch := samples(round*10, round*10+9)
		ctx, cancel := context.WithTimeout(s.ctx, time.Duration(rng.Int64N(int64(2*took))))
		before := time.Now()
		err := s.store.Append(ctx, batch)
		took = (3*took + time.Since(before)) / 4
		cancel()
		if errors.Is(err, activitylog.ErrOutcomeUnknown) {
			// It may still land. Appending the same again is what settles it.
			if again := s.store.Append(s.ctx, batch); again != nil {
				s.fatalf("Append after an unknown outcome returned %v", again)
			}
		}
		stored := len(s.scan(activitylog.StoreQuery{Filter: activitylog.IDIs(ids(batch)...)}))
		switch {
		case stored != 0 && stored != len(batch):
			s.fatalf("Append returned %v and stored %d of %d events", err, stored, len(batch))
		case err == nil && stored == 0:
			s.fatalf("Append returned no error and stored nothing")
		case err != nil && !errors.Is(err, activitylog.ErrOutcomeUnknown) && stored > 0:
			s.fatalf("Append stored all events and returned %v, which does not wrap ErrOutcomeUnknown", err)
		}
		if stored > 0 {
			want.add(batch...)
		}
	}
	s.holds(want)
}
