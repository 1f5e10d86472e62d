package slogevent_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"testing/slogtest"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/slogevent"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/stretchr/testify/require"
)

// surroundings are a context with all that an event needs.
func surroundings(t testing.TB) context.Context {
	ctx := activitylog.WithOrg(t.Context(), "acme", "p1")
	return activitylog.WithActor(ctx, activitylog.Actor{ID: "u1", Name: "Ana"})
}

func newLog(t testing.TB) *activitylog.Log {
	t.Helper()
	l, err := activitylog.New(memory.New(), nil)
	require.NoError(t, err)
	return l
}

func events(t testing.TB, l *activitylog.Log) []activitylog.Event {
	t.Helper()
	var list []activitylog.Event
	for e, err := range l.AllOrgs().Events(t.Context(), activitylog.Query{Order: activitylog.Oldest}) {
		require.NoError(t, err)
		list = append(list, e)
	}
	return list
}

func TestMarkedRecordsBecomeEvents(t *testing.T) {
	t.Parallel()
	doc := activitylog.Target{Type: "dataset", ID: "d1"}
	mark := slogevent.Mark("data.export", doc)
	tests := []struct {
		name  string
		log   func(ctx context.Context, l *slog.Logger)
		check func(e activitylog.Event) bool
	}{
		{"message, target and metadata", func(ctx context.Context, l *slog.Logger) {
			l.InfoContext(ctx, "exported a report", mark, "rows", 120, "took", time.Second)
		}, func(e activitylog.Event) bool {
			return e.Action == "data.export" && e.Targets[0].ID == "d1" && e.Message == "exported a report" && e.Actor.ID == "u1" &&
				e.Outcome == activitylog.Success && e.Project == "p1" && holds(e, map[string]any{"rows": json.Number("120"), "took": "1s"})
		}},
		{"error", func(ctx context.Context, l *slog.Logger) {
			l.WarnContext(ctx, "export", mark, "err", errors.New("disk full"), "again", errors.New("twice"))
		}, func(e activitylog.Event) bool {
			return e.Outcome == activitylog.Failure && e.Reason == "disk full" && holds(e, map[string]any{"again": "twice"})
		}},
		{"denied", func(ctx context.Context, l *slog.Logger) {
			l.InfoContext(ctx, "export", mark, "err", fmt.Errorf("open: %w", fs.ErrPermission))
		}, func(e activitylog.Event) bool { return e.Outcome == activitylog.Denied }},
		{"level Error", func(ctx context.Context, l *slog.Logger) { l.ErrorContext(ctx, "export", mark) },
			func(e activitylog.Event) bool { return e.Outcome == activitylog.Failure && e.Metadata == nil }},
		{"mark of the logger", func(ctx context.Context, l *slog.Logger) { l.With(mark, "a", 1).InfoContext(ctx, "x", "b", 2) },
			func(e activitylog.Event) bool {
				return e.Action == "data.export" && holds(e, map[string]any{"a": json.Number("1"), "b": json.Number("2")})
			}},
		{"groups", func(ctx context.Context, l *slog.Logger) {
			l.With(mark).WithGroup("g").With("a", 1).WithGroup("h").InfoContext(ctx, "x", "b", 2, slog.Group("i", "c", 3), slog.Group("", "d", 4), slog.Group("j"))
		}, func(e activitylog.Event) bool {
			n := func(s string) any { return json.Number(s) }
			return holds(e, map[string]any{"g": map[string]any{"a": n("1"), "h": map[string]any{"b": n("2"), "d": n("4"), "i": map[string]any{"c": n("3")}}}})
		}},
		{"odd values", func(ctx context.Context, l *slog.Logger) {
			l.InfoContext(ctx, "x", mark, "f", func() {}, "v", valuer{}, "list", []string{"a"})
		}, func(e activitylog.Event) bool {
			return e.Metadata["v"] == "resolved" && strings.HasPrefix(e.Metadata["f"].(string), "0x") && len(e.Metadata["list"].([]any)) == 1
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := newLog(t)
			tt.log(surroundings(t), slog.New(slogevent.NewHandler(l, slog.DiscardHandler, nil)))
			list := events(t, l)
			require.Len(t, list, 1)
			if !tt.check(list[0]) {
				t.Errorf("got %s", list[0].AppendJSON(nil))
			}
		})
	}
}

type valuer struct{}

func (valuer) LogValue() slog.Value { return slog.StringValue("resolved") }

func holds(e activitylog.Event, want map[string]any) bool { return reflect.DeepEqual(e.Metadata, want) }

func TestOthersAreOnlyHandedOn(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	var out bytes.Buffer
	logger := slog.New(slogevent.NewHandler(l, slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}), nil))
	ctx := surroundings(t)
	logger.InfoContext(ctx, "plain")
	logger.DebugContext(ctx, "too low", slogevent.Mark("data.export"))
	logger.WithGroup("g").InfoContext(ctx, "in a group", slogevent.Mark("data.export"))
	logger.InfoContext(ctx, "of the key only", slogevent.Key, "data.export")
	if n := len(events(t, l)); n != 0 {
		t.Errorf("%d events", n)
	}
	if n := strings.Count(out.String(), "\n"); n != 4 || !strings.Contains(out.String(), "activity=data.export") {
		t.Errorf("handed on:\n%s", &out)
	}
}

func TestMarkedRecordsPassAQuietLogger(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	var out bytes.Buffer
	h := slogevent.NewHandler(l, slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelError}), &slogevent.HandlerOptions{Submit: true})
	slog.New(h).InfoContext(surroundings(t), "exported", slogevent.Mark("data.export"))
	require.NoError(t, l.Close(t.Context()))
	if len(events(t, l)) != 1 || out.Len() != 0 {
		t.Errorf("%d events, and the next handler got %q", len(events(t, l)), &out)
	}
}

func TestFailureToRecordIsTold(t *testing.T) {
	t.Parallel()
	for _, submit := range []bool{false, true} {
		var out bytes.Buffer
		h := slogevent.NewHandler(newLog(t), slog.NewTextHandler(&out, nil), &slogevent.HandlerOptions{Submit: submit})
		slog.New(h).Info("exported", slogevent.Mark("data.export")) // without organization and actor
		if got := out.String(); !strings.Contains(got, "level=ERROR") || !strings.Contains(got, "event has no organization") {
			t.Errorf("told %q", got)
		}
	}
}

// TestSlogRules holds the handler to what slog asks of every one.
func TestSlogRules(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	h := slogevent.NewHandler(newLog(t), slog.NewJSONHandler(&out, nil), nil)
	err := slogtest.TestHandler(h, func() []map[string]any {
		var list []map[string]any
		for line := range bytes.Lines(out.Bytes()) {
			var m map[string]any
			require.NoError(t, json.Unmarshal(line, &m))
			list = append(list, m)
		}
		return list
	})
	if err != nil {
		t.Error(err)
	}
}
