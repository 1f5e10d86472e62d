package retention

import "sync"

// Stats are counters since New.
type Stats struct {
	Purges   int64 // that ended, whether with an error or not
	Deleted  int64
	Archived int64
	Batches  int64 // transactions that deleted
	Months   int64 // that went at once
}

type stats struct {
	mu sync.Mutex
	s  Stats
}

func (s *stats) add(r Report) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.s.Purges++
	s.s.Deleted += r.Deleted
	s.s.Archived += r.Archived
	s.s.Batches += int64(r.Batches)
	s.s.Months += int64(r.Months)
}

// Stats returns the counters.
func (k *Keeper) Stats() Stats {
	k.stats.mu.Lock()
	defer k.stats.mu.Unlock()
	return k.stats.s
}
