package alerteval

import (
	"slices"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
)

// hoursResult is what the rule of unusual hours makes of people's own times.
type hoursResult struct {
	ActorDays  int                `json:"actor_days"`
	Judged     int                `json:"judged_actor_days"` // of actors with enough past
	Found      int                `json:"found"`
	Part       float64            `json:"found_part_of_judged"`
	Changes    hoursWeeks         `json:"clock_change_weeks"`
	Others     hoursWeeks         `json:"other_weeks"`
	Shifted    int                `json:"days_shifted_by_12_hours"`
	ShiftFound int                `json:"shifted_found"`
	Recall     float64            `json:"shifted_recall"`
	Plain      map[string]float64 `json:"plain_part_of_judged"`
}

type hoursWeeks struct {
	Judged int     `json:"judged_actor_days"`
	Found  int     `json:"found"`
	Part   float64 `json:"part"`
}

// personDay is what one person did on one day of their own.
type personDay struct {
	actor string
	date  string // on the person's clock
	rows  []int
	past  int // events before it
	days  int // days before it
	since time.Time
}

// local is a time on the person's clock.
func (r *row) local() time.Time {
	return r.time.Add(time.Duration(r.number["tz_offset_min"]) * time.Minute)
}

// zoned tells whether rows have an offset.
func (r *row) zoned() bool { return zoneOf(r) != "" }

// hours measures the rule on the people of one organization at a time, as it learns them.
func (s *set) hours(cat *activitylog.Catalog, c alerts.Config, samples int) (hoursResult, bool) {
	res := hoursResult{Plain: map[string]float64{}}
	byOrg := map[string]*set{}
	for i := range s.rows {
		if r := &s.rows[i]; r.zoned() && r.actor != "" {
			org := r.text["org"]
			if byOrg[org] == nil {
				byOrg[org] = &set{name: s.name + "/" + org, form: ofEvents}
			}
			byOrg[org].rows = append(byOrg[org].rows, *r)
		}
	}
	plain := map[string]int{}
	for _, org := range sortedKeys(byOrg) {
		byOrg[org].hoursOf(cat, c, samples/len(byOrg), &res, plain)
	}
	if res.Judged == 0 {
		return res, false
	}
	res.Part, res.Recall = part(res.Found, res.Judged), part(res.ShiftFound, res.Shifted)
	res.Changes.Part, res.Others.Part = part(res.Changes.Found, res.Changes.Judged), part(res.Others.Found, res.Others.Judged)
	for name, n := range plain {
		res.Plain[name] = part(n, res.Judged)
	}
	return res, true
}

func (s *set) hoursOf(cat *activitylog.Catalog, conf alerts.Config, samples int, res *hoursResult, plain map[string]int) {
	days := s.personDays()
	res.ActorDays += len(days)
	c := conf.Defaults().OffHours
	judged := slices.DeleteFunc(slices.Clone(days), func(d personDay) bool {
		first := s.rows[d.rows[0]].local()
		return d.past < c.Past || d.days < c.Active || int(dayOf(first)-dayOf(d.since)) < c.Learning
	})
	found := s.offHours(cat, conf, nil)
	for _, d := range judged {
		hit := found[d.actor+d.date]
		weeks := &res.Others
		if changed(&s.rows[d.rows[0]]) {
			weeks = &res.Changes
		}
		weeks.Judged++
		res.Judged++
		if hit {
			weeks.Found++
			res.Found++
		}
		for name, outside := range plainHours {
			if slices.ContainsFunc(d.rows, func(i int) bool { return outside(&s.rows[i]) }) {
				plain[name]++
			}
		}
	}
	judged = slices.DeleteFunc(judged, func(d personDay) bool { return len(d.rows) < c.Events })
	s.shift(cat, conf, judged, samples, res)
}

