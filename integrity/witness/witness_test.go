package witness_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/integrity"
	"github.com/activitylog/activitylog/integrity/witness"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"
)

// sealed is a log that is sealed and anchored.
type sealed struct {
	t      *testing.T
	store  *memory.Store
	log    *activitylog.Log
	sealer *integrity.Sealer
	keys   *integrity.Keys
}

func newKeys(t *testing.T) (*integrity.Keys, string) {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, "log.example/witnessed")
	require.NoError(t, err)
	signer, err := note.NewSigner(private)
	require.NoError(t, err)
	verifier, err := note.NewVerifier(public)
	require.NoError(t, err)
	return &integrity.Keys{WriterKeys: integrity.NewWriterKeys(), Signer: signer, Verifiers: []note.Verifier{verifier}}, public
}

func newSealed(t *testing.T, keys *integrity.Keys, anchors ...integrity.Anchor) *sealed {
	t.Helper()
	s := &sealed{t: t, store: memory.New(), keys: keys}
	w := integrity.NewWriter(keys.WriterKeys)
	var err error
	s.log, err = activitylog.New(s.store, &activitylog.Options{Stamp: w.Stamp, Number: w.Number})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.log.Close(context.Background())) })
	s.sealer, err = integrity.NewSealer(s.log, s.store, keys, &integrity.SealerOptions{Anchors: anchors})
	require.NoError(t, err)
	return s
}

// round records, seals and anchors.
func (s *sealed) round(org string) error {
	s.t.Helper()
	_, err := s.log.Record(s.t.Context(), activitylog.Event{Org: org, Action: "project.create", Actor: activitylog.Actor{ID: "u"}})
	require.NoError(s.t, err)
	return s.sealer.Close(s.t.Context())
}

func (s *sealed) verify(o integrity.VerifyOptions) *integrity.Report {
	s.t.Helper()
	o.Verifiers, o.Keys = s.keys.Verifiers, &s.keys.WriterKeys
	report, err := integrity.Verify(s.t.Context(), s.store, &o)
	require.NoError(s.t, err)
	return report
}

// told are the events under an action in the log of the platform.
func (s *sealed) told(action string) (list []activitylog.Event) {
	s.t.Helper()
	for e, err := range s.log.Org(activitylog.SystemOrg).Events(s.t.Context(), activitylog.Query{Filter: activitylog.ActionIs(action)}) {
		require.NoError(s.t, err)
		list = append(list, e)
	}
	return list
}

// TestLitewitness has the public implementation cosign a hundred checkpoints, and refuse a database that was set back
// and one that was rewritten with the real keys.
func TestLitewitness(t *testing.T) {
	t.Parallel()
	keys, public := newKeys(t)
	real := newLitewitness(t, keys.Signer.Name(), public)
	w, err := witness.New(real.key, real.url, nil)
	require.NoError(t, err)
	s := newSealed(t, keys, w)
	for n := range 100 {
		require.NoError(t, s.round(fmt.Sprintf("org%d", n%7)), "round %d", n)
	}
	check, err := witness.New(real.key, "", nil)
	require.NoError(t, err)
	report := s.verify(integrity.VerifyOptions{Attesters: []integrity.Attester{check}, Attested: 1})
	require.Empty(t, report.Findings)
	require.Len(t, report.Anchors, 1)
	if a := report.Anchors[0]; a.Name != "witness.example/one" || a.Size != 100 || a.Attested.IsZero() {
		t.Errorf("got %+v", a)
	}

	for name, rounds := range map[string]int{"set back": 40, "rewritten": 100} {
		again, err := witness.New(real.key, real.url, nil)
		require.NoError(t, err)
		other := newSealed(t, keys)
		for range rounds {
			require.NoError(t, other.round("acme"))
		}
		seal, err := integrity.NewSealer(other.log, other.store, keys, &integrity.SealerOptions{Anchors: []integrity.Anchor{again}})
		require.NoError(t, err)
		err = seal.Close(t.Context())
		require.ErrorIs(t, err, integrity.ErrContradicted, name)
		want := map[string]string{"set back": "it saw 100 entries, and there are 40", "rewritten": "the 100 entries that it saw are others"}[name]
		require.ErrorContains(t, err, want)
		require.Error(t, seal.Close(t.Context()))
		if told := other.told("audit.anchor.contradict"); len(told) != 2 || !strings.Contains(told[0].Reason, "another history") {
			// The second time there is one entry more, that of the event which tells of the first.
			t.Errorf("%s: the log tells %v", name, told)
		}
	}
}

