package activitylog_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/stretchr/testify/require"
)

// seededPage is a log of 30 events in two organizations and a query of which it gives a page in the middle.
func seededPage(t testing.TB) (*activitylog.Log, activitylog.Query, activitylog.Page) {
	t.Helper()
	l := newLog(t, nil)
	ctx := context.Background()
	for i := range 30 {
		e := titled(fmt.Sprintf("m%02d", i))
		e.ID, e.Time = id(i), noon.Add(time.Duration(i/3)*time.Second) // some at the same time
		if i%5 == 0 {
			e.Org = "other"
		}
		_, err := l.Record(ctx, e)
		require.NoError(t, err)
	}
	q := activitylog.Query{Filter: activitylog.Text("m"), Limit: 5}
	first, err := l.Org("acme").Page(ctx, q)
	require.NoError(t, err)
	q.Cursor = first.Next
	second, err := l.Org("acme").Page(ctx, q)
	require.NoError(t, err)
	return l, q, second
}

func TestCursorText(t *testing.T) {
	t.Parallel()
	l, q, page := seededPage(t)
	for _, c := range []activitylog.Cursor{{}, page.Next, page.Prev} {
		parsed, err := activitylog.ParseCursor(c.String())
		if err != nil || parsed != c || parsed.IsZero() != c.IsZero() {
			t.Errorf("%q reads as %q, %v", c, parsed, err)
		}
		b, err := json.Marshal(map[string]any{"next": c})
		require.NoError(t, err)
		var back struct{ Next activitylog.Cursor }
		require.NoError(t, json.Unmarshal(b, &back))
		if back.Next != c {
			t.Errorf("through JSON %q became %q", c, back.Next)
		}
	}
	if (activitylog.Cursor{}).String() != "" || page.Next.String() == page.Prev.String() {
		t.Errorf("texts %q, %q", page.Next, page.Prev)
	}
	q.Cursor, _ = activitylog.ParseCursor(page.Next.String())
	again, err := l.Org("acme").Page(t.Context(), q)
	require.NoError(t, err)
	if got := messages(again.Events); got != "m18 m17 m16 m14 m13" && len(again.Events) != 5 {
		t.Errorf("third page is %s", got)
	}
	var c activitylog.Cursor
	if err := c.UnmarshalText([]byte("damaged")); !errors.Is(err, activitylog.ErrCursor) {
		t.Errorf("got %v, want ErrCursor", err)
	}
}

func TestDamagedCursors(t *testing.T) {
	t.Parallel()
	l, q, page := seededPage(t)
	r := l.Org("acme")
	refused := func(text string) bool {
		c, err := activitylog.ParseCursor(text)
		if err == nil {
			q.Cursor = c
			_, err = r.Page(t.Context(), q)
		}
		return errors.Is(err, activitylog.ErrCursor)
	}
	for _, cursor := range []string{page.Next.String(), page.Prev.String()} {
		require.False(t, refused(cursor))
		for i := range len(cursor) {
			for bit := range 8 {
				b := []byte(cursor)
				b[i] ^= 1 << bit
				if !refused(string(b)) {
					t.Errorf("bit %d of byte %d may be flipped: %q", bit, i, b)
				}
			}
			if !refused(cursor[:i]) && i > 0 {
				t.Errorf("the first %d bytes are accepted", i)
			}
			if !refused(cursor[:i] + "\n" + cursor[i:]) {
				t.Errorf("a line break at %d is accepted", i)
			}
		}
		for _, text := range []string{cursor + "A", cursor + "=", " " + cursor, cursor + cursor, "x", "-", "=", "!"} {
			if !refused(text) {
				t.Errorf("%q is accepted", text)
			}
		}
	}
}

func TestCursorBelongsToItsQuery(t *testing.T) {
	t.Parallel()
	l, q, page := seededPage(t)
	q.Cursor = page.Next
	tests := []struct {
		name   string
		reader activitylog.Reader
		change func(*activitylog.Query)
		ok     bool
	}{
		{"same", l.Org("acme"), func(*activitylog.Query) {}, true},
		{"other page size", l.Org("acme"), func(q *activitylog.Query) { q.Limit = 7 }, true},
		{"same filter, read from its text", l.Org("acme"), func(q *activitylog.Query) { q.Filter, _ = activitylog.ParseFilter(q.Filter.String()) }, true},
		{"other filter", l.Org("acme"), func(q *activitylog.Query) { q.Filter = activitylog.Filter{} }, false},
		{"narrower filter", l.Org("acme"), func(q *activitylog.Query) { q.Filter = q.Filter.And(activitylog.ActedBy("u1")) }, false},
		{"other order", l.Org("acme"), func(q *activitylog.Query) { q.Order = activitylog.Oldest }, false},
		{"other organization", l.Org("other"), func(*activitylog.Query) {}, false},
		{"all organizations", l.AllOrgs(), func(*activitylog.Query) {}, false},
		{"an organization that is called all", l.Org("all"), func(*activitylog.Query) {}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			q := q
			tt.change(&q)
			_, err := tt.reader.Page(t.Context(), q)
			if tt.ok != (err == nil) || err != nil && !errors.Is(err, activitylog.ErrCursor) {
				t.Errorf("Page: %v", err)
			}
			for _, err = range tt.reader.Events(t.Context(), q) {
				break
			}
			if tt.ok != (err == nil) || err != nil && !errors.Is(err, activitylog.ErrCursor) {
				t.Errorf("Events: %v", err)
			}
		})
	}
}

func FuzzCursor(f *testing.F) {
	l, q, page := seededPage(f)
	f.Add(page.Next.String())
	f.Add(page.Prev.String())
	f.Add("")
	f.Add("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := activitylog.ParseCursor(text)
		if err != nil {
			if !errors.Is(err, activitylog.ErrCursor) || !c.IsZero() {
				t.Fatalf("%q: %v, %v", text, c, err)
			}
			return
		}
		if c.String() != text {
			t.Fatalf("%q reads as %q", text, c)
		}
		q.Cursor = c
		_, err = l.Org("acme").Page(t.Context(), q)
		if genuine := text == "" || text == page.Next.String() || text == page.Prev.String(); genuine != (err == nil) {
			t.Fatalf("%q: %v", text, err)
		}
	})
}
