package web

import (
	"sync"
	"time"
)

// The cookies of these pages. Their script sets them; they hold nothing but how to show things.
const (
	zoneCookie    = "activitylog_zone"
	themeCookie   = "activitylog_theme"
	densityCookie = "activitylog_density"
)

// zones remembers time zones, which the system keeps in files. Only names that exist are kept, so that it stays small.
type zones struct{ m sync.Map }

func (z *zones) load(name string) *time.Location {
	if name == "" || len(name) > 64 || name == "Local" {
		return nil
	}
	if l, ok := z.m.Load(name); ok {
		return l.(*time.Location)
	}
	l, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	z.m.Store(name, l)
	return l
}

// local is the zone of the reader, which their browser told in a cookie.
func (v *visit) local() *time.Location {
	if c, err := v.r.Cookie(zoneCookie); err == nil {
		if l := v.h.zones.load(c.Value); l != nil {
			return l
		}
	}
	return v.h.opts.Zone
}

// zone is the zone in which the page is written.
func (v *visit) zone() *time.Location {
	if v.r.URL.Query().Get("tz") == "utc" {
		return time.UTC
	}
	return v.local()
}

// choice is the value of a cookie that has one of two values, or nothing.
func (v *visit) choice(cookie, a, b string) string {
	c, err := v.r.Cookie(cookie)
	if err == nil && (c.Value == a || c.Value == b) {
		return c.Value
	}
	return ""
}
