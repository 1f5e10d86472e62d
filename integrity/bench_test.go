package integrity_test

import (
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/integrity"
	"github.com/stretchr/testify/require"
)

// cpu is the processor time that this process took.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkStampAndSeal is the processor time of evidence in batches of 1,000 on SQLite.
func BenchmarkStampAndSeal(b *testing.B) {
	r := sqliteRig(b)
	r.record("acme", 1000)
	_, err := r.sealer.Seal(r.ctx)
	require.NoError(b, err)
	events := make([]activitylog.Event, 1000)
	var stamping, sealing time.Duration
	for b.Loop() {
		for i := range events {
			events[i] = event("acme", i)
		}
		began := cpu(b)
		require.NoError(b, r.writer.Stamp(events))
		stamping += cpu(b) - began
		r.record("acme", 1000)
		began = cpu(b)
		_, err := r.sealer.Seal(r.ctx)
		require.NoError(b, err)
		sealing += cpu(b) - began
	}
	b.ReportMetric(float64(stamping.Microseconds())/float64(1000*b.N), "µs-stamp/event")
	b.ReportMetric(float64(sealing.Microseconds())/float64(1000*b.N), "µs-seal/event")
}

// BenchmarkVerify compares a verification with a scan of the same events.
func BenchmarkVerify(b *testing.B) {
	r := sqliteRig(b)
	for range 20 {
		r.record("acme", 1000)
	}
	_, err := r.sealer.Seal(r.ctx)
	require.NoError(b, err)
	var scanning, verifying time.Duration
	for b.Loop() {
		began := time.Now()
		for _, err := range r.log.Org("acme").Events(r.ctx, activitylog.Query{Order: activitylog.Oldest}) {
			require.NoError(b, err)
		}
		scanning += time.Since(began)
		began = time.Now()
		r.verify()
		verifying += time.Since(began)
	}
	b.ReportMetric(float64(verifying)/float64(scanning), "x-scan")
	b.ReportMetric(float64(20_000*b.N)/verifying.Seconds(), "events/s")
}

// BenchmarkRecord compares durable recording by 64 callers without evidence, with stamps only, and with a sealer too, turn
// by turn.
func BenchmarkRecord(b *testing.B) {
	plain, err := activitylog.New(sqliteRig(b).store, nil)
	require.NoError(b, err)
	r := sqliteRig(b)
	s := r.newSealer(&integrity.SealerOptions{Writer: r.writer})
	s.Start()
	record := func(log *activitylog.Log) time.Duration {
		began := time.Now()
		var callers sync.WaitGroup
		for range 64 {
			callers.Go(func() {
				for n := range 40 {
					if _, err := log.Record(r.ctx, event("acme", n)); err != nil {
						b.Error(err)
					}
				}
			})
		}
		callers.Wait()
		return time.Since(began)
	}
	logs := []*activitylog.Log{plain, sqliteRig(b).log, r.log}
	took := make([]time.Duration, len(logs))
	for b.Loop() {
		for i, log := range logs {
			took[i] += record(log)
		}
	}
	require.NoError(b, s.Close(r.ctx))
	b.ReportMetric(float64(took[1])/float64(took[0]), "x-stamped/plain")
	b.ReportMetric(float64(took[2])/float64(took[1]), "x-sealed/stamped")
	b.ReportMetric(float64(took[2])/float64(took[0]), "x-sealed/plain")
}
