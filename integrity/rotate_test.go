package integrity_test

import (
	"crypto/rand"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/activitylog/activitylog/integrity"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"
)

// keyFile has the log begin with keys in a file, and returns its path.
func (r *rig) keyFile() string {
	r.t.Helper()
	path := filepath.Join(r.t.TempDir(), "log.key")
	file, err := integrity.CreateKeyFile(path)
	require.NoError(r.t, err)
	r.keys = file.Keys
	r.reopen()
	return path
}

// sealSome seals until something was sealed: on PostgreSQL the transactions of other tests hold followers back.
func (r *rig) sealSome() {
	r.t.Helper()
	for n := 0; n == 0; {
		var err error
		n, err = r.sealer.Seal(r.ctx)
		require.NoError(r.t, err)
	}
}

func TestRotation(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, r *rig) {
		path := r.keyFile()
		first := r.keys
		r.record("acme", 10)
		r.seal()
		anchor := r.clean().Root
		for range 2 {
			require.NoError(t, r.sealer.RotateFile(r.ctx, path))
			r.record("globex", 3)
			r.sealSome()
		}
		last, err := integrity.LoadKeyFile(path)
		require.NoError(t, err)
		require.Len(t, last.Verifiers, 3)
		verify := func(known [][]byte, verifiers ...note.Verifier) []integrity.Finding {
			return r.verifyBy(&integrity.VerifyOptions{Verifiers: verifiers, Keys: &last.WriterKeys, Known: known}).Findings
		}
		for name, verifiers := range map[string][]note.Verifier{
			"all keys": last.Verifiers, "the first": first.Verifiers,
		} {
			if got := verify([][]byte{[]byte(anchor)}, verifiers...); len(got) > 0 {
				t.Errorf("by %s: %v", name, got)
			}
		}
		unsigned := func(f integrity.Finding) bool { return strings.Contains(f.What, "the signature of checkpoint") }
		// The tree of the platform, which tells of the rotations, may have been sealed later.
		if got := verify(nil, last.Verifiers[0]); !slices.ContainsFunc(got, func(f integrity.Finding) bool { return f.Org == "acme" }) ||
			slices.ContainsFunc(got, func(f integrity.Finding) bool { return !unsigned(f) }) {
			t.Errorf("by the last key alone, with the trees under former ones: %v", got)
		}

		r.keys = integrity.Keys{WriterKeys: first.WriterKeys, Signer: first.Signer, Verifiers: last.Verifiers} // goes on under the first
		r.reopen()
		r.record("acme", 1)
		r.sealSome()
		for name, verifiers := range map[string][]note.Verifier{"all keys": last.Verifiers, "the first": first.Verifiers} {
			got := verify(nil, verifiers...)
			if len(got) == 0 || !strings.Contains(got[0].What, "under a key that did not hold then") {
				t.Errorf("a former key that was used again, by %s: %v", name, got)
			}
		}
	})
}

func TestRotationNeedsAnotherKeyOfTheSameName(t *testing.T) {
	t.Parallel()
	r := memoryRig(t)
	for _, name := range []string{"log.example/other", r.keys.Signer.Name()} {
		private, public, err := note.GenerateKey(rand.Reader, name)
		require.NoError(t, err)
		signer, err := note.NewSigner(private)
		require.NoError(t, err)
		err = r.sealer.Rotate(r.ctx, signer, public)
		if ok := name == r.keys.Signer.Name(); ok != (err == nil) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestKeyFiles(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "log.key")
	made, err := integrity.CreateKeyFile(path)
	require.NoError(t, err)
	_, err = integrity.CreateKeyFile(path)
	require.ErrorIs(t, err, fs.ErrExist)
	info, err := os.Stat(path)
	require.NoError(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	read, err := integrity.LoadKeyFile(path)
	require.NoError(t, err)
	if read.WriterKeys != made.WriterKeys || read.IP != made.IP || read.Public != made.Public || read.Signer.KeyHash() != made.Signer.KeyHash() {
		t.Error("it is not read as it was made")
	}
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	lines := strings.SplitAfter(string(text), "\n")
	for i, line := range lines {
		if line == "" || line[0] == '#' {
			continue
		}
		without := strings.Join(append(append([]string{}, lines[:i]...), lines[i+1:]...), "")
		if _, err := integrity.ParseKeyFile(strings.NewReader(without)); err == nil {
			t.Errorf("it may lack %q", line)
		}
		if _, err := integrity.ParseKeyFile(strings.NewReader(string(text) + line)); err == nil {
			t.Errorf("it may hold %q twice", line)
		}
	}
	require.NoError(t, os.Chmod(path, 0o644))
	if _, err := integrity.LoadKeyFile(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("others may read it: %v", err)
	}
}
