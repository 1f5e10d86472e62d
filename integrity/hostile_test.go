// Not under the race detector, where so many files take minutes: make test runs this package without it too.

//go:build !race

package integrity_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/activitylog/activitylog/integrity"
	"github.com/stretchr/testify/require"
)

// bombSize is what a bomb unpacks to, and mostMemory what reading one may take.
const bombSize, mostMemory = 256 << 20, 128 << 20

// squeezed are that many zeros in little space.
var squeezed = sync.OnceValue(func() []byte {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestSpeed)
	block := make([]byte, 1<<20)
	for range bombSize / len(block) {
		w.Write(block)
	}
	w.Close()
	return b.Bytes()
})

// bomb is an archive of good files, one of which is a bomb.
func bomb(t testing.TB, good inMemory, name string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for n, content := range good {
		var w io.Writer
		var err error
		if n == name {
			content = squeezed()
			w, err = z.CreateRaw(&zip.FileHeader{Name: n, Method: zip.Deflate, CompressedSize64: uint64(len(content)), UncompressedSize64: bombSize})
		} else {
			w, err = z.Create(n)
		}
		require.NoError(t, err)
		_, err = w.Write(content)
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	return b.Bytes()
}

// TestHostileFilesAreRefused runs alone, since it watches how much memory is taken.
func TestHostileFilesAreRefused(t *testing.T) {
	r := memoryRig(t)
	r.record("acme", 5)
	r.seal()
	good := r.bundle(integrity.BundleOptions{})
	goodPack := r.evidence(integrity.EvidenceOptions{Org: "acme"})
	refuse := func(name string, archive []byte, want string) {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "b.zip")
			require.NoError(t, os.WriteFile(path, archive, 0o600))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := verifyFiles(r, path)
			runtime.ReadMemStats(&after)
			require.ErrorIs(t, err, integrity.ErrBundle)
			require.ErrorContains(t, err, want)
			if took := after.TotalAlloc - before.TotalAlloc; took > mostMemory {
				t.Errorf("it took %d MiB", took>>20)
			}
			if got, said := python(t, "--public", r.public, path); got != refused {
				t.Errorf("the verifier in Python ends with %d: %s", got, said)
			}
		})
	}
	for _, x := range []struct {
		files      inMemory
		name, want string
	}{
		{good, "manifest.json", "manifest.json has more than"},
		{good, "events.ndjson", "line 1 of events.ndjson has more than"},
		{good, "root/checkpoint", "checkpoint has more than"},
		{good, good.file("tile/entries/000.p/5"), "has more than"},
		{goodPack, goodPack.file("trees/*tile/0/000.p/5"), "has more than"},
		{goodPack, "proofs.ndjson", "line 1 of proofs.ndjson has more than"},
	} {
		refuse("bomb in "+x.name, bomb(t, x.files, x.name), x.want)
	}
	refuse("a manifest that nests", archived(t, with(good, "manifest.json", strings.Repeat(`{"trees":[`, 1<<20)), zip.Deflate), "manifest.json: ")
	refuse("many names", manyNames(t), "too many names")
	refuse("a name twice", archivedTwice(t, good), "twice")
	refuse("a name that leads out", archived(t, with(good, "../../etc/x", "x"), zip.Store), "of which no bundle is made")
	refuse("an absolute name", archived(t, with(good, "/etc/x", "x"), zip.Store), "of which no bundle is made")
	whole := archived(t, good, zip.Deflate)
	refuse("cut off", whole[:len(whole)*2/3], "it is no bundle")
	refuse("nothing", nil, "it is no bundle")
	refuse("a size beyond all", archived(t, with(good, "root/checkpoint", "log.example/test\n4611686018427387904\nAAAA\n\nx"), zip.Store), "")
	refuse("a bundle that is not there", archived(t, inMemory{"README.txt": nil}, zip.Store), "manifest.json")
}

func with(files inMemory, name, content string) inMemory {
	c := inMemory{name: []byte(content)}
	for n, b := range files {
		if n != name {
			c[n] = b
		}
	}
	return c
}

func verifyFiles(r *rig, path string) error {
	files, err := integrity.OpenFiles(path)
	if err != nil {
		return err
	}
	defer files.Close()
	if integrity.IsEvidence(files) {
		_, err = integrity.VerifyEvidence(r.ctx, files, r.auditor())
		return err
	}
	_, err = integrity.VerifyBundle(r.ctx, files, r.auditor())
	return err
}

func manyNames(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := range 40_000 {
		_, err := z.CreateHeader(&zip.FileHeader{Name: fmt.Sprintf("%01000d", i)})
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	return b.Bytes()
}

func archivedTwice(t testing.TB, files inMemory) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for range 2 {
		for name, content := range files {
			w, err := z.Create(name)
			require.NoError(t, err)
			_, err = w.Write(content)
			require.NoError(t, err)
		}
	}
	require.NoError(t, z.Close())
	return b.Bytes()
}

// TestAFolderLeadsNowhereElse puts links and a pipe into a folder.
func TestAFolderLeadsNowhereElse(t *testing.T) {
	t.Parallel()
	r := memoryRig(t)
	r.record("acme", 5)
	r.seal()
	outside := filepath.Join(t.TempDir(), "events.ndjson")
	good := r.bundle(integrity.BundleOptions{})
	require.NoError(t, os.WriteFile(outside, good["events.ndjson"], 0o600))
	dir := good.save(t)
	events := filepath.Join(dir, "events.ndjson")
	require.NoError(t, os.Remove(events))
	require.NoError(t, os.Symlink(outside, events))
	require.ErrorIs(t, verifyFiles(r, dir), integrity.ErrBundle)
	if got, said := python(t, "--public", r.public, dir); got != refused {
		t.Errorf("the verifier in Python ends with %d: %s", got, said)
	}
	require.NoError(t, os.Remove(events))
	require.NoError(t, os.Mkdir(events, 0o700))
	require.ErrorIs(t, verifyFiles(r, dir), integrity.ErrBundle)
	require.ErrorContains(t, verifyFiles(r, filepath.Join(dir, "none")), "no such file")
}
