package integrity_test

import (
	"context"
	"crypto/rand"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/integrity"
	"github.com/activitylog/activitylog/internal/decision"
	"github.com/activitylog/activitylog/internal/killtest"
	"github.com/activitylog/activitylog/internal/pgtest"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/activitylog/activitylog/store/postgres"
	"github.com/activitylog/activitylog/store/sqlite"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"
)

func TestMain(m *testing.M) {
	os.Exit(killtest.Main(func() int { return pgtest.Main(m) }, map[string]func() error{"seal": sealForever}))
}

// seeded returns random numbers that ACTIVITYLOG_SEED repeats.
func seeded(t testing.TB) *mathrand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("ACTIVITYLOG_SEED"); s != "" {
		var err error
		seed, err = strconv.ParseUint(s, 10, 64)
		require.NoError(t, err)
	}
	t.Logf("ACTIVITYLOG_SEED=%d", seed)
	return mathrand.New(mathrand.NewPCG(seed, 0))
}

// rig is a log that is sealed.
type rig struct {
	t      testing.TB
	ctx    context.Context
	dsn    string // of PostgreSQL, or the path of SQLite
	store  activitylog.Store
	keys   integrity.Keys
	public string // the first public key
	writer *integrity.Writer
	log    *activitylog.Log
	sealer *integrity.Sealer
}

// newKey makes a key that signs, and the text of the one that verifies.
func newKey(t testing.TB) (note.Signer, string) {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, "log.example/test")
	require.NoError(t, err)
	signer, err := note.NewSigner(private)
	require.NoError(t, err)
	return signer, public
}

// newKeys makes keys of a log, and the text of the public one.
func newKeys(t testing.TB) (integrity.Keys, string) {
	t.Helper()
	signer, public := newKey(t)
	verifier, err := note.NewVerifier(public)
	require.NoError(t, err)
	return integrity.Keys{WriterKeys: integrity.NewWriterKeys(), Signer: signer, Verifiers: []note.Verifier{verifier}}, public
}

func newRig(t testing.TB, store activitylog.Store) *rig {
	t.Helper()
	r := &rig{t: t, store: store}
	r.keys, r.public = newKeys(t)
	r.ctx = activitylog.WithActor(t.Context(), activitylog.Actor{ID: "u1", Name: "Ann", Email: "ann@example.org"})
	r.reopen()
	return r
}

// reopen makes another log and sealer, as another process would.
func (r *rig) reopen() {
	r.t.Helper()
	r.writer = integrity.NewWriter(r.keys.WriterKeys)
	var err error
	r.log, err = activitylog.New(r.store, &activitylog.Options{Stamp: r.writer.Stamp, Number: r.writer.Number})
	require.NoError(r.t, err)
	log := r.log
	r.t.Cleanup(func() { require.NoError(r.t, log.Close(context.Background())) })
	r.sealer = r.newSealer(nil)
}

// elsewhere is a log on SQLite as another process has it.
func (r *rig) elsewhere() *rig {
	r.t.Helper()
	store, err := sqlite.Open(r.ctx, r.dsn, nil)
	require.NoError(r.t, err)
	r.t.Cleanup(func() { require.NoError(r.t, store.Close()) })
	other := *r
	other.store = store
	other.reopen()
	return &other
}

func (r *rig) newSealer(o *integrity.SealerOptions) *integrity.Sealer {
	r.t.Helper()
	s, err := integrity.NewSealer(r.log, r.store, &r.keys, o)
	require.NoError(r.t, err)
	return s
}

// event is an event with content in every group.
func event(org string, n int) activitylog.Event {
	return activitylog.Event{
		Org: org, Action: "project.update", Project: "p1", Reason: fmt.Sprintf("because of %d", n),
		Targets:  []activitylog.Target{{Type: "project", ID: strconv.Itoa(n), Name: "Secret plan"}},
		Metadata: map[string]any{"n": n, "text": "some words"},
		Request:  activitylog.Request{ID: "r" + strconv.Itoa(n), Method: "POST"},
		Labels:   map[string]string{"team": "blue"},
	}
}

