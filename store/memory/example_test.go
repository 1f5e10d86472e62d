package memory_test

import (
	"context"
	"fmt"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/store/memory"
)

func Example() {
	ctx := context.Background()
	log, err := activitylog.New(memory.New(), nil)
	if err != nil {
		panic(err)
	}
	defer log.Close(ctx)

	_, err = log.Record(ctx, activitylog.Event{
		Org:     "acme",
		Action:  "member.invite",
		Actor:   activitylog.Actor{ID: "u1", Name: "Ana"},
		Targets: []activitylog.Target{{Type: "user", ID: "u2", Name: "Leo"}},
	})
	if err != nil {
		panic(err)
	}

	page, err := log.Org("acme").Page(ctx, activitylog.Query{Filter: activitylog.ActorIs("u1")})
	if err != nil {
		panic(err)
	}
	for _, e := range page.Events {
		fmt.Println(e.Message)
	}
	// Output: Ana invited Leo
}
