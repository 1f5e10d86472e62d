package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"strconv"

	"github.com/activitylog/activitylog"
)

// Snapshot runs f over the events and spaces as they are together at one moment. What f gets can only be read, and only
// while f runs, by one goroutine. Its Tail hides nothing: it returns every row, also those in places where no follower
// would ever come by. f may run again if the server asks for it.
func (s *Store) Snapshot(ctx context.Context, f func(activitylog.Tailer, activitylog.Spacer) error) error {
	return s.back.snapshot(ctx, func(b backend) error {
		return f(snapshot{b}, snapshot{b})
	})
}

type snapshot struct{ back backend }

func (s snapshot) Tail(ctx context.Context, after activitylog.Position, limit int) ([]activitylog.Tailed, activitylog.Position, error) {
	return s.back.tail(ctx, after, limit)
}

func (s snapshot) Space(name string) activitylog.Space { return &space{s.back, name} }

var errSnapshot = errors.New("a snapshot can only be read")

// sqliteSnapshot is the backend within a transaction.
type sqliteSnapshot struct {
	*sqlite
	tx *sql.Tx
}

func (b *sqlite) snapshot(ctx context.Context, f func(backend) error) error {
	return b.reading(ctx, func(tx *sql.Tx) error {
		within := &sqlite{s: &Store{tx: tx}, db: b.db}
		return f(&sqliteSnapshot{within, tx})
	})
}

func (b *sqliteSnapshot) view(ctx context.Context, name string, f func(*spaceTx) error) error {
	return f(&spaceTx{ctx: ctx, x: txExecutor{b.tx}, name: name, builder: b.newBuilder, readOnly: true})
}

func (b *sqliteSnapshot) update(context.Context, string, func(*spaceTx) error) error {
	return errSnapshot
}

func (b *sqliteSnapshot) tail(ctx context.Context, after activitylog.Position, limit int) ([]activitylog.Tailed, activitylog.Position, error) {
	w := b.newBuilder()
	w.write("SELECT " + selected + ", e.seq FROM activitylog_events e")
	var from int64
	if after != "" {
		var err error
		if from, err = strconv.ParseInt(string(after), 10, 64); err != nil {
			return nil, "", err
		}
		w.write(" WHERE e.seq > ?", from)
	}
	w.write(" ORDER BY e.seq LIMIT ?", limit)
	return b.tailed(ctx, w, from)
}

// postgresSnapshot is the backend within a transaction.
type postgresSnapshot struct {
	*postgres
	tx *sql.Tx
}

func (b *postgres) snapshot(ctx context.Context, f func(backend) error) error {
	return b.reading(ctx, func(tx *sql.Tx) error {
		within := &postgres{s: &Store{tx: tx}, db: b.db, opts: b.opts}
		return f(&postgresSnapshot{within, tx})
	})
}

func (b *postgresSnapshot) view(ctx context.Context, name string, f func(*spaceTx) error) error {
	return f(&spaceTx{ctx: ctx, x: txExecutor{b.tx}, name: name, builder: b.newBuilder, readOnly: true})
}

func (b *postgresSnapshot) update(context.Context, string, func(*spaceTx) error) error {
	return errSnapshot
}

// tail also returns what followers do not see yet: nothing comes into a snapshot behind a position. From the beginning on
// it leaves out no row, whatever somebody made its place.
func (b *postgresSnapshot) tail(ctx context.Context, after activitylog.Position, limit int) ([]activitylog.Tailed, activitylog.Position, error) {
	from, err := parsePGPosition(after)
	if err != nil {
		return nil, "", err
	}
	w := b.newBuilder()
	if after == "" {
		w.write("SELECT " + selected + ", e.xact::text FROM activitylog_events e ORDER BY e.xact, e.id, e.org")
	} else {
		w = b.behind(selected, from, "")
	}
	w.write(" LIMIT ?", limit)
	return b.tailed(ctx, w, from)
}
