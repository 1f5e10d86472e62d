// Package activitylog records who did what, when and where in an organization, and finds it again: the activity and
// audit log that a Go application embeds instead of writing its own table.
//
//	store, err := sqlite.Open(ctx, "activity.db", &sqlite.Options{Migrate: true})
//	log, err := activitylog.New(store, nil)
//	defer log.Close(ctx)
//
//	_, err = log.Record(ctx, activitylog.Event{
//		Org:     "acme",
//		Action:  "member.invite",
//		Actor:   activitylog.Actor{ID: "u1", Name: "Ana"},
//		Targets: []activitylog.Target{{Type: "user", ID: "u2", Name: "Leo"}},
//	})
//
//	page, err := log.Org("acme").Page(ctx, activitylog.Query{
//		Filter: activitylog.ActorIs("u1").And(activitylog.Text("leo")),
//	})
//
// # Recording
//
// Record returns nil when the event is durable. Callers that record at the same time share one commit. RecordAll stores
// all events or none, RecordTx takes part in a transaction of the application, Submit queues and returns a Pending that
// can be waited for, Begin and End record the intent before the act, so that a crash in between leaves a trace.
//
// An error with ErrOutcomeUnknown means that a commit was sent and its answer lost. Recording the event again with the
// returned ID is safe: it will be there once.
//
// # Reading
//
// Log.Org returns a Reader for one organization and Log.AllOrgs one for all. The scope is the Reader's; no filter and
// no Cursor widens it. Filters are values with a text form that ParseFilter reads. Filter.Match defines what a filter
// means; every store answers the same.
//
// # What is not promised
//
// Whoever controls the application process decides what it records. Order is by the time that the host gives. An event
// in the queue of Submit is lost with the process, at most Options.QueueSize of them. The log is no message queue:
// Watch follows it, but delivers nothing twice and keeps no record of who has read what.
package activitylog
