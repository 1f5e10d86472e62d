package integrity_test

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/integrity"
	"github.com/stretchr/testify/require"
)

// crowd is how many events many writers record: as many as ACTIVITYLOG_CROWD says, 100,000 in a soak.
func crowd() int {
	if n, err := strconv.Atoi(os.Getenv("ACTIVITYLOG_CROWD")); err == nil {
		return n
	}
	if os.Getenv("ACTIVITYLOG_SOAK") == "1" {
		return 100_000
	}
	return 4000
}

// TestManyWritersAndTwoSealers has 64 writers in two processes record, two sealers seal and a verifier look on.
func TestManyWritersAndTwoSealers(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, r *rig) {
		const writers = 64
		each := crowd() / writers
		other := *r
		other.reopen()
		var recording, sealing sync.WaitGroup
		var over atomic.Bool
		for i := range writers {
			log := []*activitylog.Log{r.log, other.log}[i%2]
			recording.Go(func() {
				for n := range each {
					if _, err := log.Record(r.ctx, event(fmt.Sprintf("org%d", i%5), n)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		for _, s := range []*integrity.Sealer{r.sealer, other.sealer} {
			sealing.Go(func() {
				for !over.Load() {
					if _, err := s.Seal(r.ctx); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		verified := 0
		sealing.Go(func() {
			o := r.options()
			for !over.Load() {
				report, err := integrity.Verify(r.ctx, r.store, o)
				if err != nil {
					t.Error(err)
					return
				}
				for _, f := range report.Findings {
					if f.Check != "root" || report.Sealed > 0 { // nothing is sealed in the first moment
						t.Errorf("a false alarm: %v", f)
					}
				}
				if o.Since = nil; verified%3 > 0 { // two of three go on from the one before
					o.Since = report.Vouch
				}
				if verified++; verified%5 == 0 && report.Sealed > 0 {
					if report := r.verifyBundle(r.bundle(integrity.BundleOptions{})); len(report.Findings) > 0 {
						t.Errorf("a false alarm of a bundle: %v", report.Findings)
					}
				}
			}
		})
		recording.Wait()
		over.Store(true)
		sealing.Wait()
		r.seal()
		report := r.clean()
		if report.Sealed != int64(each*writers) || report.Events != report.Sealed {
			t.Errorf("got %+v", report)
		}
		t.Logf("%d events sealed, %d verifications on the way", report.Sealed, verified)
	})
}

func TestSealingFollowsByItself(t *testing.T) {
	t.Parallel()
	r := sqliteRig(t)
	s := r.newSealer(&integrity.SealerOptions{Every: time.Hour, Writer: r.writer, OnError: func(err error) { t.Error(err) }})
	s.Start()
	r.untilTold("audit.config.change") // that it seals
	r.record("acme", 2500)             // wakes it before its time
	for r.verify().Sealed < 2500 {
		require.NoError(t, t.Context().Err())
	}
	r.record("acme", 1) // waits for Close
	require.NoError(t, s.Close(t.Context()))
	if report := r.clean(); report.Sealed != 2502 || report.Unsealed != 0 {
		t.Errorf("after Close: %+v", report)
	}
}

func TestTheRootLogShowsThatSealingGoesOn(t *testing.T) {
	t.Parallel()
	r := memoryRig(t)
	now := time.Now()
	clock := func() time.Time { return now }
	s := r.newSealer(&integrity.SealerOptions{Now: clock})
	o := r.options()
	o.MaxSilence, o.Now = 6*time.Minute, clock
	seal := func() *integrity.Report {
		_, err := s.Seal(t.Context())
		require.NoError(t, err)
		return r.verifyBy(o)
	}
	first := seal()
	now = now.Add(4 * time.Minute)
	if got := seal(); got.Root != first.Root {
		t.Error("a beat came too early")
	}
	now = now.Add(2 * time.Minute)
	if got := seal(); got.Root == first.Root || len(got.Findings) != 0 {
		t.Errorf("no beat, or %v", got.Findings)
	}
	now = now.Add(7 * time.Minute)
	if report := r.verifyBy(o); report.Verdict() != integrity.Undecided || report.Findings[0].Check != "silence" {
		t.Errorf("got %v", report.Findings)
	}
}

func TestAnEventCannotBeRecordedAfterItsSeal(t *testing.T) {
	t.Parallel()
	r := memoryRig(t)
	s := r.newSealer(&integrity.SealerOptions{Now: func() time.Time { return time.Now().Add(-time.Hour) }})
	r.record("acme", 1)
	_, err := s.Seal(t.Context())
	require.NoError(t, err)
	if got := r.verify().Findings; len(got) != 1 || got[0].Check != "time" {
		t.Errorf("got %v", got)
	}
}
