package alerts

// Seen remembers first times that were kept already, so that a busy log does not keep them over and over. It is a
// bounded help that may forget. The zero value knows nothing. It is not safe for concurrent use.
type Seen struct{ times map[seenKey]int64 }

type seenKey struct {
	org, actor, value string
	day               int32
	dim               dimension
}

// maxSeen is how many first times are remembered: some 10 MB.
const maxSeen = 100_000

// Cut takes out of f, the figures of some events of org, the first times that are later than remembered ones.
func (s *Seen) Cut(org string, f *Figures) {
	for k, v := range f.firsts {
		if t, ok := s.times[s.key(org, f, k)]; ok && t < v.Time.UnixMicro() {
			delete(f.firsts, k)
		}
	}
}

// Add remembers the first times of f, now that they are kept.
func (s *Seen) Add(org string, f *Figures) {
	if s.times == nil || len(s.times) > maxSeen {
		s.times = map[seenKey]int64{}
	}
	for k, v := range f.firsts {
		key, t := s.key(org, f, k), v.Time.UnixMicro()
		if old, ok := s.times[key]; !ok || t < old {
			s.times[key] = t
		}
	}
}

func (s *Seen) key(org string, f *Figures, k firstKey) seenKey {
	return seenKey{org, f.names.text(k.actor), f.names.text(k.value), k.day, k.dim}
}
