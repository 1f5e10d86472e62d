package retention_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/retention"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/stretchr/testify/require"
)

// archived purges n events into a folder.
func archived(t *testing.T, r *rig, n int) (dir string, before []activitylog.Event) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "archive [2026]*")
	r.rules("", month)
	r.many("acme", "auth.login", "old ", n)
	for e, err := range r.log.AllOrgs().Events(t.Context(), activitylog.Query{Filter: activitylog.CategoryIs("auth")}) {
		require.NoError(t, err)
		before = append(before, e)
	}
	r.clock.set(start.Add(40 * day))
	report, err := r.keeper.Purge(r.ctx, "", &retention.PurgeOptions{Load: 1, Archive: dir})
	require.NoError(t, err)
	if report.Archived != int64(n) || report.Deleted != int64(n) || len(report.Files) != 1 || len(r.left()) != 0 {
		t.Errorf("report %+v", report)
	}
	return dir, before
}

func reopened(t *testing.T, dir string) *activitylog.Log {
	t.Helper()
	store, err := retention.OpenArchive(dir)
	require.NoError(t, err)
	log, err := activitylog.New(store, nil)
	require.NoError(t, err)
	t.Cleanup(func() { log.Close(t.Context()) })
	return log
}

func TestArchive(t *testing.T) {
	t.Parallel()
	for name, newRig := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			dir, before := archived(t, r, 1200)
			log := reopened(t, dir)
			var got []activitylog.Event
			q := activitylog.Query{Limit: 100}
			for {
				page, err := log.Org("acme").Page(t.Context(), q)
				require.NoError(t, err)
				got = append(got, page.Events...)
				if q.Cursor = page.Next; q.Cursor.IsZero() {
					break
				}
			}
			require.Equal(t, before, got)
			n, err := log.Org("acme").Count(t.Context(), activitylog.Text(`"old 7"`), 0)
			require.NoError(t, err)
			if other, err := log.Org("globex").Count(t.Context(), activitylog.Filter{}, 0); n != 1 || other != 0 || err != nil {
				t.Errorf("finds %d and %d, %v", n, other, err)
			}
			if _, err := log.Record(r.ctx, event("acme", "x.y", "z")); !errors.Is(err, errors.ErrUnsupported) {
				t.Errorf("an archive can be written: %v", err)
			}

			store, err := retention.OpenArchive(dir)
			require.NoError(t, err)
			list, err := store.Manifests()
			require.NoError(t, err)
			require.Len(t, list, 1)
			m := list[0]
			file, err := os.ReadFile(filepath.Join(dir, m.File))
			require.NoError(t, err)
			sum := sha256.Sum256(file)
			if m.Events != 1200 || m.Rules[0].Name != "month" || !m.Oldest.Equal(before[1199].Time) || !m.Newest.Equal(before[0].Time) ||
				m.SHA256 != hex.EncodeToString(sum[:]) || m.Bytes != int64(len(file)) {
				t.Errorf("manifest %+v", m)
			}
			z, err := gzip.NewReader(bytes.NewReader(file)) // as any program reads it
			require.NoError(t, err)
			lines, err := io.ReadAll(z)
			require.NoError(t, err)
			if n := bytes.Count(lines, []byte("\n")); n != 1200 {
				t.Errorf("%d lines", n)
			}
			info, err := os.Stat(filepath.Join(dir, m.File))
			require.NoError(t, err)
			if info.Mode().Perm() != 0o600 {
				t.Errorf("others may read it: %v", info.Mode())
			}
			if purge, err := r.log.Org("acme").Get(t.Context(), m.Purge); err != nil || purge.Action != "audit.purge" {
				t.Errorf("the purge of the manifest: %v", err)
			}
		})
	}
}