// TestAttestedIsRequired takes cosignatures away, and gives those of somebody else.
func TestAttestedIsRequired(t *testing.T) {
	t.Parallel()
	keys, public := newKeys(t)
	real := newLitewitness(t, keys.Signer.Name(), public)
	w, err := witness.New(real.key, real.url, nil)
	require.NoError(t, err)
	s := newSealed(t, keys, w)
	require.NoError(t, s.round("acme"))
	if r := s.verify(integrity.VerifyOptions{Attested: 1}); r.Verdict() != integrity.Undecided || !strings.Contains(r.Findings[0].What, "0 anchors attest the log, and 1 are required") {
		t.Errorf("without the key of the witness: %v", r.Findings)
	}
	name, rest, _ := strings.Cut(real.key, "+")
	_, other, err := note.GenerateKey(rand.Reader, name)
	require.NoError(t, err)
	stranger, err := witness.New(other, "", nil)
	require.NoError(t, err, rest)
	r := s.verify(integrity.VerifyOptions{Attesters: []integrity.Attester{stranger}})
	if r.Verdict() != integrity.Tampered || !strings.Contains(r.Findings[0].What, "proves nothing") {
		t.Errorf("by another key: %v", r.Findings)
	}
}

func TestAnswersOfAWitness(t *testing.T) {
	t.Parallel()
	keys, _ := newKeys(t)
	_, public, err := note.GenerateKey(rand.Reader, "witness.example/odd")
	require.NoError(t, err)
	for _, x := range []struct {
		status     int
		body, want string
	}{
		{404, "", "must add the name and public key"},
		{403, "", "must add the public key"},
		{409, "many", "without the size"},
		{409, "0\n", "another checkpoint each time"},
		{500, "oh", `it answers 500 Internal Server Error: "oh"`},
		{200, "— witness.example/odd AAAA\n", "malformed note"},
		{200, strings.Repeat("x", 1<<20), "malformed note"},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var body bytes.Buffer
			if _, err := body.ReadFrom(r.Body); err != nil || r.URL.Path != "/w/add-checkpoint" || !strings.HasPrefix(body.String(), "old 0\n\nlog.example/witnessed\n1\n") {
				t.Errorf("asked %s: %s", r.URL, body.String())
			}
			w.WriteHeader(x.status)
			fmt.Fprint(w, x.body)
		}))
		w, err := witness.New(public, server.URL+"/w", server.Client())
		require.NoError(t, err)
		require.ErrorContains(t, newSealed(t, keys, w).round("acme"), x.want)
		server.Close()
	}
}

// TestAWitnessWithAnotherHashOfAnEqualSize plays one that has as many entries as it is offered, and others: C2SP
// tlog-witness has it answer 409, with or without the size.
func TestAWitnessWithAnotherHashOfAnEqualSize(t *testing.T) {
	t.Parallel()
	keys, _ := newKeys(t)
	_, public, err := note.GenerateKey(rand.Reader, "witness.example/odd")
	require.NoError(t, err)
	for _, x := range []struct {
		body string
		want error
	}{
		{"1\n", integrity.ErrContradicted},
		{"", integrity.ErrContradicted},
		{"0\n", nil}, // it was set back itself, and knows nothing else
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var body bytes.Buffer
			_, err := body.ReadFrom(r.Body)
			w.WriteHeader(http.StatusConflict)
			if err == nil && strings.HasPrefix(body.String(), "old 0\n") {
				fmt.Fprint(w, "1\n")
				return
			}
			fmt.Fprint(w, x.body)
		}))
		w, err := witness.New(public, server.URL, server.Client())
		require.NoError(t, err)
		s := newSealed(t, keys, w)
		err = s.round("acme")
		require.Error(t, err)
		if x.want != nil {
			require.ErrorIs(t, err, x.want, "%q", x.body)
			require.Len(t, s.told("audit.anchor.contradict"), 1)
		} else if errors.Is(err, integrity.ErrContradicted) {
			t.Errorf("%q: %v", x.body, err)
		}
		server.Close()
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	_, public, err := note.GenerateKey(rand.Reader, "witness.example/odd")
	require.NoError(t, err)
	for _, x := range [][2]string{{"", "http://w"}, {public[:20], "http://w"}, {public, "w.example"}, {public, "://"}} {
		if _, err := witness.New(x[0], x[1], nil); err == nil {
			t.Errorf("%q was taken", x)
		}
	}
	w, err := witness.New(public, "", nil)
	require.NoError(t, err)
	keys, _ := newKeys(t)
	require.ErrorContains(t, newSealed(t, keys, w).round("acme"), "it has no URL")
}
