// Package monitor follows the log and tells an organization's admins what the detectors of package alerts find.
//
//	m, err := monitor.New(log, &monitor.Options{Notifier: webhook})
//	…
//	go m.Run(ctx)
//
// It keeps roll-ups of all events in a space behind the log, so that judging reads no events. What becomes of a finding,
// from open to resolved, is recorded in the log as audit.alert events, and is nothing but a fold over them: monitors may
// be killed, started again and run beside each other, and each notice is still decided once.
//
// People decide too: Acknowledge, Snooze, Resolve, Plan, Announce and SetConfig. Who it was comes from the context (see
// activitylog.WithActor), a reason must be given.
package monitor
