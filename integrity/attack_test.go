// Not under the race detector, where so many events take minutes: make test runs this package without it too.

//go:build !race

package integrity_test

import (
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/integrity"
	"github.com/activitylog/activitylog/internal/decision"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"
)

var attacks = []attack{
	{"edit a column", func(a *attacker) { a.set(3, "outcome = 'denied'") }, "differs from its evidence in: outcome"},
	{"edit who acted", func(a *attacker) { a.set(3, "actor_id = 'u2'") }, "differs from its evidence in: actor"},
	{"edit the data", func(a *attacker) { a.set(3, "data = replace(data, 'some words', 'same words')") }, "differs from its evidence in: metadata"},
	{"edit the message", func(a *attacker) { a.set(3, "data = replace(data, '\"message\":\"', '\"message\":\"not ')") }, "differs from its evidence in: text"},
	{"edit the target", func(a *attacker) { a.set(3, "data = replace(data, 'Secret plan', 'Other plan')") }, "differs from its evidence in: target"},
	{"edit the session", func(a *attacker) { a.set(3, "data = replace(data, '\"id\":\"r3\"', '\"id\":\"r4\"')") }, "differs from its evidence in: network"},
	{"edit the project", func(a *attacker) { a.set(3, "project = 'p2'") }, "differs from its evidence in: data that is never erased"},
	{"edit when it happened", func(a *attacker) { a.set(3, "time = time - 1") }, "differs from its evidence in: time"},
	{"edit when it was recorded", func(a *attacker) { a.set(3, "recorded = recorded - 3600000000") }, "differs from its evidence in: recorded"},
	{"edit the evidence", func(a *attacker) {
		leaf := a.bytes("SELECT leaf FROM activitylog_events WHERE id = ?", a.nth(3))
		a.set(3, "leaf = ?", flip(leaf, 60))
	}, "the evidence in the row is not what was sealed"},
	{"edit the evidence and the copy of it that was sealed", func(a *attacker) {
		leaf := a.bytes("SELECT leaf FROM activitylog_events WHERE id = ?", a.nth(3))
		at := strings.Index(string(a.row(segmentOfAcme)), string(leaf[:len(leaf)-32]))
		require.Positive(a.t, at)
		a.set(3, "leaf = ?", flip(leaf, 60))
		a.put(segmentOfAcme, flip(a.row(segmentOfAcme), at+60))
	}, "the sealed entries up to this one are not those that were signed"},
	{"swap the openings of two events", func(a *attacker) {
		x, y := a.bytes("SELECT opening FROM activitylog_events WHERE id = ?", a.nth(3)), a.bytes("SELECT opening FROM activitylog_events WHERE id = ?", a.nth(4))
		a.set(3, "opening = ?", y)
		a.set(4, "opening = ?", x)
	}, "differs from its evidence in: actor, target, network, metadata, text"},
	{"delete in the middle", func(a *attacker) { a.remove(4) }, "the row is gone, and no purge tells why"},
	{"delete the newest", func(a *attacker) { a.remove(9) }, "the row is gone, and no purge tells why"},
	{"delete all", func(a *attacker) { a.exec("DELETE FROM activitylog_events") }, "the row is gone, and no purge tells why"},
	{"cut the tail with its seals", func(a *attacker) {
		a.exec("DELETE FROM activitylog_events WHERE org = 'acme'")
		a.drop(segmentOfAcme)
	}, "tree: entries from 0 on are missing"},
	{"delete an organization with its tree", func(a *attacker) {
		a.exec("DELETE FROM activitylog_events WHERE org = 'acme'")
		a.exec(`DELETE FROM activitylog_spaces WHERE space = 'activitylog/seal' AND key IN (?, ?, ?, ?, ?)`,
			segmentOfAcme, tileOfAcme, sealKey('s', 1), sealKey('c', 1), []byte("oacme"))
	}, "all of an organization was removed"},
	{"swap two rows", func(a *attacker) {
		x, y := a.bytes("SELECT data FROM activitylog_events WHERE id = ?", a.nth(3)), a.bytes("SELECT data FROM activitylog_events WHERE id = ?", a.nth(4))
		a.set(3, "data = ?", string(y))
		a.set(4, "data = ?", string(x))
	}, "differs from its evidence in: target, network, metadata"},
	{"move to another tenant", func(a *attacker) { a.set(3, "org = 'globex'") }, "the row is gone, and no purge tells why"},
	{"insert without the key of the writers", func(a *attacker) { a.insert(nil) }, "cannot be believed: it came without evidence"},
	{"insert with a copy of evidence", func(a *attacker) {
		a.insert(a.bytes("SELECT leaf FROM activitylog_events WHERE id = ?", a.nth(3)))
	}, "cannot be believed: its evidence belongs to another event"},
	{"insert, and wait for the sealer", func(a *attacker) {
		a.insert(nil)
		a.r.seal()
	}, "it came without evidence"},
	{"insert in the past", func(a *attacker) {
		a.insert(nil)
		if a.pg {
			a.exec("UPDATE activitylog_events SET xact = (SELECT min(xact) FROM activitylog_events) WHERE action = 'forged.event'")
			return
		}
		a.exec("UPDATE activitylog_events SET seq = -1 WHERE action = 'forged.event'")
	}, "the row was never sealed although later ones were"},
	{"erase quietly", func(a *attacker) {
		_, err := a.r.store.(activitylog.Eraser).Erase(a.t.Context(), activitylog.StoreQuery{Org: "acme", Filter: activitylog.LabelIs("team", "blue"), Limit: 1},
			activitylog.ActorPart)
		require.NoError(a.t, err)
	}, "the row was emptied, and no record of an erasure tells why"},
	{"erase more than was recorded", func(a *attacker) {
		some := activitylog.RequestIs("r3")
		a.r.erase(integrity.Erasure{Org: "acme", Filter: some, Parts: activitylog.ActorPart, Ground: "x"})
		a.r.seal()
		a.r.clean()
		_, err := a.r.store.(activitylog.Eraser).Erase(a.t.Context(), activitylog.StoreQuery{Org: "acme", Filter: some}, activitylog.TargetPart|activitylog.ContentPart)
		require.NoError(a.t, err)
	}, "the row lost more than the records of its erasure name: target, metadata"},
	{"erase and put something else there", func(a *attacker) { a.set(3, "actor_id = 'u9', opening = NULL") }, "differs from its evidence in: actor"},
	{"poison a tile", func(a *attacker) { a.put(tileOfAcme, flip(a.row(tileOfAcme), 40)) }, "tile 0 of level 0 is not made of the entries below it"},
	{"remove a tile", func(a *attacker) { a.drop(tileOfAcme) }, "tile 0 of level 0 is not made of the entries below it"},
	{"add a row to the seals", func(a *attacker) { a.add([]byte("x")) }, "is none that a sealer writes"},
	{"edit the root log", func(a *attacker) {
		first := a.bytes(`SELECT key FROM activitylog_spaces WHERE space = 'activitylog/seal' AND key >= ? ORDER BY key LIMIT 1`, sealKey('l', 0))
		a.put(first, flip(a.row(first), len(a.row(first))-2))
	}, "the entries of the root log are not those that were signed"},
	{"sign with a key of one's own", func(a *attacker) {
		private, _, err := note.GenerateKey(rand.Reader, a.r.keys.Signer.Name())
		require.NoError(a.t, err)
		signer, err := note.NewSigner(private)
		require.NoError(a.t, err)
		text, _, _ := strings.Cut(string(a.row(sealKey('c', 0))), "\n\n")
		forged, err := note.Sign(&note.Note{Text: text + "\n"}, signer)
		require.NoError(a.t, err)
		a.put(sealKey('c', 0), forged)
	}, "none of the seals can be believed"},
	{"move the place of the sealer", func(a *attacker) { a.put([]byte("h"), flip(a.row([]byte("h")), 3)) }, "the place of the sealer cannot be believed"},
	{"edit what is known of a tree", func(a *attacker) { a.put(sealKey('s', 1), flip(a.row(sealKey('s', 1)), 60)) }, "what is known of a tree cannot be believed"},
	{"give the checkpoint of another tree", func(a *attacker) { a.put(sealKey('c', 1), a.row(sealKey('c', 2))) }, "is one of log.example/test/"},
	{"replay an older place of the sealer", replay([]byte("h")), "the place of the sealer is not that of the newest seal"},
	{"replay an older state of a tree", replay(sealKey('s', 1)), "the state of the tree is not the one that was signed"},
	{"replay an older state of the root log", replay(sealKey('s', 0)), "the state of the root log is not the one that was signed"},
	{"replay an older checkpoint of a tree", replay(sealKey('c', 1)), "the checkpoint of the tree is not the one that the root log tells of"},
	{"edit the number of a tree", func(a *attacker) { a.put([]byte("oacme"), flip(a.row([]byte("oacme")), 0)) }, "the number of a tree cannot be believed"},
	{"remove the number of a tree", func(a *attacker) { a.drop([]byte("oacme")) }, "the organization has not exactly one tree"},
	{"remove the place of the sealer", func(a *attacker) { a.drop([]byte("h")) }, "the place of the sealer is gone"},
	{"add a tile", func(a *attacker) { a.add(sealKey('t', 1, 0, 0, 0, 0, 0, 0, 0, 0, 7)) }, "there are 2 tiles where there should be 1"},
	{"add entries", func(a *attacker) { a.add(sealKey('l', 1, 0, 0, 0, 0, 0, 0, 0, 12)) }, "there are entries behind the signed end"},
	{"edit where rows stood", func(a *attacker) {
		key := sealKey('p', 1, 0, 0, 0, 0, 0, 0, 0, 9)
		a.put(key, flip(a.row(key), 9))
	}, "where the rows up to entry 9 stood cannot be believed"},
	{"move a row in the order of the log", func(a *attacker) {
		if a.pg {
			a.set(3, "xact = '3'")
			return
		}
		a.set(3, "seq = 0")
	}, "the row stands in another place of the log"},
	{"move a row that is not sealed yet", func(a *attacker) {
		a.r.record("initech", 1)
		a.r.record("initech", 1)
		first := a.bytes("SELECT id FROM activitylog_events WHERE org = 'initech' ORDER BY " + a.order() + " LIMIT 1")
		if a.pg {
			a.exec("UPDATE activitylog_events SET xact = (SELECT ((max(xact)::text::bigint + 1)::text)::xid8 FROM activitylog_events) WHERE id = ?", first)
			return
		}
		a.exec("UPDATE activitylog_events SET seq = (SELECT max(seq) + 1 FROM activitylog_events) WHERE id = ?", first)
	}, "stands behind one that the same process recorded later"},
	{"edit an index", func(a *attacker) {
		if a.pg {
			a.set(3, "search = 'nothing'")
			return
		}
		a.set(3, "search_text = 'nothing'")
	}, "the terms of the row are not its own"},
	{"remove all seals", func(a *attacker) { a.exec(`DELETE FROM activitylog_spaces`) }, "nothing was ever sealed"},
	{"edit before it is sealed", func(a *attacker) {
		a.r.record("initech", 1)
		a.exec("UPDATE activitylog_events SET severity = 'critical' WHERE org = 'initech'")
	}, "differs from its evidence in: severity"},
	{"edit before it is sealed, with the evidence", func(a *attacker) {
		a.r.record("initech", 1)
		leaf := a.bytes("SELECT leaf FROM activitylog_events WHERE org = 'initech'")
		a.exec("UPDATE activitylog_events SET leaf = ? WHERE org = 'initech'", flip(leaf, 60))
	}, "cannot be believed: its evidence was not made with the key of the writers"},
	{"edit the evidence before it is sealed, and wait for the sealer", func(a *attacker) {
		a.r.record("initech", 1)
		leaf := a.bytes("SELECT leaf FROM activitylog_events WHERE org = 'initech'")
		a.exec("UPDATE activitylog_events SET leaf = ? WHERE org = 'initech'", flip(leaf, 60))
		if !a.pg { // in the process that recorded it, the sealer does not read it: see TestSealsWhatWasRecorded
			a.r = a.r.elsewhere()
		}
		a.r.seal()
	}, "its evidence was not made with the key of the writers"},
	{"delete before it is sealed", func(a *attacker) {
		a.r.record("initech", 1)
		a.r.record("umbrella", 1)
		a.exec("DELETE FROM activitylog_events WHERE org = 'initech'")
	}, "1 of the events that writer"},
	{"claim a purge that was larger", func(a *attacker) {
		a.r.purge("acme", 1)
		a.remove(3)
		a.remove(4)
	}, "2 rows are gone, but recorded purges removed 1"},
	{"claim a purge and take it back once it is sealed", func(a *attacker) {
		a.r.record("acme", 1)
		const newest = " WHERE id = (SELECT id FROM activitylog_events WHERE org = 'acme' ORDER BY recorded DESC, id DESC LIMIT 1)"
		data := a.bytes("SELECT data FROM activitylog_events" + newest)
		a.exec("UPDATE activitylog_events SET action = 'audit.purge', data = ?"+newest, `{"schema":1,"metadata":{"deleted":100}}`)
		a.r.seal()
		a.exec("UPDATE activitylog_events SET action = 'project.update', data = ?"+newest, string(data))
		a.remove(4)
	}, "the row is gone, and no purge tells why"},
	{"have a sweeper repeat a forged purge", func(a *attacker) {
		plain, err := activitylog.New(a.r.store, nil)
		require.NoError(a.t, err)
		id, err := plain.Record(decision.With(a.t.Context()), activitylog.Event{Org: "acme", Action: decision.Purge, Actor: activitylog.Actor{ID: "u1"},
			Outcome: activitylog.InProgress, Expires: time.Now().Add(-time.Minute), Metadata: map[string]any{"planned": 0, "deleted": 100}})
		require.NoError(a.t, err)
		swept, err := a.r.log.Sweep(a.t.Context())
		require.NoError(a.t, err)
		require.Equal(a.t, 1, swept)
		if a.pg {
			a.exec("DELETE FROM activitylog_events WHERE id = ?", id.String())
		} else {
			a.exec("DELETE FROM activitylog_events WHERE id = ?", id[:])
		}
		a.r.seal()
		a.remove(4)
	}, "the row is gone, and no purge tells why"},
	{"blank a message as if it had been erased", func(a *attacker) {
		data := string(a.bytes("SELECT data FROM activitylog_events WHERE id = ?", a.nth(3)))
		begin := strings.Index(data, `"message":"`)
		end := begin + len(`"message":"`) + strings.Index(data[begin+len(`"message":"`):], `"`) + 1
		opening := a.bytes("SELECT opening FROM activitylog_events WHERE id = ?", a.nth(3))
		opening[1] &^= 1 << 4
		a.set(3, "data = ?, opening = ?", data[:begin]+`"message":"[erased]"`+data[end:], opening[:len(opening)-16])
	}, "the row was emptied, and no record of an erasure tells why"},
	{"damage a row", func(a *attacker) { a.set(3, "data = '{'") }, "the row is damaged"},
}

