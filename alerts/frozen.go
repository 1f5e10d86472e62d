package alerts

// Freeze puts into f, a recount of the events that are kept, what old figures of the same time hold of events that were
// purged since. In an hour in which old figures count more, each sum that shrank or vanished stays as it was; in all
// others the recount decides. Marks, first times and days of activity are never lost. Old may come out in another order.
func (f *Figures) Freeze(old *Figures) {
	f.settle()
	old.settle()
	before, now := old.perHour(), f.perHour()
	for k, s := range old.cells {
		h := floorHour(k.quarter)
		if before[h] <= now[h] {
			continue
		}
		key := f.key(old.cell(k))
		if kept := f.cells[key]; kept == nil || kept.Count < s.Count {
			f.cells[key] = s
		}
	}
	for id, m := range old.marks {
		if _, ok := f.marks[id]; !ok {
			f.addMark(m)
		}
	}
	for k, v := range old.firsts {
		f.saw(f.translate(old, k), v)
	}
}

func (f *Figures) perHour() map[int32]int64 {
	n := map[int32]int64{}
	for k, s := range f.cells {
		n[floorHour(k.quarter)] += s.Count
	}
	return n
}