// shift moves whole days of work by twelve hours, one of each person at a time, and looks whether they are found.
func (s *set) shift(cat *activitylog.Catalog, conf alerts.Config, judged []personDay, samples int, res *hoursResult) {
	if len(judged) == 0 {
		return
	}
	d := dice(s.name, alerts.OffHours)
	var rounds []map[string]personDay
	for range samples {
		p := judged[d.IntN(len(judged))]
		i := slices.IndexFunc(rounds, func(r map[string]personDay) bool { _, used := r[p.actor]; return !used })
		if i < 0 {
			rounds = append(rounds, map[string]personDay{})
			i = len(rounds) - 1
		}
		rounds[i][p.actor] = p
	}
	for _, round := range rounds {
		moved := map[int]time.Duration{}
		for _, p := range round {
			for _, i := range p.rows {
				if moved[i] = 12 * time.Hour; s.rows[i].local().Hour() >= 12 {
					moved[i] = -12 * time.Hour
				}
			}
		}
		found := s.offHours(cat, conf, moved)
		for _, p := range round {
			res.Shifted++
			if found[p.actor+p.date] {
				res.ShiftFound++
			}
		}
	}
}

// offHours are the days of people that the rule finds, with some rows moved.
func (s *set) offHours(cat *activitylog.Catalog, conf alerts.Config, moved map[int]time.Duration) map[string]bool {
	f := &alerts.Figures{}
	zones := map[string][]*row{}
	for i := range s.rows {
		e := s.event(cat, i)
		e.Time = e.Time.Add(moved[i])
		f.Add(&e)
		zones[e.Actor.ID] = append(zones[e.Actor.ID], &s.rows[i])
	}
	from, to := s.span()
	out := map[string]bool{}
	for _, x := range alerts.Judge(f, startOf(from), to.Add(day), only(conf, alerts.OffHours)) {
		out[x.Subject.ID+localDate(zones[x.Subject.ID], x.Window.From)] = true
	}
	return out
}

// localDate is the date of a time on a person's clock: with the offset of their event next to it.
func localDate(rows []*row, t time.Time) string {
	i, _ := slices.BinarySearchFunc(rows, t, func(r *row, t time.Time) int { return r.time.Compare(t) })
	best := rows[min(i, len(rows)-1)]
	if i > 0 && (i == len(rows) || t.Sub(rows[i-1].time) < rows[i].time.Sub(t)) {
		best = rows[i-1]
	}
	return t.Add(time.Duration(best.number["tz_offset_min"]) * time.Minute).Format(time.DateOnly)
}

// personDays are the days of all people, in the order of time.
func (s *set) personDays() []personDay {
	index := map[string]int{}
	past, count, since := map[string]int{}, map[string]int{}, map[string]time.Time{}
	var list []personDay
	for i := range s.rows {
		r := &s.rows[i]
		date := r.local().Format(time.DateOnly)
		j, ok := index[r.actor+date]
		if !ok {
			if _, known := since[r.actor]; !known {
				since[r.actor] = r.local()
			}
			j = len(list)
			index[r.actor+date] = j
			list = append(list, personDay{actor: r.actor, date: date, past: past[r.actor], days: count[r.actor], since: since[r.actor]})
			count[r.actor]++
		}
		list[j].rows = append(list[j].rows, i)
		past[r.actor]++
	}
	return list
}

// plainHours are the fixed hours that people write by hand.
var plainHours = map[string]func(*row) bool{
	"09-18 Mon-Fri, UTC":      func(r *row) bool { return outside(r.time, 9, 18) },
	"09-18 Mon-Fri, own zone": func(r *row) bool { return outside(r.local(), 9, 18) },
}

func outside(t time.Time, from, to int) bool {
	return t.Weekday() == time.Saturday || t.Weekday() == time.Sunday || t.Hour() < from || t.Hour() >= to
}

// changed tells whether a row lies in the week after the clocks of its zone changed: those of America west of Greenwich,
// those of Europe elsewhere.
func changed(r *row) bool {
	t, list := r.time, []struct{ month, sunday int }{{3, -1}, {10, -1}}
	if r.number["tz_offset_min"] <= -3*60 {
		list = []struct{ month, sunday int }{{3, 2}, {11, 1}}
	}
	for _, c := range list {
		at := sunday(t.Year(), time.Month(c.month), c.sunday)
		if !t.Before(at) && t.Before(at.AddDate(0, 0, 7)) {
			return true
		}
	}
	return false
}

// sunday is the n-th of a month; -1 the last.
func sunday(year int, month time.Month, n int) time.Time {
	if n < 0 {
		end := time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC)
		return end.AddDate(0, 0, -int(end.Weekday()))
	}
	start := time.Date(year, month, 1, 0, 0, 0, 0, time.UTC)
	return start.AddDate(0, 0, (7-int(start.Weekday()))%7+7*(n-1))
}