// replay puts an older value of a row back.
func replay(key []byte) func(*attacker) {
	return func(a *attacker) {
		old := a.row(key)
		a.r.record("acme", 1)
		a.r.seal()
		a.put(key, old)
	}
}

// insert forges an event of acme.
func (a *attacker) insert(leaf []byte) {
	a.t.Helper()
	e := event("acme", 99)
	e.Action, e.Actor, e.Leaf = "forged.event", activitylog.Actor{Type: activitylog.User, ID: "u1"}, leaf
	log, err := activitylog.New(a.r.store, &activitylog.Options{Stamp: func(events []activitylog.Event) error {
		events[0].Leaf = leaf
		return nil
	}})
	require.NoError(a.t, err)
	_, err = log.Record(a.t.Context(), e)
	require.NoError(a.t, err)
}

// A sealer in the process that recorded an event seals what was recorded, and not what somebody made of the row since.
func TestSealsWhatWasRecorded(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(a *attacker){
		"the evidence in the row is not what was sealed": func(a *attacker) {
			leaf := a.bytes("SELECT leaf FROM activitylog_events WHERE org = 'initech'")
			a.exec("UPDATE activitylog_events SET leaf = ? WHERE org = 'initech'", flip(leaf, 60))
		},
		"the row is gone, and no purge tells why": func(a *attacker) { a.exec("DELETE FROM activitylog_events WHERE org = 'initech'") },
	} {
		r := sqliteRig(t)
		r.record("acme", 1)
		r.seal()
		attack{want: want, do: func(a *attacker) {
			r.record("initech", 1)
			change(a)
			r.seal()
		}}.against(t, r, r.verify)
	}
}

