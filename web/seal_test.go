package web_test

import (
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/activitylog/activitylog/integrity"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/activitylog/activitylog/web"
	"github.com/stretchr/testify/require"
)

// sealed is a log with keys, and its pages.
func sealed(t *testing.T) (r *rig, keys *integrity.KeyFile, sealer *integrity.Sealer, store *memory.Store) {
	t.Helper()
	keys, err := integrity.CreateKeyFile(filepath.Join(t.TempDir(), "log.key"))
	require.NoError(t, err)
	store = memory.New()
	r = newRigOver(t, store, nil, org(access.AllRights))
	w := integrity.NewWriter(keys.WriterKeys)
	r.log, err = activitylog.New(store, &activitylog.Options{Now: r.clock, Stamp: w.Stamp, Number: w.Number})
	require.NoError(t, err)
	sealer, err = integrity.NewSealer(r.log, store, &keys.Keys, &integrity.SealerOptions{Now: r.clock})
	require.NoError(t, err)
	r.serve(&web.Options{Evidence: sealer})
	return r, keys, sealer, store
}

// The panel says whether an event is sealed, since when, and hands out the proof; and it says so if an event is not what
// was sealed.
func TestSeal(t *testing.T) {
	t.Parallel()
	r, keys, sealer, _ := sealed(t)
	e := r.record("acme", "", "leo", time.Minute)
	page := "/orgs/acme/events/" + e.ID.String()
	require.Contains(t, r.get(page).ok(t).text(), "Integrity Waits for its seal")
	require.Equal(t, http.StatusNotFound, r.get(page+"/proof").code)
	r.set(start.Add(10 * time.Second))
	_, err := sealer.Seal(t.Context())
	require.NoError(t, err)
	text := r.get(page).ok(t).text()
	require.Contains(t, text, "Sealed at 12 Mar 2026 09:30, and unchanged since")
	require.Contains(t, text, "entry 1 of 2", "the view is an entry too")
	require.Contains(t, r.get("/orgs/acme/?event="+e.ID.String()).ok(t).links(t), page+"/proof")
	file := r.get(page + "/proof").ok(t)
	require.Contains(t, file.head.Get("Content-Disposition"), "attachment")
	p, err := integrity.CheckProof([]byte(file.body), keys.Verifiers, &e)
	require.NoError(t, err)
	require.Equal(t, e.ID, p.Leaf.ID)

	r.grants = []access.Grant{org(access.View)}
	require.Contains(t, r.get(page).ok(t).text(), "Integrity Hidden for your role")
	require.Equal(t, http.StatusNotFound, r.get(page+"/proof").code)
	r.grants = []access.Grant{access.Org(ana, "beta", access.AllRights)}
	require.Equal(t, http.StatusNotFound, r.get(page+"/proof").code)
	require.Equal(t, http.StatusNotFound, r.get("/orgs/beta/events/"+e.ID.String()+"/proof").code)
	require.Empty(t, r.failed)
}

func TestTamperedEvent(t *testing.T) {
	t.Parallel()
	r, _, sealer, _ := sealed(t)
	e := r.record("acme", "", "leo", time.Minute)
	_, err := sealer.Seal(t.Context())
	require.NoError(t, err)
	forged := e.Clone()
	forged.Actor.Name = "Somebody Else"
	store := memory.New()
	err = store.Append(t.Context(), []activitylog.Event{forged})
	require.NoError(t, err)
	other := newRigOver(t, store, &web.Options{Evidence: sealer}, org(access.AllRights))
	text := other.get("/orgs/acme/events/" + e.ID.String()).ok(t).text()
	require.Contains(t, text, "This is not what was sealed")
	require.Contains(t, text, "differs from its proof in: actor")
	require.NotContains(t, text, "Download the proof")
}

func TestNothingSealedHere(t *testing.T) {
	t.Parallel()
	r := newRig(t, org(access.AllRights))
	id := r.record("acme", "", "leo", time.Minute).ID.String()
	require.Contains(t, r.get("/events/"+id).ok(t).text(), "Integrity Not sealed here")
	require.Equal(t, http.StatusNotFound, r.get("/events/"+id+"/proof").code)
	text := r.get("/orgs/acme/governance/").ok(t).text()
	require.Contains(t, text, "This log is not sealed here.")
}

// The page of governance tells how far sealing is, and how the last verification ended.
func TestHealth(t *testing.T) {
	t.Parallel()
	r, keys, sealer, store := sealed(t)
	r.record("acme", "", "leo", time.Minute)
	text := func() string { return r.get("/orgs/acme/governance/").ok(t).text() }
	require.Contains(t, text(), "Nothing is sealed yet Last seal never")
	require.Contains(t, text(), "Anchors None: nothing is kept elsewhere Last verification None is recorded.")
	_, err := sealer.Seal(t.Context())
	require.NoError(t, err)
	require.Contains(t, text(), "Sealing goes on Last seal 12 Mar 2026 09:30 just now Waiting")
	report, err := integrity.Verify(t.Context(), store, &integrity.VerifyOptions{Verifiers: keys.Verifiers, Keys: &keys.WriterKeys})
	require.NoError(t, err)
	record := func() {
		t.Helper()
		require.NoError(t, integrity.RecordVerification(activitylog.WithActor(t.Context(), ana), r.log, report))
	}
	record()
	require.Contains(t, text(), "Nothing was changed, removed or inserted 12 Mar 2026 09:30, just now")
	r.set(start.Add(time.Hour))
	require.Contains(t, text(), "Sealing stands still")
	report.Findings = []integrity.Finding{{Verdict: integrity.Undecided, Org: "beta"}}
	record()
	require.Contains(t, text(), "It could not be decided 12 Mar 2026 10:30")
	report.Findings = append(report.Findings, integrity.Finding{Verdict: integrity.Tampered, Org: "beta", What: "a secret of beta"})
	r.set(start.Add(2 * time.Hour))
	record()
	require.Contains(t, text(), "The log is not what was sealed")
	require.NotContains(t, text(), "beta")
	require.Empty(t, r.failed)
}
