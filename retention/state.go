package retention

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/decision"
	"github.com/activitylog/activitylog/internal/settings"
	"github.com/google/uuid"
)

// state is what all decisions together say at one moment.
type state struct {
	org       string // whose events; empty: all
	rules     map[string][]Rule
	holds     map[string][]Hold
	onces     map[string]time.Time // until when events stay as they were written
	protected []activitylog.Event  // those that define the state of the log, by their ids
}

// deciding are the actions whose newest event about a target is the state of that target, and those of alerts.
var deciding = []string{
	decision.Setting, decision.SetHold, decision.LiftHold, decision.Review, decision.SaveView, decision.RemoveView,
	decision.AlertOpen, decision.AlertReopen, decision.AlertUpdate, decision.AlertResolve,
	decision.AlertAck, decision.AlertSnooze, decision.AlertPlan, decision.AlertClose,
}

// fold reads the state for the events of an organization, or of all for the empty org.
func (k *Keeper) fold(ctx context.Context, org string) (*state, error) {
	s := &state{org: org, rules: map[string][]Rule{}, holds: map[string][]Hold{}, onces: map[string]time.Time{}}
	seen, alerts, removals := map[[4]string]bool{}, openAlerts{}, map[[4]string]activitylog.Event{}
	for e, err := range k.decisions(ctx, org) { // newest first within each organization
		if err != nil {
			return nil, err
		}
		if isAlert(&e) {
			s.addAlert(alerts, &e)
			continue
		}
		if !settings.Decides(&e) {
			continue
		}
		t := e.Targets[0]
		what := [4]string{e.Org, subject(e.Action), t.Type, t.ID}
		if seen[what] {
			if r, ok := removals[what]; ok { // without it the older one would count again
				s.protected = append(s.protected, r)
				delete(removals, what)
			}
			continue
		}
		seen[what] = true
		if e.Action == decision.RemoveView {
			removals[what] = e
			continue
		}
		if err := s.add(&e); err != nil {
			return nil, err
		}
	}
	for _, a := range alerts {
		s.protected = append(s.protected, a.events...)
	}
	slices.SortFunc(s.protected, func(a, b activitylog.Event) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	return s, nil
}

// auditScanner is a store that finds the events of the log about itself over all organizations by an index.
type auditScanner interface {
	ScanAudit(ctx context.Context, actions ...string) iter.Seq2[activitylog.Event, error]
}

// decisions yields what may decide about the events of an organization, or of all for the empty org.
func (k *Keeper) decisions(ctx context.Context, org string) iter.Seq2[activitylog.Event, error] {
	if store, ok := k.store.(auditScanner); ok && org == "" {
		return store.ScanAudit(ctx, deciding...)
	}
	readers := []activitylog.Reader{k.reader(org)}
	if org != "" && org != activitylog.SystemOrg {
		readers = append(readers, k.log.Org(activitylog.SystemOrg))
	}
	q := activitylog.Query{Filter: activitylog.CategoryIs("audit").And(activitylog.ActionIs(deciding...))}
	return func(yield func(activitylog.Event, error) bool) {
		for _, r := range readers {
			for e, err := range r.Events(ctx, q) {
				if !yield(e, err) {
					return
				}
			}
		}
	}
}

// subject is what the actions about one thing have in common.
func subject(action string) string {
	switch action {
	case decision.LiftHold:
		return decision.SetHold
	case decision.RemoveView:
		return decision.SaveView
	}
	return action
}

// add takes the newest decision about something.
func (s *state) add(e *activitylog.Event) error {
	s.protected = append(s.protected, *e)
	org := e.Org
	if org == activitylog.SystemOrg {
		org = ""
	}
	switch {
	case e.Action == decision.SetHold:
		h, err := holdOf(e)
		if err != nil {
			return err
		}
		s.holds[org] = append(s.holds[org], h)
	case e.Action == decision.Setting && e.Targets[0].ID == settingName:
		var rules []Rule
		if err := settings.Decode(e, &rules); err != nil {
			return fmt.Errorf("the rules of event %s: %w", e.ID, err)
		}
		s.rules[org] = rules
	case e.Action == decision.Setting && e.Targets[0].ID == onceName:
		var x onceJSON
		if err := settings.Decode(e, &x); err != nil {
			return fmt.Errorf("the write-once of event %s: %w", e.ID, err)
		}
		s.onces[org] = x.Until
	}
	return nil
}

// own are the organizations that decided for themselves, sorted.
func (s *state) own() []string {
	orgs := map[string]bool{}
	for org := range s.rules {
		orgs[org] = true
	}
	for org := range s.holds {
		orgs[org] = true
	}
	for org := range s.onces {
		orgs[org] = true
	}
	delete(orgs, "")
	return slices.Sorted(maps.Keys(orgs))
}

// due is the filter of all events that are to go at a time.
func (s *state) due(now time.Time) activitylog.Filter {
	due := s.dueAnywhere(now)
	if s.org != "" {
		due = s.dueIn(s.org, now)
	}
	ids := make([]uuid.UUID, len(s.protected))
	for i := range s.protected {
		ids[i] = s.protected[i].ID
	}
	return due.And(activitylog.Not(activitylog.IDIs(ids...)))
}

// dueAnywhere is what is due over all organizations, but for what defines the state of the log.
func (s *state) dueAnywhere(now time.Time) activitylog.Filter {
	own := s.own()
	if len(own) == 0 {
		return s.dueIn("", now)
	}
	parts := []activitylog.Filter{s.dueIn("", now).And(activitylog.Not(orgIs(own...)))}
	for _, org := range own {
		parts = append(parts, orgIs(org).And(s.dueIn(org, now)))
	}
	return activitylog.Any(parts...)
}

// dueIn is dueAnywhere within one organization, or in those that decided nothing for the empty org.
func (s *state) dueIn(org string, now time.Time) activitylog.Filter {
	if s.once(org, now) {
		return activitylog.Any()
	}
	rules, holds := s.rules[""], s.holds[""]
	if org != "" {
		rules, holds = slices.Concat(rules, s.rules[org]), slices.Concat(holds, s.holds[org])
	}
	var going []activitylog.Filter
	for _, r := range rules {
		if r.Max > 0 {
			going = append(going, r.Filter)
		}
	}
	due := []activitylog.Filter{older(now, youngest(rules)), activitylog.Any(going...)}
	for _, r := range rules {
		due = append(due, activitylog.Any(activitylog.Not(r.Filter), older(now, r.keeps())))
	}
	for _, h := range holds {
		due = append(due, activitylog.Not(h.Filter))
	}
	return activitylog.All(due...)
}

// youngest is an age below which none of the rules lets anything go; 0: none of them ever does.
func youngest(rules []Rule) Days {
	var d Days
	for _, r := range rules {
		if r.Max > 0 && (d == 0 || r.Max < d) {
			d = r.Max
		}
	}
	return d
}

// youngest is youngest of all rules.
func (s *state) youngest() Days {
	return youngest(slices.Concat(slices.Collect(maps.Values(s.rules))...))
}

// older means the events that are at least d old.
func older(now time.Time, d Days) activitylog.Filter {
	return activitylog.RecordedBefore(now.Add(-d.Duration()).Add(time.Microsecond))
}

// orgIs has no constructor of its own, since a reader has a scope.
func orgIs(orgs ...string) activitylog.Filter {
	var parts []activitylog.Filter
	for some := range slices.Chunk(orgs, 16) { // the text of a filter has a limit
		quoted := make([]string, len(some))
		for i, org := range some {
			quoted[i] = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(org) + `"`
		}
		f, err := activitylog.ParseFilter("org:" + strings.Join(quoted, ","))
		if err != nil {
			panic("retention: organizations as a filter: " + err.Error())
		}
		parts = append(parts, f)
	}
	return activitylog.Any(parts...)
}
