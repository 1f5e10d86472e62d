package rfc3161_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/contrib/rfc3161"
	"github.com/activitylog/activitylog/integrity"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/digitorus/timestamp"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"
)

// authority is a timestamp authority that OpenSSL plays, with a root of its own.
type authority struct {
	t   *testing.T
	dir string
}

const config = `
[req]
distinguished_name = name
[name]
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
subjectKeyIdentifier = hash
[tsa]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[web]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
[ts]
default_tsa = reply
[reply]
serial = serial
default_policy = 1.2.3.4.1
digests = sha256, sha512
signer_digest = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
`

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t, t.TempDir()}
	require.NoError(t, os.WriteFile(filepath.Join(a.dir, "conf"), []byte(config), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(a.dir, "serial"), []byte("01\n"), 0o600))
	a.openssl("req -x509 -config conf -extensions root -subj /CN=Root -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout root.key -out root.pem -days 2")
	for _, use := range []string{"tsa", "web"} {
		a.openssl("req -new -config conf -subj /CN=" + use + " -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout " + use + ".key -out " + use + ".csr")
		a.openssl("x509 -req -in " + use + ".csr -CA root.pem -CAkey root.key -CAcreateserial -extfile conf -extensions " + use + " -days 1 -out " + use + ".pem")
	}
	return a
}

func (a *authority) openssl(args string) string {
	a.t.Helper()
	cmd := exec.Command("openssl", strings.Fields(args)...)
	cmd.Dir = a.dir
	out, err := cmd.CombinedOutput()
	require.NoError(a.t, err, "openssl %s: %s", args, out)
	return string(out)
}

func (a *authority) roots() *x509.CertPool {
	a.t.Helper()
	pem, err := os.ReadFile(filepath.Join(a.dir, "root.pem"))
	require.NoError(a.t, err)
	pool := x509.NewCertPool()
	require.True(a.t, pool.AppendCertsFromPEM(pem))
	return pool
}

// serve answers queries with what change makes of them.
func (a *authority) serve(query func([]byte) []byte) string {
	a.t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil || r.Header.Get("Content-Type") != "application/timestamp-query" {
			a.t.Errorf("asked %v: %v", r.Header, err)
		}
		if err := os.WriteFile(filepath.Join(a.dir, "query"), query(b), 0o600); err != nil {
			a.t.Error(err)
		}
		cmd := exec.Command("openssl", strings.Fields("ts -reply -config conf -section reply -queryfile query -inkey tsa.key -signer tsa.pem -out reply")...)
		cmd.Dir = a.dir
		if out, err := cmd.CombinedOutput(); err != nil {
			a.t.Errorf("%v: %s", err, out)
		}
		http.ServeFile(w, r, filepath.Join(a.dir, "reply"))
	}))
	a.t.Cleanup(s.Close)
	return s.URL + "/tsr"
}

func asked(b []byte) []byte { return b }

type sealed struct {
	store *memory.Store
	log   *activitylog.Log
	keys  *integrity.Keys
}

func newSealed(t *testing.T) *sealed {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, "log.example/stamped")
	require.NoError(t, err)
	signer, err := note.NewSigner(private)
	require.NoError(t, err)
	verifier, err := note.NewVerifier(public)
	require.NoError(t, err)
	s := &sealed{store: memory.New(), keys: &integrity.Keys{WriterKeys: integrity.NewWriterKeys(), Signer: signer, Verifiers: []note.Verifier{verifier}}}
	w := integrity.NewWriter(s.keys.WriterKeys)
	s.log, err = activitylog.New(s.store, &activitylog.Options{Stamp: w.Stamp, Number: w.Number})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.log.Close(context.Background())) })
	_, err = s.log.Record(t.Context(), activitylog.Event{Org: "acme", Action: "project.create", Actor: activitylog.Actor{ID: "u"}})
	require.NoError(t, err)
	return s
}

func (s *sealed) anchor(t *testing.T, a integrity.Anchor) error {
	t.Helper()
	sealer, err := integrity.NewSealer(s.log, s.store, s.keys, &integrity.SealerOptions{Anchors: []integrity.Anchor{a}})
	require.NoError(t, err)
	return sealer.Close(t.Context())
}

func (s *sealed) verify(t *testing.T, by integrity.Attester) *integrity.Report {
	t.Helper()
	report, err := integrity.Verify(t.Context(), s.store, &integrity.VerifyOptions{
		Verifiers: s.keys.Verifiers, Keys: &s.keys.WriterKeys, Attesters: []integrity.Attester{by}, Attested: 1,
	})
	require.NoError(t, err)
	return report
}

