package pgtest

import (
	"context"
	"database/sql"
	"fmt"

	_ "github.com/lib/pq"
)

// Restore copies the rows of all tables whose names begin with prefix into the
// same tables of another database, as they come out of a dump. What those held
// is gone. The other database may be on another server.
func Restore(ctx context.Context, from, to, prefix string) error {
	src, err := sql.Open("postgres", from)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := sql.Open("postgres", to)
	if err != nil {
		return err
	}
	defer dst.Close()
	tx, err := dst.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	tables, err := texts(ctx, src, `SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition
		AND starts_with(relname, $1) AND pg_table_is_visible(oid)`, prefix)
	if err != nil {
		return err
	}
	for _, table := range tables {
		if _, err := tx.ExecContext(ctx, "DELETE FROM "+table); err != nil {
			return fmt.Errorf("pgtest: empty %s: %w", table, err)
		}
		rows, err := texts(ctx, src, "SELECT t::text FROM "+table+" t")
		if err != nil {
			return fmt.Errorf("pgtest: read %s: %w", table, err)
		}
		for _, row := range rows {
			if _, err := tx.ExecContext(ctx, "INSERT INTO "+table+" SELECT ($1::"+table+").*", row); err != nil {
				return fmt.Errorf("pgtest: restore %s: %w", table, err)
			}
		}
	}
	return tx.Commit()
}

// texts returns the only column of a query.
func texts(ctx context.Context, db *sql.DB, query string, args ...any) (list []string, err error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, rows.Err()
}
