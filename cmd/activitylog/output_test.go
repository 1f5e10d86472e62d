package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/activitylog/activitylog"
)

// record puts n events into a log at first hand.
func record(t testing.TB, db, org string, n int) {
	t.Helper()
	d, err := openDatabase(t.Context(), db, "", true)
	require.NoError(t, err)
	events := make([]activitylog.Event, n)
	for i := range events {
		events[i] = activitylog.Event{Org: org, Action: "data.view", Actor: activitylog.Actor{ID: "u1", Name: "Ana"},
			Time: time.Date(2026, 1, 1, 0, 0, i, 0, time.UTC), Metadata: map[string]any{"n": i, "f": 1.50}, Labels: map[string]string{"a": "b"},
			Changes: []activitylog.Change{{Path: "x", New: i}}, Targets: []activitylog.Target{{Type: "file", ID: fmt.Sprint(i)}}}
	}
	_, err = d.RecordAll(t.Context(), events)
	require.NoError(t, err)
	require.NoError(t, d.close())
}

func TestQueryPages(t *testing.T) {
	t.Parallel()
	db := newDB(t)
	record(t, db, "acme", 25)
	var seen []string
	args := []string{"query", "--db", db, "--org", "acme", "--order", "oldest", "--limit", "10", "--format", "csv", "--columns", "target_id"}
	for pages, cursor := 1, ""; ; pages++ {
		r := call(t, "", append(args, "--cursor", cursor)...)
		require.Equal(t, exitDone, r.code, r.err)
		for _, row := range rows(t, r.out) {
			seen = append(seen, row[0])
		}
		m := regexp.MustCompile(`--cursor (\S+)`).FindStringSubmatch(r.err)
		if m == nil {
			if pages != 3 {
				t.Errorf("%d pages", pages)
			}
			break
		}
		cursor = m[1]
		if r := call(t, "", "query", "--db", db, "--org", "acme", "--cursor", cursor); r.code != exitFailed || !strings.Contains(r.err, "cursor does not belong") {
			t.Errorf("the cursor of another query: %+v", r)
		}
	}
	if len(seen) != 25 || seen[0] != "0" || seen[24] != "24" {
		t.Errorf("saw %v", seen)
	}
}

func TestQueryOfMoreThanAPage(t *testing.T) {
	t.Parallel()
	db := newDB(t)
	record(t, db, "acme", 2345)
	r := call(t, "", "query", "--db", db, "--org", "acme", "--limit", "2200", "--format", "ndjson")
	if n := strings.Count(r.out, "\n"); n != 2200 || !strings.Contains(r.err, "there is more") {
		t.Errorf("%d lines, %s", n, r.err)
	}
}

