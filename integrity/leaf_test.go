package integrity_test

import (
	"bytes"
	"encoding/hex"
	"flag"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/integrity"
	"github.com/fxamacker/cbor/v2"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "renew files under testdata")

// full is an event with content everywhere.
func full() activitylog.Event {
	cost := int64(1500)
	return activitylog.Event{
		ID: uuid.MustParse("01a20000-0000-7000-8000-000000000001"), Org: "acme", Project: "p1", Action: "ai.message.send",
		Time: time.Date(2026, 5, 4, 3, 2, 1, 123456000, time.UTC), Duration: 1500 * time.Millisecond,
		Outcome: activitylog.Failure, Reason: "the model refused", ErrorCode: "refused",
		Actor:      activitylog.Actor{Type: activitylog.Agent, ID: "a1", Name: "Bot \u202e", Email: "bot@example.org", Roles: []string{"r"}},
		OnBehalfOf: []activitylog.Delegation{{Actor: activitylog.Actor{Type: activitylog.User, ID: "u1"}, Relation: activitylog.DelegatedBy}},
		Targets:    []activitylog.Target{{Type: "chat", ID: "c1", Name: "<b>&"}},
		Changes:    []activitylog.Change{{Path: "model", Old: "x", New: "y"}},
		Client:     activitylog.Client{IP: netip.MustParseAddr("2001:db8::1"), UserAgent: "curl"},
		Request:    activitylog.Request{ID: "q", Method: "POST", Route: "/x"},
		AI:         &activitylog.AIUsage{Provider: "p", Model: "m", InputTokens: 9007199254740993, CostMicros: &cost, Currency: "USD"},
		Labels:     map[string]string{"b": "2", "a": "1"},
		Metadata:   map[string]any{"big": int64(9007199254740993), "z": []any{nil, true, "é"}},
	}
}

func TestLeavesAreTheSameInEveryStore(t *testing.T) {
	t.Parallel()
	var keys integrity.WriterKeys
	keys.Row[0], keys.Name[0] = 1, 2
	everyStore(t, func(t *testing.T, r *rig) {
		w := integrity.NewWriterAs(keys, [8]byte{1, 2, 3, 4, 5, 6, 7, 8})
		log, err := activitylog.New(r.store, &activitylog.Options{
			Now: func() time.Time { return time.Date(2026, 5, 4, 3, 2, 2, 0, time.UTC) },
			Stamp: func(events []activitylog.Event) error {
				return w.StampWith(&events[0], 1)
			},
			Number: w.Number,
		})
		require.NoError(t, err)
		id, err := log.Record(t.Context(), full())
		require.NoError(t, err)
		e, err := log.Org("acme").Get(t.Context(), id)
		require.NoError(t, err)
		got := hex.EncodeToString(e.Leaf) + "\n" + hex.EncodeToString(e.Opening) + "\n"
		if *update {
			require.NoError(t, os.WriteFile("testdata/leaf.golden", []byte(got), 0o644))
		}
		want, err := os.ReadFile("testdata/leaf.golden")
		require.NoError(t, err)
		if got != string(want) {
			t.Errorf("got\n%swant\n%s", got, want)
		}
		// What comes out of the store gives the same leaf again.
		again := e
		require.NoError(t, w.StampWith(&again, 1))
		l, err := integrity.ParseLeaf(again.Leaf[:len(again.Leaf)-32])
		require.NoError(t, err)
		old, err := integrity.ParseLeaf(e.Leaf[:len(e.Leaf)-32])
		require.NoError(t, err)
		if !bytes.Equal(l.Kept, old.Kept) || !equalLists(l.Commitments[:], old.Commitments[:]) {
			t.Errorf("got %+v\nwant %+v", l, old)
		}
	})
}

func equalLists(a, b [][]byte) bool {
	return bytes.Equal(bytes.Join(a, []byte{0}), bytes.Join(b, []byte{0}))
}

