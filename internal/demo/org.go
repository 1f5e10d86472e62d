package demo

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
)

// org is an organization as it goes through the days.
type org struct {
	*orgSpec
	loc          *time.Location
	lastDay      time.Time // the day of End
	opened       time.Time // the day of its first event; zero: long ago
	holiday      time.Time
	load, crowd  float64 // what Options.Size makes of the activity and of the number of people
	people       []*person
	shelf        map[string][]*object
	taken        map[string]bool // identifiers that are or were in use
	arriving     []*object       // files that others will find tomorrow
	fading       []*object       // files that nobody looks at any more, since today
	doomed       []*object       // and those for longer, which may be deleted
	agents       []*agent
	integrations []*object
	record       *object
	bends        bends
}

// build makes an organization as it is before the first day.
func (s *orgSpec) begin(w *world) *org {
	o := &org{orgSpec: s, loc: w.zones[s.zone], shelf: map[string][]*object{}, taken: map[string]bool{},
		load: min(w.Size, 1), crowd: max(w.Size, 1)}
	o.lastDay = dayOf(w.End, o.loc)
	if s.founded > 0 {
		o.opened = o.workdayAfter(o.lastDay.AddDate(0, 0, -s.founded), 1)
	}
	// A public holiday that falls on the same distance from any End.
	o.holiday = o.lastDay.AddDate(0, 0, -36)
	for o.holiday.Weekday() != time.Thursday {
		o.holiday = o.holiday.AddDate(0, 0, -1)
	}
	r := roll(w.Seed, "org/"+s.id, 0)
	o.record = o.put(r, "org", s.name, nil)
	o.record.ID = s.id
	o.furnish(r)
	o.staffUp(w, r)
	for i := range s.agents {
		o.agents = append(o.agents, o.deploy(r, &s.agents[i]))
	}
	return o
}

// furnish puts on the shelves what the organization has.
func (o *org) furnish(r dice) {
	keep := func(x *object) *object { x.keep = true; return x }
	for _, p := range o.projects {
		project := keep(o.put(r, "project", p.name, nil))
		for _, c := range p.channels {
			keep(o.put(r, "channel", c, project))
		}
		k := kinds["file"]
		for _, i := range r.Perm(len(k.names[0]) * len(k.names[1]))[:14] {
			keep(o.put(r, "file", k.names[0][i/len(k.names[1])]+k.names[1][i%len(k.names[1])], project))
		}
	}
	for _, kindName := range []string{"skill", "campaign", "audience", "automation", "dataset", "key", "webhook"} {
		for _, name := range o.things[kindName] {
			keep(o.put(r, kindName, name, nil))
		}
	}
	for _, i := range o.orgSpec.integrations {
		o.integrations = append(o.integrations, keep(o.put(r, "integration", i.name, nil)))
	}
}

// staffUp hires the people: first those of the table, then as many more as it takes.
func (o *org) staffUp(w *world, r dice) {
	for n := range int(math.Round(float64(o.heads) * o.crowd)) {
		if n < len(o.staff) {
			p := o.hire(w, n, o.staff[n])
			p.named = true
			o.people = append(o.people, p)
			continue
		}
		i := n - len(o.staff)
		name := o.names[i%len(o.names)]
		if lap := i / len(o.names); lap > 0 {
			// First names go round against last names, so that nobody is there twice.
			name = firstName(name) + " " + lastName(o.names[(i+7*lap)%len(o.names)])
			if lap >= len(o.names) {
				name = fmt.Sprintf("%s %d", name, lap)
			}
		}
		s := staff{name: name, job: jobMix[i%len(jobMix)], role: "member"}
		if s.job == "operations" {
			s.role = "admin"
		}
		o.people = append(o.people, o.hire(w, n, s))
	}
	o.movePeople(w, r)
}

func firstName(name string) string { first, _, _ := strings.Cut(name, " "); return first }

func lastName(name string) string { _, last, _ := strings.Cut(name, " "); return last }

// movePeople says who joins, who leaves and who takes leave when. Those of the table stay: they have a part to play.
func (o *org) movePeople(w *world, r dice) {
	others := o.people[min(len(o.staff), len(o.people)):]
	for i := range o.joiners {
		p := others[len(others)-1-i]
		p.joins = o.workdayAfter(o.lastDay.AddDate(0, 0, -24-i*48/o.joiners), 1)
	}
	for i := range o.leavers {
		others[2+3*i].leaves = o.workdayAfter(o.lastDay.AddDate(0, 0, -22-i*17), 1)
	}
	for i, p := range o.people {
		if !o.opened.IsZero() {
			p.joins = o.opened
			continue
		}
		for half := range 1 + r.IntN(2) {
			// One after the other rather than by chance, so that weeks in which many are away do not look like a rise afterwards.
			turn := math.Mod(float64(i)*0.618+float64(half)/2, 1)
			from, days := o.lastDay.AddDate(0, 0, 4-int(turn*float64(w.Days+10))), 3+r.IntN(12)
			if !p.named {
				p.away = append(p.away, [2]time.Time{from, from.AddDate(0, 0, min(days, 2+o.heads/10))})
			}
		}
	}
}

// named is the person of the tables with that name.
func (o *org) named(name string) *person {
	for _, p := range o.people {
		if p.Name == name {
			return p
		}
	}
	panic("demo: nobody in " + o.id + " is called " + name)
}

// personOf is the person with that record.
func (o *org) personOf(record *object) *person {
	for _, p := range o.people {
		if p.record == record {
			return p
		}
	}
	return nil
}

// someone is a person with one of the jobs who works on day; in small organizations an admin or whoever is there.
func (o *org) someone(r dice, jobs who, day time.Time, not ...*person) *person {
	for _, set := range []who{jobs, operations, everybody} {
		start := r.IntN(len(o.people))
		for i := range o.people {
			p := o.people[(start+i)%len(o.people)]
			if p.is&set != 0 && p.present(day) && (len(not) == 0 || not[0] != p) {
				return p
			}
		}
	}
	return nil
}

// other is a colleague who is not in the tables, where there are such; never nil.
func (o *org) other(r dice, day time.Time, not *person) *person {
	for range 12 {
		if p := one(r, o.people); !p.named && p != not && p.present(day) && p.leaves.IsZero() {
			return p
		}
	}
	if p := o.someone(r, everybody, day, not); p != nil {
		return p
	}
	return o.people[0]
}

// system is the actor for what the platform does by itself.
func system(name string) activitylog.Actor {
	return activitylog.Actor{Type: activitylog.System, ID: nameToken("sys_", name), Name: name}
}

// service is the actor for what a part of the platform does for somebody.
func service(name string) activitylog.Actor {
	return activitylog.Actor{Type: activitylog.Service, ID: nameToken("svc_", name), Name: name}
}
