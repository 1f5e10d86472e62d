package activitylog_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/store/memory"
)

// The name of the package stands once, at the front of every error.
func TestErrorsNameThePackageOnce(t *testing.T) {
	t.Parallel()
	down := errors.New("disk full")
	store := &hooked{Store: memory.New()}
	l := logOver(t, store, &activitylog.Options{Strict: true, Now: at(noon)})
	r := l.Org("acme")
	_, pageErr := r.Page(t.Context(), activitylog.Query{})
	if pageErr != nil {
		t.Fatal(pageErr)
	}
	bad := event(func(e *activitylog.Event) { e.Action = "no.such" })
	first := event(func(e *activitylog.Event) { e.ID = id(1) })
	_, err := l.Record(t.Context(), first)
	if err != nil {
		t.Fatal(err)
	}
	first.Message = "other"
	errs := map[string]error{}
	_, errs["nil store"] = activitylog.New(nil, nil)
	_, errs["invalid"] = l.Record(t.Context(), activitylog.Event{})
	_, errs["one of many"] = l.RecordAll(t.Context(), []activitylog.Event{first, {}})
	_, errs["unknown action"] = l.RecordAll(t.Context(), []activitylog.Event{first, bad})
	_, errs["conflict"] = l.Record(t.Context(), first)
	_, errs["begin"] = l.Begin(t.Context(), bad)
	_, errs["not found"] = r.Get(t.Context(), id(9))
	_, errs["page"] = r.Page(t.Context(), activitylog.Query{Limit: -1})
	_, errs["reader"] = l.Org("").Get(t.Context(), id(1))
	_, errs["count"] = r.Count(t.Context(), activitylog.Filter{}, -1)
	_, errs["cursor"] = activitylog.ParseCursor("x")
	_, _, errs["tail"] = l.Tail(t.Context(), "x", 1)
	_, errs["transaction"] = l.RecordTx(t.Context(), nil, event())
	_, errs["catalogue"] = activitylog.DefaultCatalog().With(activitylog.Action{})
	errs["json"] = new(activitylog.Event).UnmarshalJSON([]byte(`{"schema":9}`))
	store.does(func(context.Context, []activitylog.Event) error { return down })
	_, errs["store"] = l.Record(t.Context(), event())
	p, err := l.Submit(t.Context(), first)
	if err != nil {
		t.Fatal(err)
	}
	store.does(nil)
	errs["pending"] = p.Wait(t.Context())

	// An operation of another catalogue, which this log cannot close.
	other := logOver(t, store.Store, &activitylog.Options{Now: at(noon.AddDate(0, 0, -1))})
	if _, err := other.Begin(t.Context(), bad); err != nil {
		t.Fatal(err)
	}
	_, errs["sweep"] = l.Sweep(t.Context())
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, errs["closed"] = l.Record(t.Context(), event())
	_, errs["submit"] = l.Submit(t.Context(), event())
	for _, err := range l.Watch(t.Context(), "", activitylog.Filter{}) {
		errs["watch"] = err
		if err != nil {
			break
		}
	}
	for name, err := range errs {
		if text := fmt.Sprint(err); !strings.HasPrefix(text, "activitylog: ") || strings.Count(text, "activitylog") != 1 {
			t.Errorf("%s: %s", name, text)
		}
	}
}

func TestErrorTexts(t *testing.T) {
	t.Parallel()
	conflict := &activitylog.ConflictError{ID: id(1)}
	if !errors.Is(conflict, activitylog.ErrConflict) || !strings.Contains(conflict.Error(), id(1).String()) {
		t.Errorf("conflict: %v", conflict)
	}
	syntax := &activitylog.SyntaxError{Pos: 3, Text: "what"}
	if !errors.Is(syntax, activitylog.ErrInvalid) || syntax.Error() != "filter, at 3: what" {
		t.Errorf("syntax: %v", syntax)
	}
	limit := &activitylog.ExamineLimitError{Examined: 12}
	if limit.Error() != "gave up after 12 rows without a match" {
		t.Errorf("limit: %v", limit)
	}
}
