package e2e_test

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/activitylog/activitylog/web"
)

// troubled is a store that sums until it is stopped, or reads nothing.
type troubled struct {
	*memory.Store
	broken bool
}

func (s *troubled) Aggregate(ctx context.Context, _ string, _ activitylog.Aggregation) iter.Seq2[activitylog.Bucket, error] {
	return func(yield func(activitylog.Bucket, error) bool) {
		<-ctx.Done()
		yield(activitylog.Bucket{}, ctx.Err())
	}
}

func (s *troubled) Scan(ctx context.Context, q activitylog.StoreQuery) iter.Seq2[activitylog.Event, error] {
	if !s.broken {
		return s.Store.Scan(ctx, q)
	}
	return func(yield func(activitylog.Event, error) bool) {
		yield(activitylog.Event{}, errors.New("the disk is gone"))
	}
}

// The states that nobody wants to see are pages like all others: they say what is, what helps, and keep the filters.
func TestStates(t *testing.T) {
	store := &troubled{Store: memory.New()}
	l, err := activitylog.New(store, &activitylog.Options{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	var signedOut bool
	pages, err := web.New(l, func(*http.Request) ([]access.Grant, error) {
		if signedOut {
			return nil, web.ErrSignedOut
		}
		return []access.Grant{access.Org(amara, "acme", access.AllRights)}, nil
	}, &web.Options{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.StripPrefix("/log", pages))
	t.Cleanup(server.Close)
	tb := open(t, &site{url: server.URL + "/log/"})
	see := func(name, path, theme string, width int64, want ...string) {
		t.Helper()
		tb.look(width, 800, theme)
		tb.open(path)
		text := eval[string](tb, "document.body.innerText")
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s: %q is not said in %s", name, w, text)
			}
		}
		tb.faultless(name)
		tb.shot(name)
	}
	see("first-use", "?range=all&reads=1", "light", 1440, "No events yet", "log.Record(")
	if _, err := l.Record(t.Context(), activitylog.Event{Org: "acme", Action: "x.y", Actor: amara}); err != nil {
		t.Fatal(err)
	}
	see("slow-figures", "?range=90d", "dark", 900, "The chart took too long", "Try 7 days", "Amara Okafor")
	see("no-match", "?q=nothingmatchesthis&category=ai", "light", 320, "Nothing matches", "Without")
	tb.forgive()
	store.broken = true
	see("failed", "?q=kept", "dark", 320, "The log did not answer", "Number of this failure", "Try again")
	if href := eval[string](tb, "document.querySelector('.primary').getAttribute('href')"); href != "?q=kept" {
		t.Errorf("the filters are lost: %s", href)
	}
	signedOut = true
	see("signed-out", "?q=kept", "light", 900, "You are signed out", "keeps your filters")
	tb.forgive() // the browser itself tells of answers that are failures
}
