package review_test

import (
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/review"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

func overdue(t *testing.T, r *rig) (list []review.Subject) {
	t.Helper()
	due, err := r.book.Overdue(t.Context(), "acme")
	require.NoError(t, err)
	for _, d := range due {
		list = append(list, d.Subject)
	}
	return list
}

func TestReviews(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	require.Equal(t, []review.Subject{review.TheLog, review.RetentionRules, review.AccessRules}, overdue(t, r), "never reviewed")
	rui := activitylog.Actor{ID: "rui", Name: "Rui", Roles: []string{"auditor"}}
	did := review.Review{Org: "acme", Subject: review.TheLog, Reviewer: rui, Window: review.Window{From: start.Add(-30 * day), To: start},
		Findings: []string{"two sign-ins at night | \u202e"}, Note: "asked Ana"}
	for _, s := range []review.Subject{review.TheLog, review.RetentionRules, review.AccessRules} {
		did.Subject = s
		require.NoError(t, r.book.Record(t.Context(), did))
	}
	require.Empty(t, overdue(t, r))
	list, err := r.book.Reviews(t.Context(), "acme", review.AccessRules, 0)
	require.NoError(t, err)
	require.Len(t, list, 1)
	did.At = list[0].At // ids of one moment are microseconds apart
	did.Reviewer.Type = activitylog.User
	require.Equal(t, []review.Review{did}, list)
	for _, tt := range []struct {
		after time.Duration
		want  int
	}{{30*day - 1, 0}, {30 * day, 1}, {365*day - time.Microsecond, 1}, {365*day + time.Millisecond, 3}} {
		if r.now = start.Add(tt.after); len(overdue(t, r)) != tt.want {
			t.Errorf("after %v: overdue %v", tt.after, overdue(t, r))
		}
	}
	if list, err := r.book.Reviews(t.Context(), "globex", review.AccessRules, 0); err != nil || len(list) > 0 {
		t.Errorf("another organization has %v, %v", list, err)
	}
}

func TestDuties(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx := activitylog.WithActor(t.Context(), activitylog.Actor{ID: "ana"})
	require.NoError(t, r.book.SetDuties(ctx, "acme", []review.Duty{{review.TheLog, 7, "auditor"}}, "as the standard asks"))
	require.Equal(t, []review.Subject{review.TheLog}, overdue(t, r))
	page, err := r.log.Org("acme").Page(ctx, activitylog.Query{})
	require.NoError(t, err)
	require.Equal(t, []activitylog.Change{
		{Path: "log", Old: "every 30 days", New: "every 7 days auditor"},
		{Path: "retention rules", Old: "every 365 days"}, {Path: "access rules", Old: "every 365 days"},
	}, page.Events[0].Changes)
	w := review.Window{From: start.Add(-day), To: start}
	for name, bad := range map[string]review.Review{
		"wrong role": {Subject: review.TheLog, Reviewer: activitylog.Actor{ID: "leo", Roles: []string{"member"}}, Window: w},
		"nobody":     {Subject: review.TheLog, Window: w},
		"no window":  {Subject: review.TheLog, Reviewer: activitylog.Actor{ID: "rui", Roles: []string{"auditor"}}},
		"no subject": {Subject: "weather", Reviewer: activitylog.Actor{ID: "rui"}, Window: w},
	} {
		bad.Org = "acme"
		require.ErrorIs(t, r.book.Record(ctx, bad), activitylog.ErrInvalid, name)
	}
	for _, bad := range [][]review.Duty{{{"weather", 1, ""}}, {{review.TheLog, 0, ""}}, {{review.TheLog, 1, ""}, {review.TheLog, 2, ""}}, {{review.TheLog, 99999, ""}}} {
		require.ErrorIs(t, r.book.SetDuties(ctx, "acme", bad, ""), activitylog.ErrInvalid)
	}
	require.NoError(t, r.book.SetDuties(ctx, "acme", nil, "none"))
	require.Empty(t, overdue(t, r))
}

// TestForgedReview claims by an import that everything was reviewed.
func TestForgedReview(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	require.NoError(t, r.book.Record(t.Context(), review.Review{Org: "globex", Subject: review.TheLog, Reviewer: activitylog.Actor{ID: "rui"},
		Window: review.Window{From: start.Add(-day), To: start}}))
	page, err := r.log.Org("globex").Page(t.Context(), activitylog.Query{})
	require.NoError(t, err)
	forged := page.Events[0]
	forged.ID, forged.Org = uuid.Nil, "acme"
	_, err = r.log.Record(t.Context(), forged)
	require.ErrorIs(t, err, activitylog.ErrInvalid)
	forged.Backfill = true
	_, err = r.log.Record(t.Context(), forged)
	require.NoError(t, err)
	require.Len(t, overdue(t, r), 3)
}
