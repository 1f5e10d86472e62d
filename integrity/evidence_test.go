package integrity_test

import (
	"archive/zip"
	"bytes"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/activitylog/activitylog/export"
	"github.com/activitylog/activitylog/integrity"
	"github.com/stretchr/testify/require"
)

// evidence makes a pack of what a filter means of acme, or of all organizations.
func (r *rig) evidence(o integrity.EvidenceOptions) inMemory {
	r.t.Helper()
	o.Verifiers = r.keys.Verifiers
	o.Seal = r.sealAll
	files := inMemory{}
	reader := r.log.AllOrgs()
	if o.Org != "" {
		reader = r.log.Org(o.Org)
	}
	_, err := integrity.WriteEvidence(r.ctx, r.store, files, reader.Events(r.ctx, activitylog.Query{Filter: o.Filter, Order: o.Order}), &o)
	require.NoError(r.t, err)
	return files
}

func (r *rig) verifyEvidence(files inMemory) *integrity.EvidenceReport {
	r.t.Helper()
	report, err := integrity.VerifyEvidence(r.ctx, files.fs(), r.auditor())
	require.NoError(r.t, err)
	return report
}

func parseFilter(t testing.TB, text string) activitylog.Filter {
	t.Helper()
	f, err := activitylog.ParseFilter(text)
	require.NoError(t, err)
	return f
}

func TestEvidenceOfSomeEvents(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, r *rig) {
		r.full()
		anchor := r.clean().Root
		r.record("acme", 300)
		for _, x := range []struct {
			o    integrity.EvidenceOptions
			rows int64
			left int64
		}{
			{integrity.EvidenceOptions{Org: "acme", Filter: parseFilter(t, "request:r3,r8")}, 6, 608},
			{integrity.EvidenceOptions{Org: "acme", Filter: parseFilter(t, "request:r3,r8"), Order: activitylog.Oldest, CSV: &export.CSVOptions{BOM: true}}, 6, 608},
			{integrity.EvidenceOptions{Org: "acme"}, 614, 0},
			{integrity.EvidenceOptions{Filter: parseFilter(t, "request:r2"), CSV: &export.CSVOptions{Columns: []string{"id", "message"}}}, 4, 616},
			{integrity.EvidenceOptions{Org: "acme", Filter: parseFilter(t, "before:2020-01-01")}, 0, 0},
		} {
			x.o.Anchors = [][]byte{[]byte(anchor)}
			report := r.verifyEvidence(r.evidence(x.o))
			require.Empty(t, report.Findings)
			report.Root = ""
			if report.Rows != x.rows || report.LeftOut != x.left || report.AsOf.IsZero() {
				t.Errorf("%s: %+v, want %d rows and %d left out", x.o.Filter, report, x.rows, x.left)
			}
			if report.Evidence.Rows != x.rows || report.Evidence.Anchors != 1 {
				t.Errorf("the manifest tells of %d rows and %d anchors", report.Evidence.Rows, report.Evidence.Anchors)
			}
		}
	})
}

func TestEvidenceTellsItsWindow(t *testing.T) {
	t.Parallel()
	r := memoryRig(t)
	r.record("acme", 3)
	f := parseFilter(t, "since:2026-01-01 before:2030-02-01T10:00:00Z")
	e := r.verifyEvidence(r.evidence(integrity.EvidenceOptions{Org: "acme", Filter: f, Zone: "Europe/Berlin"})).Evidence
	from, to := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2030, 2, 1, 10, 0, 0, 0, time.UTC)
	if !e.From.Equal(from) || !e.To.Equal(to) || e.Zone != "Europe/Berlin" || e.Filter != f.String() || e.Org != "acme" {
		t.Errorf("got %+v", e)
	}
}

