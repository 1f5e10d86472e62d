// Package postgres keeps events in PostgreSQL, version 15 or later, through github.com/lib/pq.
//
//	store, err := postgres.Open(ctx, "postgres://app@db/app", &postgres.Options{Migrate: true})
//	defer store.Close()
//	log, err := activitylog.New(store, nil)
//
// The data source name may list several hosts (postgres://a,b/app?target_session_attrs=read-write). A role that may only
// INSERT can record; then repeating an id is skipped without comparing its content. To record in transactions of the
// application, use any transaction on the same database.
//
// After events were restored to another server, from a dump or by logical replication, Open fails until it was called
// once with Migrate, before anything is recorded there.
package postgres

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/activitylog/activitylog/store/sqlstore"
	"github.com/lib/pq"
)

// Options are choices for Open. nil means the zero value.
type Options struct {
	Migrate     bool // bring the schema up to date; needs the rights to create tables
	Partitioned bool // see sqlstore.PostgresOptions
	NoTriggers  bool // see sqlstore.PostgresOptions
	MaxConns    int  // default 16
}

// Open opens the events in a database.
func Open(ctx context.Context, dsn string, opts *Options) (*sqlstore.Store, error) {
	o := Options{}
	if opts != nil {
		o = *opts
	}
	if o.MaxConns == 0 {
		o.MaxConns = 16
	}
	connector, err := pq.NewConnector(dsn)
	if err != nil {
		return nil, fmt.Errorf("activitylog: open PostgreSQL: %w", err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(o.MaxConns)
	db.SetMaxIdleConns(o.MaxConns)
	store, err := sqlstore.NewPostgres(db, &sqlstore.PostgresOptions{Copy: true, Partitioned: o.Partitioned, NoTriggers: o.NoTriggers})
	if err != nil {
		return nil, err
	}
	store.CloseDB()
	if o.Migrate {
		err = store.Migrate(ctx)
	}
	if err == nil {
		err = store.Ready(ctx)
	}
	if err != nil {
		store.Close()
		return nil, fmt.Errorf("open PostgreSQL: %w", err)
	}
	return store, nil
}
