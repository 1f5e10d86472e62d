package integrity_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/integrity"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"
)

// inMemory are files that tests change.
type inMemory map[string][]byte

type memoryFile struct {
	files inMemory
	name  string
}

func (f memoryFile) Write(b []byte) (int, error) {
	f.files[f.name] = append(f.files[f.name], b...)
	return len(b), nil
}

func (m inMemory) Create(name string) (io.Writer, error) {
	if _, ok := m[name]; ok {
		return nil, fmt.Errorf("%s again", name)
	}
	m[name] = nil
	return memoryFile{m, name}, nil
}

func (m inMemory) fs() fstest.MapFS {
	files := fstest.MapFS{}
	for name, b := range m {
		files[name] = &fstest.MapFile{Data: b}
	}
	return files
}

// save writes the files into a new folder.
func (m inMemory) save(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for name, b := range m {
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, b, 0o600))
	}
	return dir
}

// file is the only file whose name ends like this, or the first of them. What stands before a star is how it begins.
func (m inMemory) file(end string) string {
	begin, end, star := strings.Cut(end, "*")
	if !star {
		begin, end = "", begin
	}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if strings.HasPrefix(name, begin) && strings.HasSuffix(name, end) {
			return name
		}
	}
	panic("no file " + end)
}

func (r *rig) bundle(o integrity.BundleOptions) inMemory {
	r.t.Helper()
	files := inMemory{}
	o.Verifiers = r.keys.Verifiers
	_, err := integrity.WriteBundle(r.ctx, r.store, files, &o)
	require.NoError(r.t, err)
	return files
}

// auditor has nothing but a public key.
func (r *rig) auditor() *integrity.VerifyOptions {
	return &integrity.VerifyOptions{Verifiers: r.keys.Verifiers[:1]}
}

func (r *rig) verifyBundle(files inMemory) *integrity.Report {
	r.t.Helper()
	report, err := integrity.VerifyBundle(r.ctx, files.fs(), r.auditor())
	require.NoError(r.t, err)
	return report
}

// full fills a log with all that a log may have: several organizations, erased and purged events, another key, events
// that are not sealed yet.
func (r *rig) full() {
	r.t.Helper()
	plain, err := activitylog.New(r.store, nil)
	require.NoError(r.t, err)
	_, err = plain.Record(r.ctx, event("acme", 1))
	require.NoError(r.t, err)
	r.record("acme", 300)
	r.record("globex", 3)
	r.seal()
	r.rotate()
	r.record("acme", 10)
	r.erase(integrity.Erasure{Org: "acme", Filter: activitylog.RequestIs("r7"), Parts: activitylog.ActorPart, Ground: "asked for it"})
	for e, err := range r.log.Org("globex").Events(r.ctx, activitylog.Query{Filter: activitylog.RequestIs("r1")}) {
		require.NoError(r.t, err)
		r.purge("globex", 1)
		n, err := r.store.(activitylog.Pruner).Prune(r.ctx, activitylog.StoreQuery{Org: "globex", Filter: activitylog.IDIs(e.ID)}, 1)
		require.NoError(r.t, err)
		require.Equal(r.t, 1, n)
	}
	r.seal()
	r.record("acme", 2)
	r.reopen()
}

// rotate hands over to another key; the first stays first among the verifiers.
func (r *rig) rotate() {
	r.t.Helper()
	signer, public := newKey(r.t)
	require.NoError(r.t, r.sealer.Rotate(r.ctx, signer, public))
	verifier, err := note.NewVerifier(public)
	require.NoError(r.t, err)
	r.keys.Signer, r.keys.Verifiers = signer, append(r.keys.Verifiers, verifier)
}

func TestABundleSaysWhatItsDatabaseSays(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, r *rig) {
		r.full()
		live := r.clean()
		report := r.verifyBundle(r.bundle(integrity.BundleOptions{}))
		require.Empty(t, report.Findings)
		if report.Events != live.Events-2 || report.Sealed != live.Sealed || report.Purged != 1 || report.Erased != 2 || report.Adopted != 1 ||
			report.Trees != 3 || report.Root != live.Root || report.Unsealed != 0 { // the third is that of the platform, which tells of the other key
			t.Errorf("got %+v\nwant %+v", report, live)
		}
		require.NotContains(t, string(r.bundle(integrity.BundleOptions{Org: "acme"})["manifest.json"]), "globex")
		report = r.verifyBundle(r.bundle(integrity.BundleOptions{Org: "globex"}))
		require.Empty(t, report.Findings)
		if report.Trees != 1 || report.Others == 0 || report.Purged != 1 || report.Sealed != 5 {
			t.Errorf("of one organization: %+v", report)
		}
	})
}

func TestABundleHidesParts(t *testing.T) {
	t.Parallel()
	r := memoryRig(t)
	r.full()
	files := r.bundle(integrity.BundleOptions{Hide: activitylog.ActorPart | activitylog.ContentPart})
	for _, secret := range []string{"ann@example.org", "some words", "because of"} {
		require.NotContains(t, string(files["events.ndjson"]), secret)
	}
	report := r.verifyBundle(files)
	require.Empty(t, report.Findings)
	require.NotZero(t, report.Hidden)
	files["manifest.json"] = bytes.Replace(files["manifest.json"], []byte(`"actor",`), nil, 1)
	require.Equal(t, integrity.Tampered, r.verifyBundle(files).Verdict(), "hidden without a word")
}

