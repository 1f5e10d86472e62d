package access_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/activitylog/activitylog/export"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// TestEveryReadIsRecorded calls each read in a fresh log: it must leave one record, of an export two, and none of them
// may stand in the answer.
func TestEveryReadIsRecorded(t *testing.T) {
	t.Parallel()
	for name, read := range reads {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := memoryRig(t)
			e := r.record("acme", "", "ana", 1)
			a := read(t.Context(), r.guard.Reader(access.Org(leo, "acme", access.AllRights)), ask{id: e.ID})
			require.NoError(t, a.err)
			records := r.records("acme")
			want := []string{"audit.view success"}
			if name == "Export" {
				want = []string{"audit.export pending", "audit.export success"}
				slices.SortFunc(records, func(a, b activitylog.Event) int { return strings.Compare(string(a.Outcome), string(b.Outcome)) })
			}
			var got []string
			for _, e := range records {
				got = append(got, e.Action+" "+string(e.Outcome))
				if e.Actor.ID != "leo" || e.Actor.Name != "Leo" || strings.Contains(a.text, e.ID.String()) || strings.Contains(a.text, "audit.") {
					t.Errorf("record %s by %v; answer %s", e.Message, e.Actor, a.text)
				}
			}
			require.Equal(t, want, got)
		})
	}
}

// refusing is a store that cannot be written.
type refusing struct{ *memory.Store }

var errFull = errors.New("disk full")

func (refusing) Append(context.Context, []activitylog.Event) error { return errFull }

// TestNothingWithoutRecord reads where nothing can be recorded.
func TestNothingWithoutRecord(t *testing.T) {
	t.Parallel()
	store := memory.New()
	e := newRig(t, store).record("acme", "", "ana", 1)
	r := newRig(t, refusing{store})
	for name, read := range reads {
		a := read(t.Context(), r.guard.Reader(access.Org(leo, "acme", access.AllRights)), ask{id: e.ID})
		if !errors.Is(a.err, errFull) || strings.Contains(a.text, "acme") {
			t.Errorf("%s: %q %v", name, a.text, a.err)
		}
		a = read(t.Context(), r.guard.Reader(access.Org(leo, "acme", 0)), ask{id: e.ID})
		if !errors.Is(a.err, errFull) || strings.Contains(a.text, "acme") {
			t.Errorf("%s without rights: %q %v", name, a.text, a.err)
		}
	}
}

