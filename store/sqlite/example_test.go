package sqlite_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/store/sqlite"
)

func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	store, err := sqlite.Open(ctx, filepath.Join(dir, "activity.db"), &sqlite.Options{Migrate: true})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	events, err := activitylog.New(store, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer events.Close(ctx)

	_, err = events.Record(ctx, activitylog.Event{
		Org: "acme", Action: "project.create", Message: "Ana created the project Apollo",
		Actor: activitylog.Actor{ID: "ana"},
	})
	if err != nil {
		log.Fatal(err)
	}
	page, err := events.Org("acme").Page(ctx, activitylog.Query{Filter: activitylog.Text("apollo")})
	if err != nil {
		log.Fatal(err)
	}
	for _, e := range page.Events {
		fmt.Println(e.Message)
	}
	// Output: Ana created the project Apollo
}
