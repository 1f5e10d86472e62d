package postgres_test

import (
	"context"
	"database/sql"
	"log"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/store/postgres"
)

// An application records in its own transaction. The example is compiled but not run: it needs a database.
func Example() {
	ctx, dsn := context.Background(), "postgres://app@db/app"
	store, err := postgres.Open(ctx, dsn, &postgres.Options{Migrate: true})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	events, err := activitylog.New(store, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer events.Close(ctx)

	db, err := sql.Open("postgres", dsn)
	if err != nil {
		log.Fatal(err)
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, "INSERT INTO projects (name) VALUES ('Apollo')"); err != nil {
		log.Fatal(err)
	}
	if _, err := events.RecordTx(ctx, tx, activitylog.Event{
		Org: "acme", Action: "project.create", Actor: activitylog.Actor{ID: "ana"},
		Targets: []activitylog.Target{{Type: "project", Name: "Apollo"}},
	}); err != nil {
		log.Fatal(err)
	}
	if err := tx.Commit(); err != nil { // both, or neither
		log.Fatal(err)
	}
}