func TestALeafTellsNothingPersonal(t *testing.T) {
	t.Parallel()
	w := integrity.NewWriter(integrity.NewWriterKeys())
	e := full()
	e.Recorded = e.Time
	events := []activitylog.Event{e, e}
	require.NoError(t, w.Stamp(events))
	for _, secret := range []string{"acme", "Bot", "bot@example.org", "a1", "c1", "refused", "curl", "2001"} {
		if strings.Contains(string(events[0].Leaf), secret) {
			t.Errorf("the leaf holds %q", secret)
		}
	}
	a, err := integrity.ParseLeaf(events[0].Leaf[:len(events[0].Leaf)-32])
	require.NoError(t, err)
	b, err := integrity.ParseLeaf(events[1].Leaf[:len(events[1].Leaf)-32])
	require.NoError(t, err)
	for g := range a.Commitments {
		if len(a.Commitments[g]) > 0 && bytes.Equal(a.Commitments[g], b.Commitments[g]) {
			t.Errorf("group %d has the same commitment for the same content", g)
		}
	}
}

func TestThereIsOneEncodingOfALeaf(t *testing.T) {
	t.Parallel()
	w := integrity.NewWriter(integrity.NewWriterKeys())
	events := []activitylog.Event{full()}
	require.NoError(t, w.Stamp(events))
	leaf := events[0].Leaf[:len(events[0].Leaf)-32]
	l, err := integrity.ParseLeaf(leaf)
	require.NoError(t, err)
	body, err := cbor.Marshal(l) // an empty list of void numbers, written at length
	require.NoError(t, err)
	require.Equal(t, "activitylog/leaf/v1\n"+string(body), string(leaf))
	for name, b := range map[string][]byte{
		"another version":       append([]byte("activitylog/leaf/v1\n\x90\x02"), body[2:]...),
		"another prefix":        append([]byte("activitylog/leaf/v2\n"), body...),
		"a longer number":       append([]byte("activitylog/leaf/v1\n\x90\x18\x01"), body[2:]...),
		"an indefinite list":    append(append([]byte("activitylog/leaf/v1\n\x9f"), body[1:]...), 0xff),
		"something behind":      append(bytes.Clone(leaf), 0),
		"nothing":               nil,
		"cut off":               leaf[:len(leaf)-1],
		"too long":              append(bytes.Clone(leaf), make([]byte, 5000)...),
		"one field less":        append([]byte("activitylog/leaf/v1\n\x8f"), body[1:len(body)-1]...),
		"another number of all": append([]byte("activitylog/leaf/v1\n\x9b\xff\xff\xff\xff\xff\xff\xff\xff"), body[1:]...),
	} {
		if _, err := integrity.ParseLeaf(b); err == nil {
			t.Errorf("%s was read", name)
		}
	}
}

func TestRecordingWithoutKeysLeavesNoEvidence(t *testing.T) {
	t.Parallel()
	r := memoryRig(t)
	log, err := activitylog.New(r.store, nil)
	require.NoError(t, err)
	id, err := log.Record(r.ctx, event("acme", 1))
	require.NoError(t, err)
	e, err := log.Org("acme").Get(r.ctx, id)
	require.NoError(t, err)
	if e.Leaf != nil || e.Opening != nil {
		t.Errorf("leaf %x, opening %x", e.Leaf, e.Opening)
	}
}

func TestLeafBeginsWithItsPlace(t *testing.T) {
	t.Parallel()
	l := integrity.Leaf{Version: 1, Stream: [16]byte{1, 2, 3}, ID: full().ID, Category: "ai", Void: []uint64{}}
	b, err := l.Append(nil)
	require.NoError(t, err)
	require.True(t, integrity.BeginsAs(b, l.Stream, l.ID))
	require.False(t, integrity.BeginsAs(b, [16]byte{1}, l.ID))
	require.False(t, integrity.BeginsAs(b, l.Stream, uuid.Max))
	for n := range 64 {
		require.Equal(t, n >= len("activitylog/leaf/v1\n")+3+16+1+16, integrity.BeginsAs(b[:n], l.Stream, l.ID), "%d bytes", n)
	}
}
