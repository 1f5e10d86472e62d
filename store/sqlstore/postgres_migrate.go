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
	if err := b.settled(ctx); sqlState(err) != noPrivilege {
		return err
	}
	return nil
}

// migrationLock is held to the end of a transaction, so that processes that start together migrate one after the other.
const migrationLock = `SELECT pg_advisory_xact_lock(7163001512)`

func (b *postgres) migrate(ctx context.Context) error {
	err := b.transact(ctx, nil, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, migrationLock); err != nil {
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
			return settle(ctx, tx)
		}
		if err := setOrder(ctx, tx, 0, 0); err != nil {
			return err
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
		if b.opts.Partitioned {
			if err := b.guardPartition(ctx, tx, "activitylog_events_other"); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO activitylog_schema VALUES (1)`)
		return err
	})
	if err != nil || !b.opts.Partitioned {
		return err
	}
	now := monthOf(time.Now())
	for m := range 14 {
		// One event of the future must not keep the application from starting: its month goes without a partition.
		err := b.addPartition(ctx, now.AddDate(0, m-1, 0))
		if err != nil && sqlState(err) != checkViolation {
			return err
		}
	}
	return nil
}

// AddPartitions creates the monthly partitions from the month of one time to the month of another, both included. It is
// for stores with PostgresOptions.Partitioned; Migrate creates last month to a year ahead. Events of other months go to
// a partition of their own kind; a month that already has such events cannot get a partition any more and is refused.
func (s *Store) AddPartitions(ctx context.Context, from, to time.Time) error {
	b, ok := s.back.(*postgres)
	if !ok || !b.opts.Partitioned {
		return fmt.Errorf("activitylog: this store has no partitions: %w", errors.ErrUnsupported)
	}
	for m := monthOf(from); !m.After(to); m = m.AddDate(0, 1, 0) {
		if err := b.addPartition(ctx, m); err != nil {
			return fmt.Errorf("activitylog: %w", err)
		}
	}
	return nil
}

func monthOf(t time.Time) time.Time {
	t = t.UTC()
	return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
}

// addPartition creates the partition of a month if there is none.
func (b *postgres) addPartition(ctx context.Context, month time.Time) error {
	name := partitionOf(month)
	err := b.transact(ctx, nil, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, migrationLock); err != nil {
			return err
		}
		var exists bool
		if err := tx.QueryRowContext(ctx, `SELECT to_regclass($1) IS NOT NULL`, name).Scan(&exists); err != nil || exists {
			return err
		}
		_, err := tx.ExecContext(ctx, fmt.Sprintf(`CREATE TABLE %s PARTITION OF activitylog_events FOR VALUES FROM (%d) TO (%d)`,
			name, month.UnixMicro(), month.AddDate(0, 1, 0).UnixMicro()))
		if err != nil {
			return err
		}
		return b.guardPartition(ctx, tx, name)
	})
	if err != nil {
		return fmt.Errorf("partition %s: %w", name, err)
	}
	return nil
}

// guardPartition keeps a partition from being truncated. Row triggers come down from the parent, but TRUNCATE of a
// partition alone would not meet one.
func (b *postgres) guardPartition(ctx context.Context, tx *sql.Tx, name string) error {
	if b.opts.NoTriggers {
		return nil
	}
	_, err := tx.ExecContext(ctx, fmt.Sprintf(`CREATE TRIGGER activitylog_no_truncate BEFORE TRUNCATE ON %[1]s
		FOR EACH STATEMENT EXECUTE FUNCTION activitylog_guard();
		ALTER TABLE %[1]s ENABLE ALWAYS TRIGGER activitylog_no_truncate`, name))
	return err
}
