package integrity_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog/integrity"
	"github.com/stretchr/testify/require"
)

func TestFileAnchorShowsThatALogWasSetBack(t *testing.T) {
	t.Parallel()
	r := sqliteRig(t)
	path := filepath.Join(t.TempDir(), "anchors")
	s := r.newSealer(&integrity.SealerOptions{Anchors: []integrity.Anchor{integrity.FileAnchor{Path: path}}})
	for range 3 {
		r.record("acme", 5)
		require.NoError(t, s.Close(t.Context()))
		require.NoError(t, s.Close(t.Context())) // nothing new
	}
	h, err := s.Health(t.Context())
	require.NoError(t, err)
	if h.Backlog != 0 || h.Sealed.IsZero() || len(h.Anchors) != 1 || h.Anchors[0].Name != "file anchors" || h.Anchors[0].Anchored.IsZero() {
		t.Errorf("got %+v", h)
	}
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	known := integrity.ReadCheckpoints(b)
	if len(known) != 3 {
		t.Fatalf("%d checkpoints in\n%s", len(known), b)
	}
	verify := func(known ...[]byte) string {
		o := r.options()
		o.Known = known
		report := r.verifyBy(o)
		if len(report.Findings) == 0 {
			return ""
		}
		return report.Findings[0].String()
	}
	if got := verify(known...); got != "" {
		t.Errorf("its own anchors: %s", got)
	}
	other := sqliteRig(t)
	other.keys = r.keys
	other.reopen()
	other.record("acme", 5)
	other.seal()
	if got := verify([]byte(other.clean().Root)); !strings.Contains(got, "the log was rewritten") {
		t.Errorf("a fork: %s", got)
	}
	if got := verify(known[0][:len(known[0])-5]); !strings.Contains(got, "cannot be believed") {
		t.Errorf("one that was cut off: %s", got)
	}
}

// hanging is an anchor that never answers.
type hanging struct{ asked chan struct{} }

func (a hanging) Name() string { return "hanging" }

func (a hanging) Anchor(ctx context.Context, _ *integrity.Checkpoint) ([]byte, error) {
	select {
	case a.asked <- struct{}{}:
	default:
	}
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestAnAnchorThatHangsHoldsNothingUp(t *testing.T) {
	t.Parallel()
	r := memoryRig(t)
	a := hanging{make(chan struct{}, 1)}
	told := make(chan error, 10)
	s := r.newSealer(&integrity.SealerOptions{
		Every: time.Millisecond, Anchors: []integrity.Anchor{a}, AnchorEvery: 10 * time.Millisecond,
		OnError: func(err error) {
			select {
			case told <- err:
			default:
			}
		},
	})
	r.record("acme", 1)
	r.seal()
	s.Start()
	<-a.asked
	r.record("acme", 10)
	for r.verify().Unsealed > 0 {
		require.NoError(t, t.Context().Err())
	}
	if err := <-told; !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("told %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Close(ctx); err == nil {
		t.Error("Close waited for an anchor and was content")
	}
}

func TestAnAnchorShowsThatAllSealsWereRemoved(t *testing.T) {
	t.Parallel()
	r, empty := memoryRig(t), memoryRig(t)
	r.record("acme", 1)
	r.seal()
	o := r.options()
	o.Known = [][]byte{[]byte(r.clean().Root)}
	if report := empty.verifyBy(o); report.Verdict() != integrity.Tampered || !strings.Contains(report.Findings[0].What, "but there were seals before") {
		t.Errorf("got %v", report.Findings)
	}
}
