// Package sqlite keeps events in a SQLite file, through github.com/mattn/go-sqlite3, which needs a C compiler.
//
//	store, err := sqlite.Open(ctx, "activity.db", &sqlite.Options{Migrate: true})
//	defer store.Close()
//	log, err := activitylog.New(store, nil)
//
// The file runs in WAL mode with synchronous=FULL: what was recorded survives a crash of the process, of the system and
// the loss of power. To record in transactions of the application, open the same file with DSN for its tables, or take
// a handle of your own to sqlstore.NewSQLite.
package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/store/sqlstore"
	_ "github.com/mattn/go-sqlite3" // registers the driver "sqlite3"
)

// Options are choices for Open. nil means the zero value.
type Options struct {
	Migrate   bool // create the file and bring the schema up to date
	CacheMB   int  // page cache of each connection; default 64
	MaxReader int  // connections that read at the same time; default 4
}

// cachedStatements is how many statements each connection keeps prepared: spaces run the same few over and over.
const cachedStatements = 32

// Open opens the events in a file. Without Options.Migrate the file must exist and be up to date.
func Open(ctx context.Context, path string, opts *Options) (*sqlstore.Store, error) {
	o := Options{}
	if opts != nil {
		o = *opts
	}
	if o.CacheMB == 0 {
		o.CacheMB = 64
	}
	if o.MaxReader == 0 {
		o.MaxReader = 4
	}
	if path == "" || strings.HasPrefix(path, ":memory:") {
		return nil, fmt.Errorf("activitylog: %w: SQLite needs a file; use store/memory to keep events in memory", activitylog.ErrInvalid)
	}
	if _, err := os.Stat(path); err != nil && !o.Migrate {
		return nil, fmt.Errorf("activitylog: open %s: %w", path, err)
	}
	db, err := sql.Open("sqlite3", DSN(path)+fmt.Sprintf("&_cache_size=-%d&_stmt_cache_size=%d", o.CacheMB<<10, cachedStatements))
	if err != nil {
		return nil, fmt.Errorf("activitylog: open %s: %w", path, err)
	}
	db.SetMaxOpenConns(o.MaxReader + 1)
	db.SetMaxIdleConns(o.MaxReader + 1)
	store, err := sqlstore.NewSQLite(db)
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
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return store, nil
}

// DSN is the data source name with which Open opens a file, for sql.Open("sqlite3", …): WAL, synchronous=FULL and ten
// seconds of patience with a lock.
func DSN(path string) string {
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath()}
	return u.String() + "?_journal_mode=WAL&_synchronous=FULL&_busy_timeout=10000&_foreign_keys=on" +
		"&_recursive_triggers=on"
}
