package web_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/activitylog/activitylog/access"
	"github.com/activitylog/activitylog/integrity"
	"github.com/stretchr/testify/require"
)

// An evidence pack is offered where it can be had, tells how far it has come, and proves as much as its reader is shown.
func TestEvidencePack(t *testing.T) {
	t.Parallel()
	r, keys, _, _ := sealed(t)
	for range 3 {
		r.record("acme", "p1", "leo", time.Minute)
	}
	const token = "0123456789abcdef"
	for i, rights := range []access.Right{access.View | access.Export | access.ViewSensitive, access.View | access.Export} {
		r.grants = []access.Grant{org(rights)}
		link := r.get("/orgs/acme/?actor=leo").ok(t).links(t)
		const pack = "/orgs/acme/export?format=evidence&actor=leo"
		require.Contains(t, link, pack)
		a := r.get(pack + "&token=" + token).ok(t)
		require.Equal(t, "application/zip", a.head.Get("Content-Type"))
		require.Regexp(t, `filename="activity-.*\.zip"`, a.head.Get("Content-Disposition"))
		var p struct {
			Rows, Bytes int64
			State       string
		}
		require.NoError(t, json.Unmarshal([]byte(r.get("/orgs/acme/api/v1/exports/"+token).ok(t).body), &p))
		require.Equal(t, "done", p.State)
		require.EqualValues(t, 3, p.Rows)
		require.NotZero(t, p.Bytes)
		file := filepath.Join(t.TempDir(), "pack.zip")
		require.NoError(t, os.WriteFile(file, []byte(a.body), 0o600))
		files, err := integrity.OpenFiles(file)
		require.NoError(t, err)
		report, err := integrity.VerifyEvidence(t.Context(), files, &integrity.VerifyOptions{Verifiers: keys.Verifiers})
		require.NoError(t, err)
		require.NoError(t, files.Close())
		require.Equal(t, integrity.Clean, report.Verdict(), "%v", report.Findings)
		require.EqualValues(t, 3, report.Rows)
		require.Equal(t, i == 1, report.Evidence.Hidden)
		require.EqualValues(t, 3*i, report.Partly, "without the right to them, parts are hidden")
	}
	r.grants = []access.Grant{org(access.View | access.ViewSensitive)}
	require.NotContains(t, r.get("/orgs/acme/").ok(t).body, "format=evidence")
	require.Equal(t, http.StatusForbidden, r.get("/orgs/acme/export?format=evidence").code)
	require.Empty(t, r.failed)
}

// Where there is none, the pages say why.
func TestNoEvidencePack(t *testing.T) {
	t.Parallel()
	r := newRig(t, org(access.AllRights))
	refused := func(page, why string) {
		t.Helper()
		a := r.get(page).ok(t)
		require.Contains(t, a.text(), why)
		require.NotContains(t, a.body, "format=evidence")
		a = r.get(page + "export?format=evidence")
		require.Equal(t, http.StatusBadRequest, a.code)
		require.Contains(t, a.text(), why)
		a = r.get(page + "api/v1/export?format=evidence")
		require.Equal(t, http.StatusNotFound, a.code)
		require.Contains(t, a.body, why)
	}
	refused("/orgs/acme/", "There is no evidence pack: this log is not sealed here.")
	r, _, _, _ = sealed(t)
	for page, grant := range map[string]access.Grant{"/orgs/acme/projects/p1/": access.Project(ana, "acme", "p1", access.AllRights), "/mine/acme/": access.Own(ana, "acme", access.AllRights)} {
		r.grants = []access.Grant{grant}
		refused(page, "There is no evidence pack: it would tell how much there is in the whole organization.")
	}
	require.Empty(t, r.failed)
}
