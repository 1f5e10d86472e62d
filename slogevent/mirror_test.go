package slogevent_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/slogevent"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/stretchr/testify/require"
)

// mirrored is what a text handler got of a log with n events.
func mirrored(t *testing.T, l *activitylog.Log, n int, o slogevent.MirrorOptions) string {
	t.Helper()
	var out bytes.Buffer
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	followed := o.Followed
	o.Followed = func(p activitylog.Position) {
		if followed != nil {
			followed(p)
		}
		if n--; n == 0 {
			cancel()
		}
	}
	if err := slogevent.Mirror(ctx, l, slog.NewTextHandler(&out, nil), &o); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped by %v", err)
	}
	return out.String()
}

func TestMirror(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	for i, e := range []activitylog.Event{
		{Action: "auth.login", Outcome: activitylog.Denied, ErrorCode: "bad_secret"},
		{Action: "project.create", Severity: activitylog.High, Targets: []activitylog.Target{{Type: "project", ID: "p7", Name: "Website"}}},
		{Action: "org.delete", Severity: activitylog.Critical},
	} {
		e.Request = activitylog.Request{ID: fmt.Sprint("r", i), TraceID: "t1", SpanID: "s1"}
		_, err := l.Record(surroundings(t), e)
		require.NoError(t, err)
	}
	var second activitylog.Position
	lines := strings.Split(mirrored(t, l, 3, slogevent.MirrorOptions{Followed: func(p activitylog.Position) {
		if second == "" {
			second = p
		}
	}}), "\n")
	for i, want := range []string{
		`level=INFO msg="Ana was not allowed to sign in" event_id=`, `level=WARN msg="Ana created the project Website" event_id=`, "level=ERROR",
	} {
		if !strings.Contains(lines[i], want) {
			t.Errorf("line %d is %s, want %s", i, lines[i], want)
		}
	}
	if want := "org=acme project=p1 action=project.create outcome=success severity=high actor_type=user actor_id=u1 " +
		"target_type=project target_id=p7 request_id=r1 trace_id=t1 span_id=s1"; !strings.HasSuffix(lines[1], want) {
		t.Errorf("got %s, want it to end in %s", lines[1], want)
	}
	if rest := mirrored(t, l, 2, slogevent.MirrorOptions{After: second}); strings.Count(rest, "\n") != 2 || strings.Contains(rest, "auth.login") {
		t.Errorf("from the first event on: %s", rest)
	}
	rest := mirrored(t, l, 1, slogevent.MirrorOptions{After: second, Filter: activitylog.ActionIs("org.delete"),
		Level: func(*activitylog.Event) slog.Level { return slog.LevelWarn }})
	if strings.Count(rest, "\n") != 1 || !strings.Contains(rest, "level=WARN") || !strings.Contains(rest, "org.delete") {
		t.Errorf("from the first event on, deletions only: %s", rest)
	}
}

// TestLogInjection holds that hostile text stays within its line and commands no terminal.
func TestLogInjection(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	const hostile = "x\nlevel=ERROR msg=forged\r\x1b[2J\u202e"
	_, err := l.Record(surroundings(t), activitylog.Event{Action: "project.create", Message: hostile, Targets: []activitylog.Target{{Type: hostile, ID: hostile}}})
	require.NoError(t, err)
	got := mirrored(t, l, 1, slogevent.MirrorOptions{})
	if strings.Count(got, "\n") != 1 || strings.ContainsAny(got, "\r\x1b\u202e") {
		t.Errorf("got %q", got)
	}
}

func TestMirrorStopsWithItsHandler(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	_, err := l.Record(surroundings(t), activitylog.Event{Action: "project.create"})
	require.NoError(t, err)
	cause := errors.New("pipe closed")
	if err := slogevent.Mirror(t.Context(), l, failing{cause}, nil); !errors.Is(err, cause) {
		t.Errorf("got %v, want %v", err, cause)
	}
}

type failing struct{ error }

func (failing) Enabled(context.Context, slog.Level) bool    { return true }
func (f failing) Handle(context.Context, slog.Record) error { return f.error }
func (f failing) WithAttrs([]slog.Attr) slog.Handler        { return f }
func (f failing) WithGroup(string) slog.Handler             { return f }

func Example() {
	activity, err := activitylog.New(memory.New(), nil)
	if err != nil {
		log.Fatal(err)
	}
	next := slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})
	logger := slog.New(slogevent.NewHandler(activity, next, nil))

	ctx := activitylog.WithOrg(context.Background(), "acme", "")
	ctx = activitylog.WithActor(ctx, activitylog.Actor{ID: "u1", Name: "Ana"})
	logger.InfoContext(ctx, "cache is warm")
	logger.InfoContext(ctx, "Ana exported the report", slogevent.Mark("data.export", activitylog.Target{Type: "report", ID: "r1"}), "rows", 120)

	for e, err := range activity.Org("acme").Events(ctx, activitylog.Query{}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(e.Action, e.Targets[0].ID, e.Metadata)
	}
	// Output:
	// level=INFO msg="cache is warm"
	// level=INFO msg="Ana exported the report" activity=data.export rows=120
	// data.export r1 map[rows:120]
}