// record records n events of an organization.
func (r *rig) record(org string, n int) {
	r.t.Helper()
	events := make([]activitylog.Event, n)
	for i := range events {
		events[i] = event(org, i)
	}
	_, err := r.log.RecordAll(r.ctx, events)
	require.NoError(r.t, err)
}

// seal seals all that there is. On PostgreSQL the transactions of other tests hold followers back.
func (r *rig) seal() {
	r.t.Helper()
	for {
		_, err := r.sealer.Seal(r.ctx)
		require.NoError(r.t, err)
		if r.verify().Unsealed == 0 {
			return
		}
	}
}

// purge records a purge of n events, as package retention does.
func (r *rig) purge(org string, n int) {
	r.t.Helper()
	ctx := decision.With(r.ctx)
	op, err := r.log.Begin(ctx, activitylog.Event{Org: org, Action: decision.Purge, Metadata: map[string]any{"planned": n}})
	require.NoError(r.t, err)
	op.Event.Metadata["deleted"] = n
	_, err = op.End(ctx, nil)
	require.NoError(r.t, err)
}

// erase erases, and returns of how many events.
func (r *rig) erase(x integrity.Erasure) int {
	r.t.Helper()
	n, err := integrity.Erase(r.ctx, r.log, r.store, x)
	require.NoError(r.t, err)
	return n
}

// sealAll is seal for options.
func (r *rig) sealAll(context.Context) error {
	r.seal()
	return nil
}

func (r *rig) options() *integrity.VerifyOptions {
	return &integrity.VerifyOptions{Verifiers: r.keys.Verifiers, Keys: &r.keys.WriterKeys}
}

func (r *rig) verify() *integrity.Report {
	r.t.Helper()
	return r.verifyBy(r.options())
}

// verifyDeeply also compares what the database derives from the events.
func (r *rig) verifyDeeply() *integrity.Report {
	r.t.Helper()
	o := r.options()
	o.Deep = true
	return r.verifyBy(o)
}

func (r *rig) verifyBy(o *integrity.VerifyOptions) *integrity.Report {
	r.t.Helper()
	report, err := integrity.Verify(r.ctx, r.store, o)
	require.NoError(r.t, err)
	return report
}

// clean wants a log without findings.
func (r *rig) clean() *integrity.Report {
	r.t.Helper()
	report := r.verify()
	for _, f := range report.Findings {
		r.t.Errorf("%s: %v", f.Check, f)
	}
	if r.t.Failed() {
		r.t.FailNow()
	}
	return report
}

func sqliteRig(t testing.TB) *rig {
	path := filepath.Join(t.TempDir(), "t.db")
	store, err := sqlite.Open(t.Context(), path, &sqlite.Options{Migrate: true})
	require.NoError(t, err)
	t.Cleanup(func() { store.Close() })
	r := newRig(t, store)
	r.dsn = path
	return r
}

func postgresRig(t testing.TB) *rig {
	dsn := pgtest.DSN(t)
	store, err := postgres.Open(t.Context(), dsn, &postgres.Options{Migrate: true})
	require.NoError(t, err)
	t.Cleanup(func() { store.Close() })
	r := newRig(t, store)
	r.dsn = dsn
	return r
}

func memoryRig(t testing.TB) *rig { return newRig(t, memory.New()) }

// rigs are all stores.
var rigs = []struct {
	name string
	open func(testing.TB) *rig
}{{"memory", memoryRig}, {"sqlite", sqliteRig}, {"postgres", postgresRig}}

// everyStore runs a test on all stores.
func everyStore(t *testing.T, f func(t *testing.T, r *rig)) {
	t.Helper()
	for _, x := range rigs {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			f(t, x.open(t))
		})
	}
}