func TestFolding(t *testing.T) {
	t.Parallel()
	page := func(r *rig, g access.Grant, f activitylog.Filter) {
		t.Helper()
		_, err := r.guard.Reader(g).Page(t.Context(), activitylog.Query{Filter: f})
		require.NoError(t, err)
	}
	login := activitylog.ActionIs("auth.login")
	tests := []struct {
		name string
		do   func(r *rig)
		want int
	}{
		{"again and again", func(r *rig) {
			for range 200 {
				page(r, access.Org(leo, "acme", access.View), login)
				r.clock.set(r.clock.Now().Add(1490 * time.Millisecond))
			}
		}, 1},
		{"on for eleven minutes", func(r *rig) {
			for range 11 {
				page(r, access.Org(leo, "acme", access.View), login)
				r.clock.set(r.clock.Now().Add(time.Minute))
			}
		}, 3},
		{"another person", func(r *rig) {
			page(r, access.Org(leo, "acme", access.View), login)
			page(r, access.Org(ana, "acme", access.View), login)
		}, 2},
		{"another kind of actor", func(r *rig) {
			page(r, access.Org(leo, "acme", access.View), login)
			page(r, access.Org(activitylog.Actor{Type: activitylog.Service, ID: "leo"}, "acme", access.View), login)
		}, 2},
		{"another organization", func(r *rig) {
			page(r, access.Org(leo, "globex", access.View), login)
			page(r, access.Org(leo, "acme", access.View), login)
		}, 1},
		{"another filter", func(r *rig) {
			page(r, access.Org(leo, "acme", access.View), login)
			page(r, access.Org(leo, "acme", access.View), activitylog.Filter{})
		}, 2},
		{"another scope", func(r *rig) {
			page(r, access.Org(leo, "acme", access.View), login)
			page(r, access.Project(leo, "acme", "north", access.View), login)
			page(r, access.Own(leo, "acme", access.View), login)
		}, 3},
		{"figures of the same", func(r *rig) {
			page(r, access.Org(leo, "acme", access.View), login)
			_, err := r.guard.Reader(access.Org(leo, "acme", access.View)).Count(t.Context(), login, 0)
			require.NoError(t, err)
		}, 1},
		{"another process", func(r *rig) {
			for range 3 {
				page(r, access.Org(leo, "acme", access.View), login)
				r.clock.set(r.clock.Now().Add(time.Minute))
				r.guard = r.newGuard()
			}
		}, 1},
		{"another process, later", func(r *rig) {
			page(r, access.Org(leo, "acme", access.View), login)
			r.clock.set(r.clock.Now().Add(5 * time.Minute))
			r.guard = r.newGuard()
			page(r, access.Org(leo, "acme", access.View), login)
		}, 2},
		{"a clock that went back", func(r *rig) {
			page(r, access.Org(leo, "acme", access.View), login)
			r.clock.set(r.clock.Now().Add(-time.Hour))
			page(r, access.Org(leo, "acme", access.View), login)
		}, 2},
		{"the records themselves", func(r *rig) {
			for range 50 {
				page(r, access.Org(leo, "acme", access.View), activitylog.ActionIs("audit.view"))
			}
		}, 1},
		{"each opened event", func(r *rig) {
			for range 3 {
				for _, n := range []byte{1, 2} {
					_, err := r.guard.Reader(access.Org(leo, "acme", access.View)).Get(t.Context(), uuid.UUID{n})
					require.ErrorIs(t, err, activitylog.ErrNotFound)
				}
			}
		}, 2},
		{"imported records do not count", func(r *rig) {
			page(r, access.Org(leo, "acme", access.View), login)
			e := r.records("acme")[0]
			e.ID, e.Org, e.Backfill = uuid.Nil, "globex", true
			_, err := r.log.Record(t.Context(), e)
			require.NoError(t, err)
			page(r, access.Org(leo, "globex", access.View), login)
			if n := len(r.records("globex")); n != 2 {
				t.Errorf("%d records, with the imported one", n)
			}
		}, 1},
		{"a filter of many words", func(r *rig) {
			f := activitylog.ActorIs(strings.Split(strings.Repeat("somebody,", 1500), ",")...)
			page(r, access.Org(leo, "acme", access.View), f)
			r.guard = r.newGuard()
			page(r, access.Org(leo, "acme", access.View), f)
		}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := memoryRig(t)
			tt.do(r)
			if n := len(r.records("acme")); n != tt.want {
				t.Errorf("%d records, want %d", n, tt.want)
			}
		})
	}
}

func TestPlatformViews(t *testing.T) {
	t.Parallel()
	r := memoryRig(t)
	r.record("acme", "", "ana", 1)
	_, err := r.guard.Reader(access.Platform(leo, access.View)).Page(t.Context(), activitylog.Query{})
	require.NoError(t, err)
	if n := len(r.records(activitylog.SystemOrg)); n != 1 || len(r.records("acme")) != 0 {
		t.Errorf("%d records of the platform", n)
	}
}

