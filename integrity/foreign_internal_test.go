package integrity

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// hostileBundle verifies the bundle of a log behind whose last row somebody wrote another one many times, each time with
// the name of another organization.
func hostileBundle(t *testing.T, orgs ...string) *verification {
	t.Helper()
	f := newForger(t)
	dir := filepath.Join(t.TempDir(), "b")
	folder, err := NewFolder(dir)
	require.NoError(t, err)
	_, err = WriteBundle(t.Context(), f.store, folder, &BundleOptions{Verifiers: f.sealer.keys.Verifiers})
	require.NoError(t, err)
	require.NoError(t, folder.Close())
	path := filepath.Join(dir, eventsName)
	rows, err := os.ReadFile(path)
	require.NoError(t, err)
	row := rows[:bytes.IndexByte(rows, '\n')+1]
	for _, org := range orgs {
		rows = append(rows, bytes.Replace(row, []byte(`"org":"acme"`), []byte(`"org":"`+org+`"`), 1)...)
	}
	require.NoError(t, os.WriteFile(path, rows, 0o600))
	b, err := openBundle(os.DirFS(dir))
	require.NoError(t, err)
	t.Cleanup(b.close)
	v, err := verify(t.Context(), b, &VerifyOptions{Verifiers: f.sealer.keys.Verifiers})
	require.NoError(t, err)
	require.Equal(t, Tampered, v.report.Verdict())
	return v
}

// TestNamesThatNoTreeHasAreNotKept has a bundle name more organizations than anybody could remember.
func TestNamesThatNoTreeHasAreNotKept(t *testing.T) {
	t.Parallel()
	var orgs []string
	for n := range 2 * maxFindings {
		orgs = append(orgs, fmt.Sprint("org", n))
	}
	v := hostileBundle(t, append(orgs, "acme")...)
	require.Equal(t, map[string]bool{"acme": true}, v.spoilt)
	require.Len(t, v.report.Findings, maxFindings)
	require.Equal(t, len(orgs)+1-maxFindings, v.report.More)
}

// TestLongNamesAreCut has a bundle name an organization at such length that the findings would fill the memory.
func TestLongNamesAreCut(t *testing.T) {
	t.Parallel()
	v := hostileBundle(t, strings.Repeat("ä", 100_000))
	require.Len(t, v.report.Findings, 1)
	require.Equal(t, strings.Repeat("ä", longestOrg/2)+"…", v.report.Findings[0].Org)
}
