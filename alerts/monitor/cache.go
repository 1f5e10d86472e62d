package monitor

import (
	"context"
	"time"

	"github.com/activitylog/activitylog"
)

// state is what the log says of an organization, read at most once between two decisions.
func (m *Monitor) state(ctx context.Context, org string) (*state, error) {
	m.mu.Lock()
	s := m.cache[org]
	m.mu.Unlock()
	if s != nil {
		return s, nil
	}
	read, err := readState(ctx, m.log.Org(org), m.base(org), time.Time{})
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cache[org] = &read
	return &read, nil
}

// forget drops what is known of an organization, since a decision came.
func (m *Monitor) forget(org string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.cache, org)
}

func (m *Monitor) forgetAll() {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.cache)
}

// isDecision tells whether an event changes the state of alerts or how they are judged.
func isDecision(e *activitylog.Event) bool { return stateFilter.Match(e) }

// Alerts returns the alerts of an organization, the last changed first.
func (m *Monitor) Alerts(ctx context.Context, org string) ([]Alert, error) {
	return Alerts(ctx, m.log.Org(org), time.Time{})
}