func TestFormats(t *testing.T) {
	t.Parallel()
	db := newDB(t)
	record(t, db, "acme", 2)
	out := done(t, "query", "--db", db, "--org", "acme", "--format", "json")
	var list []activitylog.Event
	require.NoError(t, json.Unmarshal([]byte(out), &list))
	if len(list) != 2 || list[0].Targets[0].ID != "1" {
		t.Errorf("got %+v", list)
	}
	require.NoError(t, json.Unmarshal([]byte(done(t, "query", "--db", db, "--org", "none", "--format", "json")), &list))
	if len(list) != 0 {
		t.Errorf("an empty array is %v", list)
	}
	want := "TIME (UTC)           ACTOR                 OUTCOME   IP               PROJECT       MESSAGE\n" +
		"2026-01-01 00:00:01  Ana                   success   -                -             Ana viewed file 1 (data.view)\n" +
		"2026-01-01 00:00:00  Ana                   success   -                -             Ana viewed file 0 (data.view)\n"
	if got := done(t, "query", "--db", db, "--org", "acme"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := done(t, "query", "--db", db, "--all-orgs"); !strings.Contains(got, "2026-01-01 00:00:01  acme              Ana  ") {
		t.Errorf("no organization in\n%s", got)
	}
	if got := done(t, "export", "--db", db, "--org", "acme", "--bom", "--columns", "target_id,recorded"); !strings.HasPrefix(got, "\uFEFFtarget_id,recorded\r\n0,2") {
		t.Errorf("got %q", got)
	}
	if got := done(t, "export", "--db", db, "--org", "acme", "--columns", "all", "--order", "newest"); !strings.Contains(got, ",leaf,opening\r\n") {
		t.Errorf("got %q", got)
	}
}

// TestTableIsSafe shows hostile texts to a terminal.
func TestTableIsSafe(t *testing.T) {
	t.Parallel()
	db := newDB(t)
	done(t, "import", "--db", db, "--org", "acme", file(t, `{"time":"2026-01-01T00:00:00Z","action":"x\u001b[2J\u202e\n2026","actor":"\u009bann\u00adA","project":"\u2066p\rq"}`))
	for _, args := range [][]string{{"query"}, {"tail", "--follow=false"}, {"export", "--format", "table"}} {
		got := done(t, append(args, "--db", db, "--all-orgs", aside)...)
		if strings.Count(got, "\n") != 2 || strings.ContainsAny(got, "\x1b\u202e\u009b\u00ad\u2066\r") {
			t.Errorf("%q prints %q", args, got)
		}
	}
}

func TestExportToAFile(t *testing.T) {
	t.Parallel()
	db, dir := newDB(t), t.TempDir()
	record(t, db, "acme", 3)
	path := filepath.Join(dir, "out.csv")
	for range 2 { // the second replaces the first
		r := call(t, "", "export", "--db", db, "--org", "acme", "--out", path, aside)
		if r.code != exitDone || r.out != "" || r.err != "wrote 3 events to "+path+"\n" {
			t.Errorf("%+v", r)
		}
	}
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	if got := rows(t, string(b)); len(got) != 3 {
		t.Errorf("%d rows", len(got))
	}
	info, err := os.Stat(path)
	require.NoError(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	link := filepath.Join(dir, "link.csv")
	require.NoError(t, os.Symlink("out.csv", link))
	done(t, "export", "--db", db, "--org", "acme", "--out", link, "target:2")
	if b, _ := os.ReadFile(path); len(rows(t, string(b))) != 1 {
		t.Error("the file behind the link is as it was")
	}
	done(t, "export", "--db", db, "--org", "acme", "--out", os.DevNull)
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode().IsRegular() {
		t.Errorf("%s was replaced: %v", os.DevNull, err)
	}
}

var errBroken = errors.New("broken")

func TestFailedExportLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "out.csv")
	half := func(w io.Writer) error {
		io.WriteString(w, "half a file")
		return errBroken
	}
	require.ErrorIs(t, writeFile(path, half), errBroken)
	require.NoError(t, os.WriteFile(path, []byte("old"), 0o600))
	require.ErrorIs(t, writeFile(path, half), errBroken)
	if b, err := os.ReadFile(path); string(b) != "old" || err != nil {
		t.Errorf("the old file is %q, %v", b, err)
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("left behind: %v", files)
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

func TestBrokenOutput(t *testing.T) {
	t.Parallel()
	db := newDB(t)
	record(t, db, "acme", 3)
	for _, args := range [][]string{{"export"}, {"export", "--format", "json"}, {"query"}, {"query", "--count"}, {"tail", "--follow=false"}} {
		args = append(args, "--db", db, "--org", "acme")
		var errs strings.Builder
		if code := run(t.Context(), args, nil, brokenWriter{}, &errs); code != exitFailed || !strings.Contains(errs.String(), "broken") {
			t.Errorf("%q: code %d, %s", args, code, &errs)
		}
	}
}

func TestTailFollows(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"table", "ndjson"} {
		testTail(t, newDB(t), format)
	}
}

func testTail(t *testing.T, db, format string) {
	t.Helper()
	record(t, db, "acme", 5)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, w := io.Pipe()
	code := make(chan int, 1)
	go func() {
		c := run(ctx, []string{"tail", "--db", db, "--org", "acme", "-n", "5", "--format", format, "-outcome:denied"}, nil, w, io.Discard)
		w.Close()
		code <- c
	}()
	next := lines(t, r)
	if format == "table" {
		next("TIME")
	}
	for i := range 5 { // all: on PostgreSQL what was shown may come again while other transactions run, and is left out
		next(fmt.Sprint(i))
	}
	done(t, "import", "--db", db, "--org", "acme", file(t, ana, strings.Replace(leo, "failure", "denied", 1), leo))
	next("ana")
	next("leo")
	cancel()
	if c := <-code; c != exitDone {
		t.Errorf("code %d", c)
	}
}

// lines returns a function that reads the next line and wants a text in it.
func lines(t *testing.T, r io.Reader) func(want string) {
	buf := make([]byte, 1)
	return func(want string) {
		t.Helper()
		var line strings.Builder
		for {
			_, err := r.Read(buf)
			require.NoError(t, err)
			if buf[0] == '\n' {
				break
			}
			line.WriteByte(buf[0])
		}
		if !strings.Contains(line.String(), want) {
			t.Errorf("line %q, want %q", &line, want)
		}
	}
}

func TestTailOfLast(t *testing.T) {
	t.Parallel()
	db := newDB(t)
	record(t, db, "acme", 5)
	out := done(t, "tail", "--db", db, "--org", "acme", "-n=3", "--follow=false", "--format", "ndjson")
	if n := strings.Count(out, "\n"); n != 3 || strings.Index(out, `"id":"2"`) > strings.Index(out, `"id":"4"`) {
		t.Errorf("%d lines: %s", n, out)
	}
	if out := done(t, "tail", "--db", db, "--org", "acme", "-n", "0", "--follow=false", "--format", "ndjson"); out != "" {
		t.Errorf("-n 0 prints %q", out)
	}
}
