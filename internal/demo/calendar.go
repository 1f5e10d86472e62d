package demo

import (
	"math"
	"time"
	_ "time/tzdata" // the same zones on every machine, also where none are installed
)

// location loads a zone of the tables in this package.
func location(name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		panic("demo: " + err.Error()) // tzdata is built in, so that the table must be wrong
	}
	return loc
}

// A day is a date of the calendar in no particular zone, kept as its midnight in UTC.

// dayOf is the day in loc at t.
func dayOf(t time.Time, loc *time.Location) time.Time {
	y, m, d := t.In(loc).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// clock is the moment when the clocks of loc show that hour of the day; 9.5 is half past nine.
func clock(day time.Time, hour float64, loc *time.Location) time.Time {
	y, m, d := day.Date()
	us := int(math.Round(hour * 3600e6))
	return time.Date(y, m, d, 0, 0, us/1e6, us%1e6*1e3, loc).UTC()
}

// daysBetween is how many days later b is than a.
func daysBetween(a, b time.Time) int { return int(b.Sub(a).Hours() / 24) }

func weekend(day time.Time) bool {
	return day.Weekday() == time.Saturday || day.Weekday() == time.Sunday
}

// weekdays is how busy people are on the days of a week.
var weekdays = [...]float64{time.Monday: 0.97, time.Tuesday: 1.08, time.Wednesday: 1.08, time.Thursday: 1.03, time.Friday: 0.84}

// workday tells whether the organization works on day.
func (o *org) workday(day time.Time) bool { return !weekend(day) && !day.Equal(o.holiday) }

// workdayBack is the n-th working day before the day of End.
func (o *org) workdayBack(n int) time.Time {
	day := o.lastDay
	for n > 0 {
		day = day.AddDate(0, 0, -1)
		if o.workday(day) {
			n--
		}
	}
	return day
}

// workdayAfter is the n-th working day after day; n 0 is day itself.
func (o *org) workdayAfter(day time.Time, n int) time.Time {
	for n > 0 {
		day = day.AddDate(0, 0, 1)
		if o.workday(day) {
			n--
		}
	}
	return day
}

// due tells whether something falls on day that happens every so many days, for the last time first days before End.
// What would fall on a day off is done on the working day before.
func (o *org) due(day time.Time, every, first int) bool {
	if !o.workday(day) {
		return false
	}
	for {
		if back := daysBetween(day, o.lastDay) - first; back >= 0 && back%every == 0 {
			return true
		}
		if day = day.AddDate(0, 0, 1); o.workday(day) {
			return false
		}
	}
}
