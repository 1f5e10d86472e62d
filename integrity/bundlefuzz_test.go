package integrity_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/activitylog/activitylog/integrity"
	"github.com/stretchr/testify/require"
)

// fuzzed is a good set of files of which one is changed.
type fuzzed struct {
	good  inMemory
	names []string
}

func newFuzzed(f *testing.F, good inMemory) fuzzed {
	debug.SetMemoryLimit(512 << 20)
	x := fuzzed{good, slices.Sorted(maps.Keys(good))}
	for i, name := range x.names {
		f.Add(uint8(i), good[name])
	}
	return x
}

// with has other content in one file.
func (x fuzzed) with(which uint8, content []byte) (name string, files inMemory) {
	name = x.names[int(which)%len(x.names)]
	files = maps.Clone(x.good)
	files[name] = content
	return name, files
}

// small is a log with a bit of everything.
func small(f *testing.F) *rig {
	r := memoryRig(f)
	r.record("acme", 4)
	r.record("globex", 1)
	r.seal()
	return r
}

// FuzzBundle puts other content into one file of a bundle. Only what is no evidence may be changed without a word: the
// manifest, and the order of rows.
func FuzzBundle(f *testing.F) {
	r := small(f)
	x := newFuzzed(f, r.bundle(integrity.BundleOptions{}))
	f.Fuzz(func(t *testing.T, which uint8, content []byte) {
		name, files := x.with(which, content)
		report, err := integrity.VerifyBundle(t.Context(), files.fs(), r.auditor())
		if err != nil && !errors.Is(err, integrity.ErrBundle) {
			t.Errorf("%s: an error that does not tell of the files: %v", name, err)
		}
		if err == nil && report.Verdict() == integrity.Clean && name != "manifest.json" && name != "events.ndjson" && !bytes.Equal(content, x.good[name]) {
			t.Errorf("%s can be %q", name, content)
		}
	})
}

// FuzzEvidence puts other content into one file of an evidence pack.
func FuzzEvidence(f *testing.F) {
	r := small(f)
	x := newFuzzed(f, r.evidence(integrity.EvidenceOptions{Org: "acme", Filter: parseFilter(f, "request:r1,r2"), Anchors: [][]byte{[]byte(r.clean().Root)}}))
	f.Fuzz(func(t *testing.T, which uint8, content []byte) {
		name, files := x.with(which, content)
		report, err := integrity.VerifyEvidence(t.Context(), files.fs(), r.auditor())
		if err != nil && !errors.Is(err, integrity.ErrBundle) {
			t.Errorf("%s: an error that does not tell of the files: %v", name, err)
		}
		harmless := name == "manifest.json" || name == "README.txt" || name == "proofs.ndjson" || name == "anchors.txt"
		if err == nil && report.Verdict() == integrity.Clean && !harmless && !bytes.Equal(content, x.good[name]) {
			t.Errorf("%s can be %q", name, content)
		}
	})
}

// FuzzArchive opens archives.
func FuzzArchive(f *testing.F) {
	debug.SetMemoryLimit(512 << 20)
	r := small(f)
	for _, method := range []uint16{zip.Store, zip.Deflate} {
		f.Add(archived(f, r.bundle(integrity.BundleOptions{}), method))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		files, err := integrity.OpenZip(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			if !errors.Is(err, integrity.ErrBundle) {
				t.Errorf("an error that does not tell of the files: %v", err)
			}
			return
		}
		fs.WalkDir(files, ".", func(name string, _ fs.DirEntry, err error) error {
			if err == nil && strings.Contains(name, "..") {
				t.Errorf("a name %q", name)
			}
			return nil
		})
		integrity.VerifyBundle(t.Context(), files, r.auditor())
	})
}

// archived is an archive of files.
func archived(t testing.TB, files inMemory, method uint16) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: method})
		require.NoError(t, err)
		_, err = w.Write(files[name])
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	return b.Bytes()
}