func TestDamagedArchive(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(m *retention.Manifest, file []byte) []byte{
		"a byte":              func(_ *retention.Manifest, b []byte) []byte { b[len(b)/2] ^= 1; return b },
		"the end is gone":     func(_ *retention.Manifest, b []byte) []byte { return b[:len(b)-9] },
		"all is gone":         func(*retention.Manifest, []byte) []byte { return nil },
		"another whole file":  func(*retention.Manifest, []byte) []byte { return zipped(`{"org":"acme","action":"x.y"}` + "\n") },
		"more behind the end": func(_ *retention.Manifest, b []byte) []byte { return append(b, 0) },
		"no gzip":             func(_ *retention.Manifest, b []byte) []byte { return bytes.Repeat([]byte("x"), len(b)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, _ := archived(t, memoryRig(t), 100)
			store, err := retention.OpenArchive(dir)
			require.NoError(t, err)
			list, err := store.Manifests()
			require.NoError(t, err)
			path := filepath.Join(dir, list[0].File)
			b, err := os.ReadFile(path)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(path, damage(&list[0], b), 0o600))
			n := 0
			for _, err := range reopened(t, dir).AllOrgs().Events(t.Context(), activitylog.Query{}) {
				if err == nil {
					n++
				} else if !errors.Is(err, retention.ErrArchive) {
					t.Errorf("error %v", err)
				}
			}
			if n != 0 {
				t.Errorf("%d events of a damaged archive", n)
			}
		})
	}
}

func zipped(text string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(text))
	z.Close()
	return b.Bytes()
}

// TestArchiveBehindItsManifest has what a purge leaves that died after it had written to the file: that part does not
// count, since it is still in the log, and goes when the folder is tidied.
func TestArchiveBehindItsManifest(t *testing.T) {
	t.Parallel()
	dir, before := archived(t, memoryRig(t), 100)
	store, err := retention.OpenArchive(dir)
	require.NoError(t, err)
	list, err := store.Manifests()
	require.NoError(t, err)
	path := filepath.Join(dir, list[0].File)
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.Write(zipped("half a line")[:20])
	require.NoError(t, err)
	require.NoError(t, f.Close())
	_, err = reopened(t, dir).AllOrgs().Count(t.Context(), activitylog.Filter{}, 0)
	require.ErrorIs(t, err, retention.ErrArchive, "in a file that was ended")

	m := list[0]
	m.Open = true
	text, err := json.Marshal(m)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path+".json", text, 0o600))
	count := func() {
		t.Helper()
		n, err := reopened(t, dir).AllOrgs().Count(t.Context(), activitylog.Filter{}, 0)
		require.NoError(t, err)
		require.EqualValues(t, len(before), n)
	}
	count()
	require.NoError(t, store.Tidy(t.Context()))
	count()
	now, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, whole, now)
	again, err := store.Manifests()
	require.NoError(t, err)
	require.Equal(t, list, again)

	m.Replaces = "another" + filepath.Base(path)
	text, err = json.Marshal(m)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path+".json", text, 0o600))
	_, err = store.Manifests()
	require.ErrorIs(t, err, retention.ErrArchive, "half of a file that replaced another")
}

// mortal is a context that ends when it was asked so often.
type mortal struct {
	context.Context
	left int
}

func (m *mortal) Err() error {
	if m.left--; m.left < 0 {
		return context.Canceled
	}
	return nil
}

// TestErasureOfAnArchiveThatDies ends an erasure at each of its steps. What is left can be read whole, and the next
// erasure leaves nothing of the person in any file.
func TestErasureOfAnArchiveThatDies(t *testing.T) {
	t.Parallel()
	r := memoryRig(t)
	dir, _ := archived(t, r, 2500) // more than is written at once
	q := activitylog.StoreQuery{Filter: activitylog.ActorIs("u1")}
	erase := func(ctx context.Context, dir string) error {
		store, err := retention.OpenArchive(dir)
		require.NoError(t, err)
		_, err = store.Erase(ctx, q, activitylog.AllParts)
		return err
	}
	steps := 0
	for died := true; died; steps++ {
		copied := filepath.Join(t.TempDir(), "archive")
		require.NoError(t, os.CopyFS(copied, os.DirFS(dir)))
		err := erase(&mortal{t.Context(), steps}, copied)
		if died = err != nil; died {
			require.ErrorIs(t, err, context.Canceled)
		}
		events := map[string]int{}
		for e, err := range reopened(t, copied).AllOrgs().Events(t.Context(), activitylog.Query{}) {
			require.NoError(t, err, "after %d steps", steps)
			events[e.Actor.ID]++
		}
		if len(events) != 1 || events["u1"]+events["[erased]"] != 2500 {
			t.Errorf("after %d steps: %v", steps, events)
		}
		require.NoError(t, erase(t.Context(), copied))
		left, err := os.ReadDir(copied)
		require.NoError(t, err)
		require.Len(t, left, 2, "after %d steps", steps)
		for _, f := range left {
			b, err := os.ReadFile(filepath.Join(copied, f.Name()))
			require.NoError(t, err)
			if filepath.Ext(f.Name()) == ".gz" {
				z, err := gzip.NewReader(bytes.NewReader(b))
				require.NoError(t, err)
				b, err = io.ReadAll(z)
				require.NoError(t, err)
				require.Equal(t, 2500, bytes.Count(b, []byte(`"id":"[erased]"`)))
			}
			require.NotContains(t, string(b), `"u1"`)
		}
	}
	if steps < 8 {
		t.Errorf("it died at %d steps only", steps)
	}
}