func TestBundlesInFilesAndArchives(t *testing.T) {
	t.Parallel()
	r := memoryRig(t)
	r.full()
	dir := filepath.Join(t.TempDir(), "bundle")
	folder, err := integrity.NewFolder(dir)
	require.NoError(t, err)
	_, err = integrity.WriteBundle(r.ctx, r.store, folder, &integrity.BundleOptions{Verifiers: r.keys.Verifiers})
	require.NoError(t, err)
	require.NoError(t, folder.Close())
	_, err = integrity.NewFolder(dir)
	require.ErrorContains(t, err, "is not empty")

	archive := filepath.Join(t.TempDir(), "bundle.zip")
	f, err := os.Create(archive)
	require.NoError(t, err)
	z := zip.NewWriter(f)
	_, err = integrity.WriteBundle(r.ctx, r.store, z, &integrity.BundleOptions{Verifiers: r.keys.Verifiers})
	require.NoError(t, err)
	require.NoError(t, z.Close())
	require.NoError(t, f.Close())

	for _, path := range []string{dir, archive} {
		files, err := integrity.OpenFiles(path)
		require.NoError(t, err)
		defer files.Close()
		report, err := integrity.VerifyBundle(t.Context(), files, r.auditor())
		require.NoError(t, err)
		require.Empty(t, report.Findings)
	}
}

func TestABundleOfAPurgeThatIsNotSealed(t *testing.T) {
	t.Parallel()
	r := memoryRig(t)
	r.record("acme", 3)
	r.seal()
	r.purge("acme", 1)
	_, err := integrity.WriteBundle(r.ctx, r.store, inMemory{}, &integrity.BundleOptions{Verifiers: r.keys.Verifiers})
	require.ErrorIs(t, err, integrity.ErrNotSealed)
	r.seal()
	require.Empty(t, r.verifyBundle(r.bundle(integrity.BundleOptions{})).Findings)
}

// TestABundleOfAnErasureThatIsNotSealed has a record missing without which an emptied row looks like a crime.
func TestABundleOfAnErasureThatIsNotSealed(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, r *rig) {
		r.record("acme", 3)
		r.record("globex", 3)
		r.seal()
		r.erase(integrity.Erasure{Org: "acme", Filter: activitylog.RequestIs("r1"), Ground: "asked for it"})
		for _, org := range []string{"", "acme"} {
			_, err := integrity.WriteBundle(r.ctx, r.store, inMemory{}, &integrity.BundleOptions{Verifiers: r.keys.Verifiers, Org: org})
			require.ErrorIs(t, err, integrity.ErrNotSealed)
		}
		require.Empty(t, r.verifyBundle(r.bundle(integrity.BundleOptions{Org: "globex"})).Findings, "of somebody else")
		r.seal()
		report := r.verifyBundle(r.bundle(integrity.BundleOptions{}))
		require.Empty(t, report.Findings)
		require.EqualValues(t, 1, report.Erased)
	})
}

// TestABundleHidesKnownParts refuses what is no part: its rows would be emptied, and the manifest could not tell of what.
func TestABundleHidesKnownParts(t *testing.T) {
	t.Parallel()
	r := memoryRig(t)
	r.record("acme", 1)
	r.seal()
	_, err := integrity.WriteBundle(r.ctx, r.store, inMemory{}, &integrity.BundleOptions{Verifiers: r.keys.Verifiers, Hide: 1 << 6})
	require.ErrorIs(t, err, activitylog.ErrInvalid)
	for _, hide := range []activitylog.Parts{activitylog.OpeningPart, activitylog.AllParts} {
		require.Empty(t, r.verifyBundle(r.bundle(integrity.BundleOptions{Hide: hide})).Findings)
	}
}

// TestABundleWithoutItsOrganization is written for none, and proves nothing when somebody took all of it out.
func TestABundleWithoutItsOrganization(t *testing.T) {
	t.Parallel()
	r := sqliteRig(t)
	r.record("acme", 3)
	r.seal()
	_, err := integrity.WriteBundle(r.ctx, r.store, inMemory{}, &integrity.BundleOptions{Verifiers: r.keys.Verifiers, Org: "amce"})
	require.ErrorIs(t, err, integrity.ErrNotSealed)
	files := r.bundle(integrity.BundleOptions{Org: "acme"})
	var m map[string]any
	require.NoError(t, json.Unmarshal(files["manifest.json"], &m))
	m["trees"], m["rows"] = []any{}, 0
	files["manifest.json"], err = json.Marshal(m)
	require.NoError(t, err)
	files["events.ndjson"] = nil
	for name := range files {
		if strings.HasPrefix(name, "trees/") {
			delete(files, name)
		}
	}
	if got := r.verifyBundle(files); got.Verdict() != integrity.Undecided {
		t.Errorf("%v: %+v", got.Verdict(), got.Findings)
	}
}