// TestViewsOfAProject keeps the project of a request from that of a view of the whole organization.
func TestViewsOfAProject(t *testing.T) {
	t.Parallel()
	r := memoryRig(t)
	ctx := activitylog.WithOrg(t.Context(), "acme", "north")
	for _, g := range []access.Grant{access.Org(leo, "acme", access.View), access.Project(leo, "acme", "south", access.View)} {
		_, err := r.guard.Reader(g.OnBehalfOf(activitylog.Delegation{Actor: ana, Relation: activitylog.Impersonates})).Page(ctx, activitylog.Query{})
		require.NoError(t, err)
	}
	records := r.records("acme")
	require.Len(t, records, 2)
	if records[0].Project != "" || records[1].Project != "south" || records[0].OnBehalfOf[0].ID != "ana" {
		t.Errorf("recorded in %q and %q, for %v", records[0].Project, records[1].Project, records[0].OnBehalfOf)
	}
}

// firstByte looks at the log when the first byte arrives.
type firstByte struct {
	bytes.Buffer
	seen func()
}

func (f *firstByte) Write(b []byte) (int, error) {
	if f.Len() == 0 {
		f.seen()
	}
	return f.Buffer.Write(b)
}

func TestExport(t *testing.T) {
	t.Parallel()
	r := memoryRig(t)
	for i := range 40 {
		r.record("acme", "", "ana", i)
	}
	out := &firstByte{seen: func() {
		records := r.records("acme")
		if len(records) != 1 || records[0].Outcome != activitylog.InProgress || records[0].Metadata["filter"] != "actor:ana" {
			t.Errorf("at the first byte the log holds %v", records)
		}
	}}
	q := activitylog.Query{Filter: activitylog.ActorIs("ana"), Limit: 25, Order: activitylog.Oldest}
	x, err := r.guard.Reader(access.Org(leo, "acme", access.View|access.Export)).Export(t.Context(), out, q, export.AsNDJSON())
	require.NoError(t, err)
	sum := sha256.Sum256(out.Bytes())
	records := r.records("acme")
	end := records[slices.IndexFunc(records, func(e activitylog.Event) bool { return e.Completes == x.ID })]
	if x.Rows != 25 || strings.Count(out.String(), "\n") != 25 || x.SHA256 != hex.EncodeToString(sum[:]) || x.Bytes != int64(out.Len()) {
		t.Errorf("sent %d bytes: %+v", out.Len(), x)
	}
	if end.Metadata["rows"] != json.Number("25") || end.Metadata["sha256"] != x.SHA256 || end.Completes != x.ID || end.Outcome != activitylog.Success {
		t.Errorf("the end is %s", end.AppendJSON(nil))
	}
}

// breaking is a connection that breaks after n bytes.
type breaking struct{ n int }

func (b *breaking) Write(p []byte) (int, error) {
	if len(p) > b.n {
		return b.n, io.ErrClosedPipe
	}
	b.n -= len(p)
	return len(p), nil
}

func TestExportThatFails(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	for name, c := range map[string]struct {
		out   io.Writer
		write func(io.Writer, iter.Seq2[activitylog.Event, error]) error
	}{
		"broken connection": {&breaking{100}, export.AsNDJSON()},
		"wrong columns":     {io.Discard, export.AsCSV(&export.CSVOptions{Columns: []string{"nope"}})},
		"ended context": {io.Discard, func(_ io.Writer, events iter.Seq2[activitylog.Event, error]) error {
			for _, err := range events {
				if err != nil {
					return err
				}
				cancel()
			}
			return ctx.Err()
		}},
	} {
		r := memoryRig(t)
		for i := range 400 {
			r.record("acme", "", "ana", i)
		}
		x, err := r.guard.Reader(access.Org(leo, "acme", access.View|access.Export)).Export(ctx, c.out, activitylog.Query{}, c.write)
		if err == nil {
			t.Errorf("%s: no error", name)
		}
		records := r.records("acme")
		slices.SortFunc(records, func(a, b activitylog.Event) int { return bytes.Compare(a.Completes[:], b.Completes[:]) })
		if len(records) != 2 || records[1].Outcome != activitylog.Failure || records[1].Metadata["rows"] != json.Number(fmt.Sprint(x.Rows)) {
			t.Errorf("%s: recorded %s", name, textOf(records))
		}
	}
}
