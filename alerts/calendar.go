package alerts

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Calendar says when an organization works, for those who want off-hours use judged by rule. Only events of Sensitive
// actions count, so that a late evening alone is nobody's business.
type Calendar struct {
	// Zone is the IANA name of the zone of the hours; empty: that of the actor, else the organization's.
	Zone string `json:"zone,omitempty"`
	// Days has the working hours of each day of the week, Sunday first, as "09:00-18:00"; empty: a day off.
	Days [7]string `json:"days"`
	// Holidays are days off, as "2026-12-25".
	Holidays []string `json:"holidays,omitempty"`
	// Sensitive are the actions that count, each with all below it ("member" means "member.add" too); empty: members, access,
	// keys, settings, data and deletions of projects.
	Sensitive []string `json:"sensitive,omitempty"`
}

// sensitiveActions are those that a calendar watches unless it says otherwise.
var sensitiveActions = []string{"member", "access", "apikey", "org", "data", "integration", "project.delete", "agent.permission", "auth.impersonate", "auth.mfa", "auth.sso"}

// Validate says what is wrong with a calendar.
func (c *Calendar) Validate() error {
	if _, err := zoneOf(c.Zone); err != nil {
		return fmt.Errorf("alerts: calendar: %w", err)
	}
	for i, d := range c.Days {
		if _, _, err := hoursOf(d); err != nil {
			return fmt.Errorf("alerts: calendar: %s: %w", time.Weekday(i), err)
		}
	}
	for _, h := range c.Holidays {
		if _, err := time.Parse(time.DateOnly, h); err != nil {
			return fmt.Errorf("alerts: calendar: holiday %q: write it as 2026-12-25", h)
		}
	}
	return nil
}

// hoursOf reads "09:00-18:00" as minutes of a day; both 0 for a day off.
func hoursOf(s string) (from, to int, err error) {
	if s == "" {
		return 0, 0, nil
	}
	a, b, ok := strings.Cut(s, "-")
	from, errA := minutes(a)
	to, errB := minutes(b)
	if !ok || errA != nil || errB != nil || from >= to {
		return 0, 0, fmt.Errorf("hours %q: write them as 09:00-18:00", s)
	}
	return from, to, nil
}

func minutes(s string) (int, error) {
	h, m, ok := strings.Cut(strings.TrimSpace(s), ":")
	hour, errH := strconv.Atoi(h)
	minute, errM := strconv.Atoi(m)
	if !ok || errH != nil || errM != nil || hour < 0 || minute < 0 || minute > 59 || hour*60+minute > 24*60 {
		return 0, fmt.Errorf("time %q: write it as 09:00", s)
	}
	return hour*60 + minute, nil
}

// works tells whether t, in the zone of the calendar, is within working hours.
func (c *Calendar) works(t time.Time) bool {
	date := t.Format(time.DateOnly)
	for _, h := range c.Holidays {
		if h == date {
			return false
		}
	}
	from, to, err := hoursOf(c.Days[t.Weekday()])
	m := t.Hour()*60 + t.Minute()
	return err == nil && from <= m && m < to
}

// zoneOf finds a zone by its IANA name or as a fixed offset, "+05:45". The empty name is nil.
func zoneOf(name string) (*time.Location, error) {
	if name == "" {
		return nil, nil
	}
	if name[0] == '+' || name[0] == '-' {
		m, err := minutes(name[1:])
		if err != nil || len(name) != len("+00:00") {
			return nil, fmt.Errorf("zone %q: write an offset as +05:45", name)
		}
		if name[0] == '-' {
			m = -m
		}
		return time.FixedZone(name, m*60), nil
	}
	if name == "Local" {
		return nil, fmt.Errorf("zone %q is another one on each machine; name it as Europe/Berlin", name)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("zone %q is not known; name it as Europe/Berlin", name)
	}
	return zone, nil
}
