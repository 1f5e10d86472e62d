package integrity_test

import (
	"database/sql"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/stretchr/testify/require"
)

// attack is something that was done to a log of ten sealed events of acme and two of globex, and what must be said of it.
type attack struct {
	name string
	do   func(a *attacker)
	want string // part of a finding
}

// attacker is somebody who may do anything to the database.
type attacker struct {
	t  testing.TB
	r  *rig
	db *sql.DB
	pg bool

	kept   [][]byte // checkpoints outside the database
	before []byte   // a row as it was
}

func newAttacker(t testing.TB, r *rig) *attacker {
	t.Helper()
	a := &attacker{t: t, r: r, pg: strings.Contains(r.dsn, "://")}
	driver := "sqlite3"
	if a.pg {
		driver = "postgres"
	}
	var err error
	a.db, err = sql.Open(driver, r.dsn)
	require.NoError(t, err)
	a.db.SetMaxOpenConns(1)
	t.Cleanup(func() { a.db.Close() })
	if a.pg {
		a.exec(`ALTER TABLE activitylog_events DISABLE TRIGGER ALL`)
		return a
	}
	for _, trigger := range []string{"no_replace", "no_update", "no_delete"} {
		a.exec(`DROP TRIGGER activitylog_` + trigger)
	}
	return a
}

// exec runs a statement with ? for arguments.
func (a *attacker) exec(text string, args ...any) {
	a.t.Helper()
	_, err := a.db.Exec(a.bind(text), args...)
	require.NoError(a.t, err)
}

func (a *attacker) bind(text string) string {
	if a.pg {
		for n := 1; strings.Contains(text, "?"); n++ {
			text = strings.Replace(text, "?", "$"+string(rune('0'+n)), 1)
		}
	}
	return text
}

// order is the column by which rows follow each other.
func (a *attacker) order() string {
	if a.pg {
		return "xact"
	}
	return "seq"
}

func (a *attacker) bytes(text string, args ...any) (b []byte) {
	a.t.Helper()
	require.NoError(a.t, a.db.QueryRow(a.bind(text), args...).Scan(&b))
	return b
}

func (a *attacker) bytesList(text string, args ...any) (list [][]byte) {
	a.t.Helper()
	rows, err := a.db.Query(a.bind(text), args...)
	require.NoError(a.t, err)
	defer rows.Close()
	for rows.Next() {
		var b []byte
		require.NoError(a.t, rows.Scan(&b))
		list = append(list, b)
	}
	require.NoError(a.t, rows.Err())
	return list
}

// nth is the id of the n-th event of acme by its number in the metadata.
func (a *attacker) nth(n int) any {
	a.t.Helper()
	for e, err := range a.r.log.Org("acme").Events(a.t.Context(), activitylog.Query{Filter: activitylog.ActionIs("project.update")}) {
		require.NoError(a.t, err)
		if e.Request.ID == "r"+string(rune('0'+n)) {
			if a.pg {
				return e.ID.String()
			}
			return e.ID[:]
		}
	}
	a.t.Fatalf("no event %d", n)
	return nil
}

// set changes columns of an event.
func (a *attacker) set(n int, assignments string, args ...any) {
	a.t.Helper()
	a.exec("UPDATE activitylog_events SET "+assignments+" WHERE id = ?", append(args, a.nth(n))...)
}

func (a *attacker) remove(n int) {
	a.t.Helper()
	a.exec("DELETE FROM activitylog_events WHERE id = ?", a.nth(n))
}

// row reads a row of the seals.
func (a *attacker) row(key []byte) []byte {
	a.t.Helper()
	return a.bytes(`SELECT value FROM activitylog_spaces WHERE space = 'activitylog/seal' AND key = ?`, key)
}

func (a *attacker) put(key, value []byte) {
	a.t.Helper()
	a.exec(`UPDATE activitylog_spaces SET value = ? WHERE space = 'activitylog/seal' AND key = ?`, value, key)
}

func (a *attacker) drop(key []byte) {
	a.t.Helper()
	a.exec(`DELETE FROM activitylog_spaces WHERE space = 'activitylog/seal' AND key = ?`, key)
}

func (a *attacker) add(key []byte) {
	a.t.Helper()
	a.exec(`INSERT INTO activitylog_spaces (space, key, value) VALUES ('activitylog/seal', ?, ?)`, key, []byte("y"))
}

// The keys of the seals of the tree of acme, which is the first, after ten events.
func sealKey(kind byte, number uint32, more ...byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{kind}, number), more...)
}

var (
	segmentOfAcme = sealKey('l', 1, 0, 0, 0, 0, 0, 0, 0, 9)
	tileOfAcme    = sealKey('t', 1, 0, 0, 0, 0, 0, 0, 0, 0, 0)
)

func flip(b []byte, i int) []byte {
	c := append([]byte{}, b...)
	c[i] ^= 1
	return c
}
