package alerts

import "fmt"

// events takes number and ids of the events from their sum.
func (f *Finding) events(s *Sum) {
	f.Count, f.First, f.Last, f.Largest, f.backfilled = s.Count, s.First.ID, s.Last.ID, s.Peak.ID, s.Backfilled
}

// marks takes them from marks in the order of time. Without a size the last is the largest.
func (f *Finding) marks(list []*Mark) {
	f.Count, f.backfilled = int64(len(list)), 0
	if len(list) == 0 {
		return
	}
	f.First, f.Last, f.Largest = list[0].ID, list[len(list)-1].ID, list[len(list)-1].ID
	size := int64(0)
	for _, m := range list {
		if m.Size > size {
			f.Largest, size = m.ID, m.Size
		}
		if m.Backfill {
			f.backfilled++
		}
	}
}

// messageCountIn counts the messages of a cell.
func messageCountIn(v *view) func(*cell) float64 {
	return func(c *cell) float64 {
		if !isMessage(v.f.names.text(c.key.action)) {
			return 0
		}
		return float64(c.sum.Count)
	}
}

// hoursOf are the figures of a day by its hours in the organization's zone.
func (v *view) hoursOf(d *daySum, value func(*cell) float64) map[string]float64 {
	return v.group(d, value, func(c *cell) string {
		return fmt.Sprintf("%02d:00", timeOf(c.key.quarter).In(v.c.Zone).Hour())
	})
}

func (v *view) actionsOf(d *daySum, value func(*cell) float64) map[string]float64 {
	return v.group(d, value, func(c *cell) string { return v.f.names.text(c.key.action) })
}

func (v *view) modelsOf(d *daySum, value func(*cell) float64) map[string]float64 {
	return v.group(d, value, func(c *cell) string { return v.f.names.text(c.key.model) })
}

func (v *view) group(d *daySum, value func(*cell) float64, name func(*cell) string) map[string]float64 {
	m := map[string]float64{}
	for _, i := range d.cells {
		if x := value(v.cells[i]); x != 0 {
			m[name(v.cells[i])] += x
		}
	}
	return m
}
