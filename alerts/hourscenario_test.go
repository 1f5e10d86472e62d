package alerts_test

import (
	"fmt"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
)

func hourScenarios() []scenario {
	learned := alerts.Config{OffHours: alerts.OffHoursConfig{Tail: 0.02, Events: 2, Hours: 1, Past: 40, Prior: 20, History: 180, Learning: 14, Active: 5}}
	one := func(name string, want []string, tell func(*story)) scenario {
		return scenario{name: name, rule: alerts.OffHours, want: want, tell: tell, config: learned}
	}
	// work is from nine to five on weekdays, on so many of them.
	work := func(s *story, from, to int, actor string, changes ...change) {
		for day := from; day < to; day++ {
			if day%7 < 5 {
				for hour := 9; hour < 17; hour++ {
					s.add(on(day, hour, 10), actor, "project.update", changes...)
				}
			}
		}
	}
	night := func(s *story, n int, actor string, changes ...change) {
		s.times(n, on(42, 2, 0), actor, "project.update", changes...)
	}
	calendar := func(name string, want []string, tell func(*story)) scenario {
		s := one(name, want, tell)
		s.config.OffHours.Calendar = &alerts.Calendar{
			Zone: "Europe/Berlin", Days: [7]string{1: "08:00-18:00", 2: "08:00-18:00", 3: "08:00-18:00", 4: "08:00-18:00", 5: "08:00-16:00"}, Holidays: []string{"2026-04-06"},
		}
		return s
	}
	long := one("nights of half a year ago", []string{"actor_day low ada"}, func(s *story) {
		s.daily(0, 20, 2, "ada", "project.update", func(e *activitylog.Event) { e.Time = e.Time.Add(-8 * time.Hour) })
		work(s, 190, 260, "ada")
		s.times(2, on(260, 2, 0), "ada", "project.update")
	})
	long.from, long.at = on(250, 0, 0), on(270, 0, 0)
	late := func(name string, want []string, known bool, times ...int) scenario {
		s := one(name, want, func(s *story) {
			if known {
				s.add(on(1, times[0], 0), "ada", "project.update")
			}
			work(s, 0, 42, "ada")
			for _, hour := range times {
				s.add(on(42, hour, 20), "ada", "project.update")
			}
		})
		s.config.OffHours.Tail, s.config.OffHours.Hours = 0.03, 2
		return s
	}
	return []scenario{
		late("an hour late", nil, false, 18, 18),
		late("an hour early and an hour late", []string{"actor_day low ada"}, false, 7, 18),
		late("one hour of the night is enough", []string{"actor_day low ada"}, true, 2, 2),
		long,
		one("rare, not unknown", []string{"actor_day low ada"}, func(s *story) {
			s.add(on(1, 2, 0), "ada", "project.update")
			work(s, 0, 42, "ada")
			night(s, 2, "ada")
		}),
		one("a night owl among others", nil, func(s *story) {
			for i := range 20 {
				work(s, 0, 42, fmt.Sprintf("day%d", i))
			}
			for day := range 42 {
				s.add(on(day, 2, 0), "ada", "project.update")
			}
			night(s, 2, "ada")
		}),
		one("at night", []string{"actor_day low ada"}, func(s *story) { work(s, 0, 42, "ada"); night(s, 2, "ada") }),
		one("once at night", nil, func(s *story) { work(s, 0, 42, "ada"); night(s, 1, "ada") }),
		one("an hour that is rare but known", nil, func(s *story) {
			work(s, 0, 42, "ada")
			for day := range 14 {
				s.add(on(3*day, 2, 0), "ada", "project.update")
			}
			night(s, 2, "ada")
		}),
		one("refused at night", nil, func(s *story) { work(s, 0, 42, "ada"); night(s, 5, "ada", denied) }),
		one("a service at night", nil, func(s *story) { work(s, 0, 42, "ada", by("service")); night(s, 5, "ada", by("service")) }),
		one("39 events are too few", nil, func(s *story) {
			for day := range 39 {
				s.add(on(day, 10, 0), "ada", "project.update")
			}
			night(s, 2, "ada")
		}),
		one("40 events are enough", []string{"actor_day low ada"}, func(s *story) {
			for day := range 40 {
				s.add(on(day, 10, 0), "ada", "project.update")
			}
			night(s, 2, "ada")
		}),
		one("less than a fortnight", nil, func(s *story) { work(s, 29, 42, "ada"); night(s, 2, "ada") }),
		one("four days of work", nil, func(s *story) {
			for _, day := range []int{14, 21, 28, 35} {
				s.times(30, on(day, 10, 0), "ada", "project.update")
			}
			night(s, 2, "ada")
		}),
		one("the organization's hours count too", nil, func(s *story) {
			s.times(8, on(0, 10, 0), "ada", "project.update")
			for day := range 8 {
				s.times(5, on(day*5, 10, 0), "ada", "project.update")
			}
			for i := range 20 {
				for day := range 42 {
					s.times(2, on(day, 2, 0), fmt.Sprintf("night%d", i), "project.update")
				}
			}
			night(s, 2, "ada")
		}),
		one("evening in the office is morning in Auckland", nil, func(s *story) {
			for day := range 42 {
				s.times(4, on(day, 21, 0), "ada", "project.update", inZone("Pacific/Auckland")) // 10 o'clock, then 9
			}
			s.times(4, on(42, 22, 0), "ada", "project.update", inZone("Pacific/Auckland"))
		}),
		one("Kathmandu is a quarter of an hour off", []string{"actor_day low ada"}, func(s *story) {
			for day := range 42 {
				s.times(4, on(day, 6, 20), "ada", "project.update", inZone("Asia/Kathmandu")) // 12:05
			}
			s.times(4, on(42, 18, 20), "ada", "project.update", inZone("Asia/Kathmandu"))
		}),
		one("a fixed offset is a zone", []string{"actor_day low ada"}, func(s *story) {
			for day := range 42 {
				s.times(4, on(day, 18, 0), "ada", "project.update", inZone("-07:00"))
			}
			s.times(4, on(42, 6, 0), "ada", "project.update", inZone("-07:00"))
		}),
		one("the clocks change", nil, func(s *story) {
			for day := range 60 { // Berlin changes on day 27: nine o'clock is eight, then seven of UTC
				utc := 8
				if day >= 27 {
					utc = 7
				}
				s.times(4, on(day, utc, 0), "ada", "project.update", inZone("Europe/Berlin"))
			}
		}),
		calendar("sensitive things at night, by calendar", []string{"calendar low ada"}, func(s *story) {
			s.times(2, on(15, 20, 0), "ada", "member.add", to("user", "x"))
		}),
		calendar("by day, by calendar", nil, func(s *story) { s.times(2, on(15, 12, 0), "ada", "member.add", to("user", "x")) }),
		calendar("nothing sensitive, by calendar", nil, func(s *story) { s.times(9, on(15, 20, 0), "ada", message) }),
		calendar("a holiday, by calendar", []string{"calendar low ada"}, func(s *story) {
			s.times(2, on(35, 12, 0), "ada", "member.add", to("user", "x"))
		}),
		calendar("summer time, by calendar", []string{"calendar low ada"}, func(s *story) {
			s.times(2, on(29, 16, 30), "ada", "member.add", to("user", "x")) // 18:30 in summer
			s.times(2, on(22, 16, 30), "bob", "member.add", to("user", "x")) // 17:30 in winter
		}),
	}
}
