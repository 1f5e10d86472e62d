// Not under the race detector, where so many events take minutes: make test runs this package without it too.

//go:build !race

package integrity_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// edits is how many random edits a test makes: ten times as many in a soak.
func edits() int {
	if os.Getenv("ACTIVITYLOG_SOAK") == "1" {
		return 10_000
	}
	return 1000
}

// cellTable is a table of which cells are edited.
type cellTable struct {
	name    string
	columns []string
	key     []string // that tells rows apart
}

// tables lists all tables of the library. Left out are those in which SQLite itself keeps the index of terms: of them
// only what a search could find is compared with the rows, and much of the rest means nothing.
func (a *attacker) tables() []cellTable {
	a.t.Helper()
	list := `SELECT m.name, t.name, t.pk > 0 FROM sqlite_master m, pragma_table_info(m.name) t
		WHERE m.type = 'table' AND m.name LIKE 'activitylog%' AND m.name NOT LIKE 'activitylog_text%' ORDER BY m.name, t.cid`
	if a.pg {
		list = `SELECT table_name, column_name, false FROM information_schema.columns
			WHERE table_name LIKE 'activitylog%' ORDER BY table_name, ordinal_position`
	}
	rows, err := a.db.Query(list)
	require.NoError(a.t, err)
	defer rows.Close()
	var tables []cellTable
	for rows.Next() {
		var table, column string
		var key bool
		require.NoError(a.t, rows.Scan(&table, &column, &key))
		if len(tables) == 0 || tables[len(tables)-1].name != table {
			tables = append(tables, cellTable{name: table})
		}
		t := &tables[len(tables)-1]
		t.columns = append(t.columns, column)
		if key {
			t.key = append(t.key, column)
		}
	}
	for i := range tables {
		if a.pg {
			tables[i].key = []string{"ctid"}
		} else if len(tables[i].key) == 0 {
			tables[i].key = []string{"rowid"}
		}
	}
	return tables
}

// cell is one cell that is edited, and how it is put back.
type cell struct {
	table    cellTable
	column   string
	old, new any
	key      []any
	same     bool // it is still what it was
}

func (c *cell) String() string {
	return fmt.Sprintf("%s.%s of %v: %.80q became %.80q", c.table.name, c.column, c.key, fmt.Sprint(c.old), fmt.Sprint(c.new))
}

func (a *attacker) pick(rng *rand.Rand, t cellTable) *cell {
	a.t.Helper()
	var count int
	require.NoError(a.t, a.db.QueryRow("SELECT count(*) FROM "+t.name).Scan(&count))
	if count == 0 {
		return nil
	}
	c := &cell{table: t, column: t.columns[rng.IntN(len(t.columns))], key: make([]any, len(t.key))}
	dest := []any{&c.old}
	for i := range c.key {
		dest = append(dest, &c.key[i])
	}
	column := c.column
	if a.pg && (column == "xact" || column == "search") {
		column += "::text"
	}
	require.NoError(a.t, a.db.QueryRow(fmt.Sprintf("SELECT %s, %s FROM %s LIMIT 1 OFFSET %d", column, strings.Join(t.key, ", "), t.name, rng.IntN(count))).Scan(dest...))
	if b, ok := c.old.([]byte); ok {
		c.old = slices.Clone(b)
	}
	for i, k := range c.key {
		if b, ok := k.([]byte); ok {
			c.key[i] = slices.Clone(b)
		}
	}
	c.new = mutate(rng, c.old)
	return c
}

// update sets the cell and returns false if the database refuses it.
func (a *attacker) update(c *cell, v any) bool {
	a.t.Helper()
	where := make([]string, len(c.key))
	args := []any{v}
	for i, k := range c.table.key {
		where[i] = k + " = ?"
		args = append(args, c.key[i])
	}
	cast := ""
	if a.pg {
		cast = map[string]string{"xact": "::text::xid8", "search": "::text::tsvector"}[c.column]
		if b, ok := v.([]byte); ok && !slices.Contains([]string{"leaf", "opening", "key", "value"}, c.column) {
			args[0] = string(b)
		}
	}
	text := fmt.Sprintf("UPDATE %s SET %s = ?%s WHERE %s", c.table.name, c.column, cast, strings.Join(where, " AND "))
	if a.pg {
		var now any // may be the old value in other words
		err := a.db.QueryRow(a.bind(text+" RETURNING ctid, "+c.column+"::text"), args...).Scan(&c.key[0], &now)
		c.same = fmt.Sprintf("%s", now) == fmt.Sprintf("%s", c.old)
		return err == nil
	}
	if _, err := a.db.Exec(text, args...); err != nil {
		return false
	}
	if i := slices.Index(c.table.key, c.column); i >= 0 {
		c.key[i] = v
	}
	return true
}

// mutate returns another value of the same type, or none.
func mutate(rng *rand.Rand, v any) any {
	switch v := v.(type) {
	case int64:
		return v + []int64{1, -1, 1 << rng.IntN(40), -v, rng.Int64N(1e15)}[rng.IntN(5)]
	case string:
		return string(mutateBytes(rng, []byte(v)))
	case []byte:
		return mutateBytes(rng, v)
	case nil:
		return int64(rng.IntN(100))
	}
	return nil
}

func mutateBytes(rng *rand.Rand, v []byte) []byte {
	b := slices.Clone(v)
	if len(b) == 0 {
		return []byte("x")
	}
	i := rng.IntN(len(b))
	switch rng.IntN(4) {
	case 0:
		return b[:i]
	case 1:
		return append(b, ' ')
	case 2:
		return slices.Insert(b, i, b[i])
	}
	b[i] ^= 1 << rng.IntN(7)
	return b
}

// TestNoEditOfACellGoesUnseen edits cells of every column of every table, of sealed rows and of others.
func TestNoEditOfACellGoesUnseen(t *testing.T) {
	t.Parallel()
	for _, db := range rigs[1:] {
		t.Run(db.name, func(t *testing.T) {
			t.Parallel()
			rng := seeded(t)
			r := db.open(t)
			r.record("acme", 40)
			r.record("globex", 5)
			r.seal()
			r.record("acme", 30)
			r.anchored()
			r.record("acme", 3)
			r.record("initech", 2)
			a := newAttacker(t, r)
			sequence := func() (ids [][]byte) {
				return a.bytesList("SELECT id FROM activitylog_events ORDER BY " + a.order() + ", id")
			}
			require.Empty(t, r.verifyDeeply().Findings)
			tables := a.tables()
			made, unseen := 0, 0
			before := sequence()
			for made < edits() {
				c := a.pick(rng, tables[rng.IntN(len(tables))])
				if c == nil || fmt.Sprint(c.old) == fmt.Sprint(c.new) || !a.update(c, c.new) || c.same {
					continue
				}
				made++
				if report := r.verifyDeeply(); len(report.Findings) == 0 && !(c.column == a.order() && slices.EqualFunc(sequence(), before, bytes.Equal)) {
					unseen++ // and what the column is there for, the order of rows, did change
					t.Errorf("not seen: %v", c)
				}
				require.True(t, a.update(c, c.old), "%v", c)
				if made%100 == 0 {
					require.Empty(t, r.verifyDeeply().Findings, "after %v was put back", c)
				}
			}
			t.Logf("%d edits, %d unseen", made, unseen)
		})
	}
}
