package alerts

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
)

// judgePrivilege finds roles that rule an organization being given. Each is told; it is high where somebody gives it to
// themselves, got the right to give it only lately, or gives it to an account that hardly exists.
func judgePrivilege(v *view) []Finding {
	c := v.c.Privilege
	raised := map[string]time.Time{} // who got such a role, and when
	var list []Finding
	for _, m := range v.marks {
		if m.Class&grant == 0 {
			continue
		}
		fresh, isFresh := raised[m.Actor]
		for _, u := range m.Users {
			raised[u] = m.Time
		}
		w := Window{m.Time, m.Time.Add(time.Microsecond)}
		if !v.began(w) {
			continue
		}
		f := v.single(m, PrivilegeEscalation, "grant", activitylog.Info, "grants")
		self := slices.Contains(m.Users, m.Actor) && m.Actor != "" || len(m.Users) == 0 && m.Action == "member.role.change"
		to := some(m.Users)
		switch {
		case self:
			f.Kind, f.Severity = "self_grant", activitylog.High
			to = "themselves"
		case isFresh && m.Time.Sub(fresh) < c.Fresh:
			f.Kind, f.Severity = "fresh_granter", activitylog.High
			f.Reasons = append(f.Reasons, "granter_is_new")
		case v.isNewAccount(m):
			f.Kind, f.Severity = "new_account", activitylog.High
			f.Reasons = append(f.Reasons, "receiver_is_new")
		case v.isOutsider(m):
			f.Kind, f.Severity = "outsider", activitylog.High
			f.Reasons = append(f.Reasons, "receiver_is_foreign")
		}
		f.Score = 25 * rank(f.Severity)
		f.affect(m.Users...)
		f.Explanation = fmt.Sprintf("%s gave %s the role %s at %s UTC", nobody(m.Actor), to, m.Granted, clockOf(m.Time))
		switch f.Kind {
		case "fresh_granter":
			f.Explanation += fmt.Sprintf(", %s after getting such a role", span(m.Time.Sub(fresh)))
		case "new_account":
			f.Explanation += fmt.Sprintf("; that account was first seen less than %s before", span(c.NewAccount))
		case "outsider":
			f.Explanation += "; that account is of another domain than the giver's"
		}
		f.Explanation += ". Any such grant is told; none is expected."
		list = append(list, f)
	}
	return list
}

// single begins a finding about one event.
func (v *view) single(m *Mark, rule, kind string, severity activitylog.Severity, unit string) Finding {
	w := Window{m.Time, m.Time.Add(time.Microsecond)}
	f := Finding{
		Rule: rule, Kind: kind, Severity: severity, Subject: Subject{"user", m.Actor}, Window: w, Raised: w.To, Observed: 1, Unit: unit,
		Baseline: Baseline{Method: "none is expected", Mature: true}, Filter: activitylog.IDIs(m.ID), Score: 25 * rank(severity),
	}
	f.marks([]*Mark{m})
	return f
}

func clockOf(t time.Time) string { return t.UTC().Format("15:04 on 2 January 2006") }

// isNewAccount tells whether an account that gets a role was first seen a short time before. An account that never did
// anything is invited, not new.
func (v *view) isNewAccount(m *Mark) bool {
	return slices.ContainsFunc(m.Users, func(u string) bool {
		k, ok := v.f.known(ofActor, u, "")
		if !ok {
			return false
		}
		f, ok := v.f.firsts[k]
		old := v.start.Add(v.c.Privilege.NewAccount).Before(m.Time) // else the log itself is new
		return ok && old && !f.Time.After(m.Time) && m.Time.Sub(f.Time) < v.c.Privilege.NewAccount
	})
}

// isOutsider tells whether ids that are addresses of e-mail have different domains.
func (v *view) isOutsider(m *Mark) bool {
	_, own, ok := strings.Cut(m.Actor, "@")
	return ok && slices.ContainsFunc(m.Users, func(u string) bool {
		_, domain, ok := strings.Cut(u, "@")
		return ok && !strings.EqualFold(domain, own)
	})
}