// TestEvidenceOfWhoMaySeeLittle exports through a grant, as one stream.
func TestEvidenceOfWhoMaySeeLittle(t *testing.T) {
	t.Parallel()
	r := memoryRig(t)
	r.record("acme", 20)
	guard, err := access.New(r.log, nil)
	require.NoError(t, err)
	clerk := activitylog.Actor{ID: "clerk"}
	for _, rights := range []access.Right{access.AllRights, access.View | access.Export} {
		var out bytes.Buffer
		o := &integrity.EvidenceOptions{Verifiers: r.keys.Verifiers, Org: "acme", Seal: r.sealAll, Hidden: rights != access.AllRights}
		_, err = guard.Reader(access.Org(clerk, "acme", rights)).Export(r.ctx, &out, activitylog.Query{}, integrity.AsEvidence(r.ctx, r.store, o))
		require.NoError(t, err)
		z, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
		require.NoError(t, err)
		report, err := integrity.VerifyEvidence(t.Context(), z, r.auditor())
		require.NoError(t, err)
		require.Empty(t, report.Findings)
		if hidden := rights != access.AllRights; hidden != (report.Partly > 0) || hidden != report.Evidence.Hidden || report.Rows < 20 {
			t.Errorf("%v: %+v", rights, report)
		}
	}
}

func TestEvidenceNeedsSeals(t *testing.T) {
	t.Parallel()
	r := memoryRig(t)
	r.record("acme", 3)
	r.seal()
	r.record("acme", 1)
	for _, org := range []string{"acme", "nobody"} {
		events := r.log.Org("acme").Events(r.ctx, activitylog.Query{})
		if org == "nobody" {
			events = func(func(activitylog.Event, error) bool) {}
		}
		_, err := integrity.WriteEvidence(r.ctx, r.store, inMemory{}, events, &integrity.EvidenceOptions{Verifiers: r.keys.Verifiers, Org: org})
		if org == "acme" {
			require.ErrorIs(t, err, integrity.ErrNotSealed)
		} else {
			require.NoError(t, err)
		}
	}
}

func TestEvidenceSendsWhatPeopleRead(t *testing.T) {
	t.Parallel()
	r := memoryRig(t)
	r.record("acme", 3)
	for _, csv := range []*export.CSVOptions{nil, {}} {
		var sent bytes.Buffer
		files := r.evidence(integrity.EvidenceOptions{Org: "acme", CSV: csv, Sent: &sent})
		name := "events.ndjson"
		if csv != nil {
			name = "events.csv"
		}
		require.Equal(t, string(files[name]), sent.String())
		require.True(t, strings.HasPrefix(string(files["README.txt"]), "This folder holds events"))
	}
}

// failing is an iterator of events that breaks off.
func failing(err error) iter.Seq2[activitylog.Event, error] {
	return func(yield func(activitylog.Event, error) bool) { yield(activitylog.Event{}, err) }
}

