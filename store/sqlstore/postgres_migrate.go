package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

func (b *postgres) ready(ctx context.Context) error {
	var version int
	err := b.db.QueryRowContext(ctx, `SELECT coalesce(max(version), 0) FROM activitylog_schema`).Scan(&version)
	switch {
	case sqlState(err) == noPrivilege: // a role that may only insert
		return nil
	case sqlState(err) == undefinedTable || err == nil && version == 0:
		return notMigrated()
	case err != nil:
		return err
	case version > schemaVersion:
		return tooNew(version)
	}
	return nil
}

func (b *postgres) migrate(ctx context.Context) error {
	err := b.transact(ctx, nil, func(tx *sql.Tx) error {
		// Held to the end of the transaction, so that processes that start together migrate one after the other.
		if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock(7163001512)`); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS activitylog_schema (version integer PRIMARY KEY)`); err != nil {
			return err
		}
		var version int
		if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(version), 0) FROM activitylog_schema`).Scan(&version); err != nil {
			return err
		}
		if version > schemaVersion {
			return tooNew(version)
		}
		if version >= 1 {
			return nil
		}
		files := []string{"0001_init.sql", "0001_tables.sql", "0001_triggers.sql"}
		if b.opts.Partitioned {
			files[0] = "0001_init_partitioned.sql"
		}
		if b.opts.NoTriggers {
			files = files[:2]
		}
		for _, file := range files {
			text, err := migrations.ReadFile("migrations/postgres/" + file)
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, string(text)); err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO activitylog_schema VALUES (1)`)
		return err
	})
	if err != nil || !b.opts.Partitioned {
		return err
	}
	now := time.Now()
	return b.addPartitions(ctx, now.AddDate(0, -1, 0), now.AddDate(1, 0, 0))
}

// AddPartitions creates the monthly partitions from the month of one time to the month of another, both included. It is
// for stores with PostgresOptions.Partitioned; Migrate creates last month to a year ahead. Events of other months go to
// a partition of their own kind; a month that already has such events cannot get a partition any more and is refused.
func (s *Store) AddPartitions(ctx context.Context, from, to time.Time) error {
	b, ok := s.back.(*postgres)
	if !ok || !b.opts.Partitioned {
		return fmt.Errorf("activitylog: this store has no partitions: %w", errors.ErrUnsupported)
	}
	return b.addPartitions(ctx, from, to)
}

func (b *postgres) addPartitions(ctx context.Context, from, to time.Time) error {
	month := func(t time.Time) time.Time {
		t = t.UTC()
		return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
	}
	for m := month(from); !m.After(month(to)); m = m.AddDate(0, 1, 0) {
		name := "activitylog_events_" + m.Format("2006_01")
		err := b.transact(ctx, nil, func(tx *sql.Tx) error {
			var exists bool
			if err := tx.QueryRowContext(ctx, `SELECT to_regclass($1) IS NOT NULL`, name).Scan(&exists); err != nil || exists {
				return err
			}
			_, err := tx.ExecContext(ctx, fmt.Sprintf(`CREATE TABLE %s PARTITION OF activitylog_events FOR VALUES FROM (%d) TO (%d)`,
				name, m.UnixMicro(), m.AddDate(0, 1, 0).UnixMicro()))
			if err == nil && !b.opts.NoTriggers {
				// Row triggers come down from the parent, TRUNCATE of a partition alone would not meet one.
				_, err = tx.ExecContext(ctx, fmt.Sprintf(`CREATE TRIGGER activitylog_no_truncate BEFORE TRUNCATE ON %s
					FOR EACH STATEMENT EXECUTE FUNCTION activitylog_guard();
					ALTER TABLE %s ENABLE ALWAYS TRIGGER activitylog_no_truncate`, name, name))
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("partition %s: %w", name, err)
		}
	}
	return nil
}