// TestTimestamp has OpenSSL stamp a checkpoint, and check what was kept.
func TestTimestamp(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	tsa, err := rfc3161.New(a.serve(asked), a.roots(), nil)
	require.NoError(t, err)
	s := newSealed(t)
	before := time.Now().Add(-2 * time.Second)
	require.NoError(t, s.anchor(t, tsa))
	report := s.verify(t, tsa)
	require.Empty(t, report.Findings)
	require.Len(t, report.Anchors, 1)
	x := report.Anchors[0]
	if x.Name != tsa.Name() || x.Attested.Before(before) || x.Attested.After(time.Now()) {
		t.Errorf("got %+v", x)
	}
	require.NoError(t, os.WriteFile(filepath.Join(a.dir, "token"), x.Receipt, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(a.dir, "checkpoint"), x.Checkpoint, 0o600))
	if out := a.openssl("ts -verify -token_in -in token -data checkpoint -CAfile root.pem"); !strings.Contains(out, "Verification: OK") {
		t.Error(out)
	}

	other, err := rfc3161.New("http://"+strings.TrimPrefix(tsa.Name(), "rfc3161 "), newAuthority(t).roots(), nil)
	require.NoError(t, err)
	if r := s.verify(t, other); r.Verdict() != integrity.Tampered || !strings.Contains(r.Findings[0].What, "by none of the authorities that are believed") {
		t.Errorf("by other roots: %v", r.Findings)
	}
	for name, b := range map[string][]byte{"cut": x.Receipt[:len(x.Receipt)/2], "flipped": flipped(x.Receipt), "empty": nil} {
		if _, err := tsa.Attest(x.Checkpoint, b); err == nil {
			t.Errorf("%s: believed", name)
		}
	}
	_, err = tsa.Attest(append(x.Checkpoint, '\n'), x.Receipt)
	require.ErrorContains(t, err, "one of something else")
}

func flipped(b []byte) []byte {
	c := append([]byte{}, b...)
	c[len(c)-5] ^= 1
	return c
}

// TestAnswersThatAreNotBelieved has an authority that answers wrongly.
func TestAnswersThatAreNotBelieved(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	var old []byte
	replay := a.serve(func(b []byte) []byte {
		if old == nil {
			old = b
		}
		return old
	})
	tsa, err := rfc3161.New(replay, a.roots(), nil)
	require.NoError(t, err)
	require.NoError(t, newSealed(t).anchor(t, tsa))
	require.ErrorContains(t, newSealed(t).anchor(t, tsa), "it answers another question")

	refusing, err := rfc3161.New(a.serve(func([]byte) []byte { return []byte("0\x00") }), a.roots(), nil)
	require.NoError(t, err)
	require.ErrorContains(t, newSealed(t).anchor(t, refusing), "its answer")

	gone := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(gone.Close)
	missing, err := rfc3161.New(gone.URL, a.roots(), nil)
	require.NoError(t, err)
	require.ErrorContains(t, newSealed(t).anchor(t, missing), "it answers 404 Not Found")
}

// pair reads a certificate and its key.
func (a *authority) pair(name string) (*x509.Certificate, crypto.Signer) {
	a.t.Helper()
	p, err := tls.LoadX509KeyPair(filepath.Join(a.dir, name+".pem"), filepath.Join(a.dir, name+".key"))
	require.NoError(a.t, err)
	return p.Leaf, p.PrivateKey.(crypto.Signer)
}

// TestCertificateMustBeGoodForIt signs tokens with certificates of the root that are meant for something else, or were
// not valid yet.
func TestCertificateMustBeGoodForIt(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	tsa, err := rfc3161.New("https://tsa.example/", a.roots(), nil)
	require.NoError(t, err)
	checkpoint := []byte("some checkpoint")
	sum := sha256.Sum256(checkpoint)
	for _, x := range []struct {
		signer, want string
		at           time.Time
	}{
		{"tsa", "", time.Now()},
		{"web", "incompatible key usage", time.Now()},
		{"tsa", "has expired or is not yet valid", time.Now().AddDate(0, 0, -7)},
		{"tsa", "has expired or is not yet valid", time.Now().AddDate(0, 0, 7)},
	} {
		cert, key := a.pair(x.signer)
		reply, err := (&timestamp.Timestamp{
			HashAlgorithm: crypto.SHA256, HashedMessage: sum[:], Time: x.at, Policy: []int{1, 2, 3}, AddTSACertificate: true,
		}).CreateResponseWithOpts(cert, key, crypto.SHA256)
		require.NoError(t, err)
		token, err := timestamp.ParseResponse(reply)
		require.NoError(t, err)
		at, err := tsa.Attest(checkpoint, token.RawToken)
		if x.want == "" {
			require.NoError(t, err)
			require.WithinDuration(t, x.at, at, time.Second)
			continue
		}
		require.ErrorContains(t, err, x.want)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for _, u := range []string{"", "tsa.example", "ftp://tsa.example/", "https://me:secret@tsa.example/"} {
		if _, err := rfc3161.New(u, x509.NewCertPool(), nil); err == nil {
			t.Errorf("%q was taken", u)
		}
	}
	if _, err := rfc3161.New("https://tsa.example/", nil, nil); err == nil {
		t.Error("no roots were taken")
	}
}
