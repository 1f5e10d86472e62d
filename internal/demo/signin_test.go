package demo_test

import (
	"time"

	"github.com/activitylog/activitylog"
)

// signIns are the accounts and addresses of login failures, by the gates of the design: a success after five failures in
// half an hour, ten failures of one account in ten minutes, or five accounts from one address in an hour of which more
// fail than get in.
func signIns(events []activitylog.Event, d *days) []hit {
	type attempt struct {
		at       time.Time
		org      string
		account  string
		ip       string
		ok, real bool
	}
	var recent []attempt
	seen := map[hit]bool{}
	for i := range events {
		e := &events[i]
		if e.Action != "auth.login" {
			continue
		}
		a := attempt{e.Time, e.Org, e.Actor.ID, e.Client.IP.String(), e.Outcome == activitylog.Success, e.ErrorCode == "bad_password"}
		for len(recent) > 0 && a.at.Sub(recent[0].at) > time.Hour {
			recent = recent[1:]
		}
		recent = append(recent, a)
		half, ten := 0, 0
		accounts := map[string]bool{}
		for _, b := range recent {
			if b.org != a.org {
				continue
			}
			if b.account == a.account && b.real {
				if a.at.Sub(b.at) <= 30*time.Minute {
					half++
				}
				if a.at.Sub(b.at) <= 10*time.Minute {
					ten++
				}
			}
			if b.ip == a.ip {
				accounts[b.account] = accounts[b.account] || b.ok
			}
		}
		in := 0
		for _, ok := range accounts {
			if ok {
				in++
			}
		}
		day := d.day(a.org, a.at)
		if a.ok && half >= 5 || ten >= 10 {
			seen[hit{a.org, a.account, day}] = true
		}
		if len(accounts) >= 5 && len(accounts)-in > in {
			seen[hit{a.org, a.ip, day}] = true
		}
	}
	var hits []hit
	for h := range seen {
		hits = append(hits, h)
	}
	return hits
}

// firsts are the models that an organization saw for the first time after its first two weeks.
func firsts(events []activitylog.Event, d *days) []hit {
	began, seen := map[string]int{}, map[hit]bool{}
	var hits []hit
	for i := range events {
		e := &events[i]
		day := d.day(e.Org, e.Time)
		if _, ok := began[e.Org]; !ok && day >= d.first {
			began[e.Org] = day
		}
		if e.AI == nil || e.AI.Model == "" {
			continue
		}
		if k := (hit{e.Org, e.AI.Model, 0}); !seen[k] {
			seen[k] = true
			if day-began[e.Org] >= 14 {
				hits = append(hits, hit{e.Org, e.AI.Model, day})
			}
		}
	}
	return hits
}
