package review_test

import (
	"context"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/review"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/stretchr/testify/require"
)

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

// rig is a log with a book of reviews and a clock.
type rig struct {
	t    testing.TB
	now  time.Time
	log  *activitylog.Log
	book *review.Book
}

func newRig(t testing.TB) *rig {
	t.Helper()
	r := &rig{t: t, now: start}
	clock := func() time.Time { return r.now }
	var err error
	r.log, err = activitylog.New(memory.New(), &activitylog.Options{Now: clock})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.log.Close(context.Background())) })
	r.book, err = review.NewBook(r.log, clock)
	require.NoError(t, err)
	return r
}

func (r *rig) record(e activitylog.Event) {
	r.t.Helper()
	if e.Org == "" {
		e.Org = "acme"
	}
	if e.Actor.ID == "" {
		e.Actor.ID = "ana"
	}
	_, err := r.log.Record(r.t.Context(), e)
	require.NoError(r.t, err)
}