func TestEvidenceThatBreaksOff(t *testing.T) {
	t.Parallel()
	r := memoryRig(t)
	_, err := integrity.WriteEvidence(r.ctx, r.store, inMemory{}, failing(io.ErrUnexpectedEOF), &integrity.EvidenceOptions{Verifiers: r.keys.Verifiers})
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

// TestEvidenceIsHeldToWhatWasKept gives checkpoints that were kept elsewhere to the verification.
func TestEvidenceIsHeldToWhatWasKept(t *testing.T) {
	t.Parallel()
	r := memoryRig(t)
	r.record("acme", 3)
	r.seal()
	early := []byte(r.clean().Root)
	r.record("acme", 3)
	r.seal()
	without := r.evidence(integrity.EvidenceOptions{Org: "acme"})
	with := r.evidence(integrity.EvidenceOptions{Org: "acme", Anchors: [][]byte{early}})
	r.record("acme", 3)
	r.seal()
	late := []byte(r.clean().Root)

	other := memoryRig(t) // of the same name and key: a fork
	other.keys = r.keys
	other.reopen()
	other.record("acme", 1)
	other.seal()
	fork := []byte(other.clean().Root)
	for _, x := range []struct {
		name  string
		pack  inMemory
		known []byte
		want  integrity.Verdict
		says  string
	}{
		{"an early one", without, early, integrity.Clean, ""},
		{"one that is in it too", with, early, integrity.Clean, ""},
		{"a late one", with, late, integrity.Undecided, "is newer than the pack"},
		{"one of a fork", without, fork, integrity.Tampered, "the log was rewritten"},
		{"one of nothing", with, []byte("x"), integrity.Undecided, "cannot be believed"},
	} {
		o := r.auditor()
		o.Known = [][]byte{x.known}
		report, err := integrity.VerifyEvidence(t.Context(), x.pack.fs(), o)
		require.NoError(t, err, x.name)
		if report.Verdict() != x.want || x.says != "" && !strings.Contains(report.Findings[0].What, x.says) {
			t.Errorf("%s: %v", x.name, report.Findings)
		}
		file := filepath.Join(t.TempDir(), "known")
		require.NoError(t, os.WriteFile(file, x.known, 0o600))
		want := map[integrity.Verdict]int{integrity.Clean: clean, integrity.Tampered: tampered, integrity.Undecided: refused}[x.want]
		if got, said := python(t, "--public", r.public, "--known", file, x.pack.save(t)); got != want {
			t.Errorf("%s: the verifier in Python ends with %d: %s", x.name, got, said)
		}
	}
	_, err := integrity.WriteEvidence(r.ctx, r.store, inMemory{}, r.log.Org("acme").Events(r.ctx, activitylog.Query{}),
		&integrity.EvidenceOptions{Verifiers: r.keys.Verifiers, Org: "acme", Anchors: [][]byte{fork}})
	require.ErrorContains(t, err, "is not one of this log")
}

func TestBundlesAreHeldToWhatWasKept(t *testing.T) {
	t.Parallel()
	r := memoryRig(t)
	r.record("acme", 3)
	r.seal()
	early, files := []byte(r.clean().Root), r.bundle(integrity.BundleOptions{})
	r.record("acme", 3)
	r.seal()
	late := []byte(r.clean().Root)
	for _, x := range []struct {
		known []byte
		want  int
	}{{early, clean}, {late, tampered}, {[]byte("x"), refused}} {
		o := r.auditor()
		o.Known = [][]byte{x.known}
		report, err := integrity.VerifyBundle(t.Context(), files.fs(), o)
		require.NoError(t, err)
		file := filepath.Join(t.TempDir(), "known")
		require.NoError(t, os.WriteFile(file, x.known, 0o600))
		got, said := python(t, "--public", r.public, "--known", file, files.save(t))
		if map[integrity.Verdict]int{integrity.Clean: clean, integrity.Tampered: tampered, integrity.Undecided: refused}[report.Verdict()] != x.want || got != x.want {
			t.Errorf("%q: %v; Python ends with %d: %s", x.known, report.Findings, got, said)
		}
	}
}

func TestEvidenceIsHeldToItsFilter(t *testing.T) {
	t.Parallel()
	r := memoryRig(t)
	r.record("acme", 9)
	files := r.evidence(integrity.EvidenceOptions{Org: "acme", Filter: parseFilter(t, "request:r1,r2")})
	files["manifest.json"] = bytes.Replace(files["manifest.json"], []byte("request:r1,r2"), []byte("request:r1,r3"), 1)
	report := r.verifyEvidence(files)
	require.Len(t, report.Findings, 1)
	require.Equal(t, "the filter of the pack does not mean the event", report.Findings[0].What)
	files["manifest.json"] = bytes.Replace(files["manifest.json"], []byte("request:r1,r3"), []byte("requst:r1,r3"), 1)
	_, err := integrity.VerifyEvidence(t.Context(), files.fs(), r.auditor())
	require.ErrorIs(t, err, integrity.ErrBundle)
}