// TestArchiveFirst lets the deletion fail: what was to go stands in the archive and in the log, and once in the answer.
func TestArchiveFirst(t *testing.T) {
	t.Parallel()
	left := 2
	r := newRig(t, failing{memory.New(), &left})
	r.rules("", month)
	r.many("acme", "auth.login", "old ", 100)
	r.clock.set(start.Add(40 * day))
	dir := t.TempDir()
	o := &retention.PurgeOptions{Load: 1, Batch: 10, Archive: dir}
	report, err := r.keeper.Purge(r.ctx, "", o)
	if err == nil || report.Archived != 30 || report.Deleted != 20 {
		t.Errorf("%+v, %v", report, err)
	}
	left = 1000
	report, err = r.keeper.Purge(r.ctx, "", o)
	if err != nil || report.Archived != 80 || report.Deleted != 80 {
		t.Errorf("%+v, %v", report, err)
	}
	n, err := reopened(t, dir).AllOrgs().Count(t.Context(), activitylog.Filter{}, 0)
	require.NoError(t, err)
	if n != 100 {
		t.Errorf("%d events in the archive", n)
	}
	left = 0
	_, err = r.keeper.Purge(r.ctx, "", &retention.PurgeOptions{Archive: "/dev/null/x"})
	require.NoError(t, err, "nothing is due")
	r.clock.set(r.clock.Now().Add(40 * day))
	left = 1000
	r.many("acme", "auth.login", "more ", 10)
	r.clock.set(r.clock.Now().Add(40 * day))
	if _, err = r.keeper.Purge(r.ctx, "", &retention.PurgeOptions{Archive: "/dev/null/x"}); err == nil || len(r.left()) != 10 {
		t.Errorf("without a place for the archive %d are left: %v", len(r.left()), err)
	}
}

func TestNoArchive(t *testing.T) {
	t.Parallel()
	if _, err := retention.OpenArchive(t.TempDir()); !errors.Is(err, activitylog.ErrInvalid) {
		t.Errorf("an empty folder: %v", err)
	}
}

func ExampleKeeper_Plan() {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	store := memory.New()
	log, _ := activitylog.New(store, &activitylog.Options{Now: clock})
	keeper, _ := retention.New(log, store, &retention.Options{Now: clock})
	ctx := activitylog.WithActor(bg, activitylog.Actor{ID: "u1", Name: "Ana"})
	defer log.Close(ctx)

	err := keeper.SetRules(ctx, "", []retention.Rule{{Name: "usage", Filter: activitylog.RetentionIs("usage"), Max: 90}}, "as agreed")
	if err != nil {
		fmt.Println(err)
	}
	log.Record(ctx, activitylog.Event{Org: "acme", Action: "ai.message.send"})
	log.Record(ctx, activitylog.Event{Org: "acme", Action: "auth.login"})
	hold, err := keeper.SetHold(ctx, retention.Hold{ID: "case-7", Org: "acme", Reason: "court order"})
	fmt.Println(hold.ID, err)

	now = now.AddDate(0, 0, 90)
	plan, err := keeper.Plan(ctx, "")
	fmt.Println(plan.Events, "would go,", plan.Held, "held", err)
	keeper.LiftHold(ctx, "acme", "case-7", "settled")
	report, err := keeper.Purge(ctx, "", nil)
	fmt.Println(report.Deleted, "gone", err)
	// Output:
	// case-7 <nil>
	// 0 would go, 1 held <nil>
	// 1 gone <nil>
}
