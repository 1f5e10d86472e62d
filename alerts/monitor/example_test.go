package monitor_test

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
	"github.com/activitylog/activitylog/alerts/monitor"
	"github.com/activitylog/activitylog/store/memory"
)

// printer tells people on standard output.
type printer struct{}

func (printer) Notify(_ context.Context, n alerts.Notice) error {
	fmt.Println(n.Transition, n.Finding.Severity, n.Finding.Explanation)
	return nil
}

// A monitor finds an attack, tells of it once, and lets somebody say that they look after it.
func Example() {
	ctx := context.Background()
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	log, _ := activitylog.New(memory.New(), &activitylog.Options{Now: clock, DefaultOrg: "acme"})
	m, _ := monitor.New(log, &monitor.Options{Notifier: printer{}, Now: clock})

	signIn := activitylog.Event{Action: "auth.login", Actor: activitylog.Actor{ID: "leo"}, Client: activitylog.Client{IP: netip.MustParseAddr("203.0.113.9")}}
	old := signIn
	old.Time = now.AddDate(0, 0, -9)
	log.Record(ctx, old)
	for i := range 12 {
		failed := signIn
		failed.Time, failed.Outcome = now.Add(time.Duration(i-12)*time.Second), activitylog.Failure
		log.Record(ctx, failed)
	}
	for range 2 { // or m.Run, in a goroutine
		m.Poll(ctx)
		m.Deliver(ctx)
	}
	list, _ := m.Alerts(ctx, "acme")
	m.Acknowledge(activitylog.WithActor(ctx, activitylog.Actor{ID: "ana"}), "acme", list[0].Fingerprint, "Leo forgot his password")
	list, _ = m.Alerts(ctx, "acme")
	fmt.Println(list[0].Status, "by", list[0].By+":", list[0].Reason)
	// Output:
	// open medium 203.0.113.9 failed to sign in 12 times in 11 seconds, as leo; 9 is the most that this organization lets pass in 10 minutes.
	// acknowledged by ana: Leo forgot his password
}
