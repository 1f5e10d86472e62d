package alerts

import (
	"math"
	"time"
)

// localDays are the calendar days of a zone in which quarters of an hour lie. Those of which there are cells are known.
type localDays struct {
	zone  *time.Location
	first int32   // quarter
	days  []int32 // of the quarters from first on; unknownDay for those without cells
}

const unknownDay = math.MinInt32

// newLocalDays are the days of cells and of a past.
func newLocalDays(cells []*cell, past [][]pastSum, zone *time.Location) localDays {
	first, last, n := int32(math.MaxInt32), int32(math.MinInt32), len(cells)
	if n > 0 {
		first, last = cells[0].key.quarter, cells[n-1].key.quarter
	}
	for _, sums := range past {
		n += len(sums)
		first, last = min(first, sums[0].quarter), max(last, sums[len(sums)-1].quarter)
	}
	l := localDays{zone: zone, first: first}
	if n == 0 || scattered(first, last, n) {
		return l
	}
	l.days = make([]int32, last-first+1)
	for i := range l.days {
		l.days[i] = unknownDay
	}
	for _, c := range cells {
		l.learn(c.key.quarter)
	}
	for _, sums := range past {
		for i := range sums {
			l.learn(sums[i].quarter)
		}
	}
	return l
}

func (l *localDays) learn(quarter int32) {
	if d := &l.days[quarter-l.first]; *d == unknownDay {
		*d = localDay(timeOf(quarter), l.zone)
	}
}

// of is the number of the day that a quarter of an hour lies in.
func (l *localDays) of(quarter int32) int32 {
	if i := int(quarter) - int(l.first); i >= 0 && i < len(l.days) && l.days[i] != unknownDay {
		return l.days[i]
	}
	return localDay(timeOf(quarter), l.zone)
}

// scattered tells whether n things lie so far apart that a list of all quarters of an hour between them would be long.
func scattered(first, last int32, n int) bool { return int(last)-int(first) > 16*n+1024 }

// localDay is the number of the calendar day of t in zone, 0 being 1970-01-01.
func localDay(t time.Time, zone *time.Location) int32 {
	y, m, d := t.In(zone).Date()
	return int32(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / (24 * 60 * 60))
}
