package monitor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
	"github.com/activitylog/activitylog/internal/decision"
	"github.com/google/uuid"
)

const (
	// again is how long a window can still change: late events within it are judged, older ones move baselines only.
	again = 3 * 24 * time.Hour
	// most is how much time is judged at once after nobody looked; Config.Reach has room for it.
	most = 28 * 24 * time.Hour
	// settle is how long after its end an hour is judged.
	settle = 5 * time.Minute
)

// judgeUrgent judges the rules that do not wait, where events came that concern them.
func (m *Monitor) judgeUrgent(ctx context.Context) error {
	if !m.begun { // whoever folded the last events may have ended before it judged them
		orgs, err := m.rollups.Orgs(ctx)
		if err != nil {
			return err
		}
		for _, org := range orgs {
			m.urgent[org] = true
		}
		m.begun = true
	}
	var errs []error
	for org := range m.urgent {
		if err := m.judgeOrg(ctx, org, true); err != nil {
			errs = append(errs, err)
			continue
		}
		delete(m.urgent, org)
	}
	return errors.Join(errs...)
}

// judgeHour judges everything, unless that was done since the last full hour, here or by another monitor.
func (m *Monitor) judgeHour(ctx context.Context) error {
	hour := m.now().Add(-settle).Truncate(time.Hour)
	if !hour.After(m.hour) {
		return nil
	}
	orgs, err := m.rollups.Orgs(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, org := range orgs {
		last, err := m.judgedAt(ctx, org)
		if err == nil && last.Before(hour.Add(settle)) {
			err = m.judgeOrg(ctx, org, false)
		}
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	m.hour = hour
	return nil
}

// judgeOrg judges one organization and records what follows.
func (m *Monitor) judgeOrg(ctx context.Context, org string, urgent bool) error {
	now := m.now()
	s, err := m.state(ctx, org)
	if err != nil {
		return err
	}
	config, from := s.config, now.Add(-again)
	var f *alerts.Figures
	if urgent {
		config = config.Urgent()
		f, err = m.rollups.toJudgeUrgent(ctx, org, from, now)
	} else {
		var last time.Time
		if last, err = m.judgedAt(ctx, org); err != nil {
			return err
		}
		if !last.IsZero() && last.Add(-again).Before(from) {
			from = latest(last.Add(-again), now.Add(-most))
		}
		f, err = m.rollups.ToJudge(ctx, org, from, now, config)
	}
	if err != nil {
		return err
	}
	found := alerts.Judge(f, from, now, config)
	if err := m.follow(ctx, org, found, now); err != nil {
		return fmt.Errorf("monitor: alerts of organization %q: %w", org, err)
	}
	if urgent {
		return nil
	}
	if err := m.resolve(ctx, org, now); err != nil {
		return fmt.Errorf("monitor: alerts of organization %q: %w", org, err)
	}
	return m.setJudgedAt(ctx, org, now)
}

// follow records what findings do to the alerts of an organization.
func (m *Monitor) follow(ctx context.Context, org string, found []alerts.Finding, now time.Time) error {
	for i := range found {
		f := &found[i]
		m.seen[f.Fingerprint] = latest(m.seen[f.Fingerprint], f.Window.To)
		// A second round is needed where another monitor was faster: then its decision is the one to go on from.
		for range 3 {
			s, err := m.state(ctx, org)
			if err != nil {
				return err
			}
			a := s.alerts[f.Fingerprint]
			action, notice := decide(a, f, now, m.opts.Notify)
			if action == "" {
				break
			}
			brief := f.Brief()
			if err := m.record(ctx, s, a, action, &brief, note{Finding: &brief, Notice: notice}, now); err != nil {
				return err
			}
		}
	}
	return nil
}

// resolve records which alerts are over.
func (m *Monitor) resolve(ctx context.Context, org string, now time.Time) error {
	s, err := m.state(ctx, org)
	if err != nil {
		return err
	}
	for _, a := range s.list() {
		if !over(&a, m.seen[a.Fingerprint], now) {
			continue
		}
		if err := m.record(ctx, s, &a, decision.AlertResolve, &a.Brief, note{}, now); err != nil {
			return err
		}
		delete(m.seen, a.Fingerprint)
	}
	return nil
}

// actor is who the monitor is in the log.
var actor = activitylog.Actor{Type: activitylog.System, ID: "alerts", Name: "Alert monitor"}

// record records one step of an alert. Its id follows from the step before it, so that of several monitors that decide
// the same step one is heard; the others find its event in the log.
func (m *Monitor) record(ctx context.Context, s *state, a *Alert, action string, b *alerts.Brief, n note, now time.Time) error {
	meta, err := n.metadata()
	if err != nil {
		return err
	}
	e := activitylog.Event{
		ID: stepID(s.config.Org, a, action, b), Time: latest(now, a.after()), Org: s.config.Org, Action: action, Actor: actor,
		Targets: targetsOf(b), Metadata: meta,
	}
	if n.Finding != nil {
		e.Severity, e.Message = b.Severity, b.Explanation
	}
	_, err = m.log.Record(decision.With(ctx), e)
	if errors.Is(err, activitylog.ErrConflict) { // somebody else took this step
		err = nil
	}
	m.forget(e.Org)
	return err
}

var steps = uuid.MustParse("5f0c7a4e-1d0b-5d0e-9a57-0b1e6f4d7c21")

// stepID is the id of a step. The first one of an alert follows from the day of its window.
func stepID(org string, a *Alert, action string, b *alerts.Brief) uuid.UUID {
	before := b.Window.From.UTC().Format(time.DateOnly)
	if a != nil {
		before = a.chain.String()
	}
	return uuid.NewSHA1(steps, []byte(org+"\x00"+b.Fingerprint+"\x00"+action+"\x00"+before))
}

// judgedAt is when all rules of an organization were judged last.
func (m *Monitor) judgedAt(ctx context.Context, org string) (t time.Time, err error) {
	err = m.rollups.space.View(ctx, func(tx activitylog.SpaceTx) error {
		t = time.Time{}
		v, ok, err := tx.Get(judgedKey(org))
		if err != nil || !ok {
			return err
		}
		return json.Unmarshal(v, &t)
	})
	return t, err
}

func (m *Monitor) setJudgedAt(ctx context.Context, org string, t time.Time) error {
	v, err := json.Marshal(t)
	if err != nil {
		return err
	}
	return m.rollups.space.Update(ctx, func(tx activitylog.SpaceTx) error { return tx.Put(judgedKey(org), v) })
}

func judgedKey(org string) []byte { return append([]byte{'j'}, org...) }
