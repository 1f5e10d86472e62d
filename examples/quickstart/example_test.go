package quickstart_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/store/sqlite"
)

func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "quickstart")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	store, err := sqlite.Open(ctx, filepath.Join(dir, "activity.db"), &sqlite.Options{Migrate: true})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	activity, err := activitylog.New(store, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer activity.Close(ctx)

	ana := activitylog.Actor{ID: "u1", Name: "Ana"}
	leo := activitylog.Target{Type: "user", ID: "u2", Name: "Leo"}
	for i, e := range []activitylog.Event{
		{Action: "auth.login", Actor: ana},
		{Action: "member.invite", Actor: ana, Targets: []activitylog.Target{leo}},
		{Action: "member.role.change", Actor: ana, Targets: []activitylog.Target{leo}, Outcome: activitylog.Denied,
			Reason: "only owners may", Changes: []activitylog.Change{{Path: "role", Old: "member", New: "owner"}}},
	} {
		e.Org = "acme"
		e.Time = time.Date(2026, 5, 4, 9, 0, i, 0, time.UTC) // without it: now
		if _, err := activity.Record(ctx, e); err != nil {
			log.Fatal(err) // nil means that the event is on the disk
		}
	}

	filter, err := activitylog.ParseFilter("category:member actor:u1")
	if err != nil {
		log.Fatal(err)
	}
	page, err := activity.Org("acme").Page(ctx, activitylog.Query{Filter: filter})
	if err != nil {
		log.Fatal(err)
	}
	for _, e := range page.Events {
		fmt.Println(e.Time.Format(time.TimeOnly), e.Severity, e.Message)
	}
	// Output:
	// 09:00:02 high Ana was not allowed to change the role of Leo: only owners may
	// 09:00:01 medium Ana invited Leo
}