// onlyDeep are attacks that only a deep verification sees.
var onlyDeep = map[string]bool{"edit an index": true, "move a row that is not sealed yet": true}

func TestAttacks(t *testing.T) {
	t.Parallel()
	for _, db := range rigs[1:] {
		for _, x := range attacks {
			t.Run(db.name+"/"+x.name, func(t *testing.T) {
				t.Parallel()
				r := db.open(t)
				r.record("acme", 10)
				r.record("globex", 2)
				r.seal()
				x.against(t, r, func() *integrity.Report {
					o := r.options()
					o.Deep = onlyDeep[x.name]
					return r.verifyBy(o)
				})
			})
		}
	}
}

// outsideAttacks leave a log that is right in itself: only what was kept elsewhere can tell.
var outsideAttacks = []attack{
	{"set the database back", func(a *attacker) {
		tables := []string{"activitylog_events", "activitylog_spaces"}
		for _, table := range tables {
			a.exec("CREATE TABLE old_" + table + " AS SELECT * FROM " + table)
		}
		a.r.record("acme", 3)
		a.r.seal()
		a.keep()
		for _, table := range tables {
			a.exec("DELETE FROM " + table)
			a.exec("INSERT INTO " + table + " SELECT * FROM old_" + table)
		}
	}, "the database was set back to an older state"},
	{"rewrite all with the stolen keys", func(a *attacker) {
		a.keep()
		a.exec("DELETE FROM activitylog_events")
		a.exec("DELETE FROM activitylog_spaces")
		a.r.reopen()
		a.r.record("acme", 9)
		a.r.record("globex", 2)
		a.r.seal()
		a.r.record("globex", 1)
		a.r.seal()
	}, "are not those that were kept elsewhere: the log was rewritten"},
}

// keep keeps the newest checkpoint elsewhere.
func (a *attacker) keep() {
	a.t.Helper()
	a.kept = append(a.kept, []byte(a.r.clean().Root))
}

func TestAttacksThatOnlyAnAnchorShows(t *testing.T) {
	t.Parallel()
	for _, db := range rigs[1:] {
		for _, x := range outsideAttacks {
			t.Run(db.name+"/"+x.name, func(t *testing.T) {
				t.Parallel()
				r := db.open(t)
				r.record("acme", 10)
				r.seal()
				a := newAttacker(t, r)
				x.do(a)
				r.clean()
				o := r.options()
				o.Known = a.kept
				report := r.verifyBy(o)
				if len(report.Findings) == 0 || !strings.Contains(report.Findings[0].String(), x.want) {
					t.Errorf("got %v\nwant %q", report.Findings, x.want)
				}
			})
		}
	}
}
