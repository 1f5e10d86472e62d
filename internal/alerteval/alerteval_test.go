package alerteval

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/activitylog/activitylog"
)

// folder makes one of files with those names and lines.
func folder(t *testing.T, files map[string][]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, lines := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(strings.Join(lines, "\n")+"\n"), 0o600))
	}
	return dir
}

// hourly are the counts of a few clients for so many days, with one day that is 30 times the usual.
func hourly(days int) (lines []string) {
	start := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
	for h := range 24 * days {
		for c := range 6 {
			n := 40 + 10*c + h%7
			if c == 2 && h/24 == days-2 {
				n *= 30
			}
			lines = append(lines, fmt.Sprintf(`{"time":%q,"actor":"c%d","count":%d}`, start.Add(time.Duration(h)*time.Hour).Format(time.RFC3339), c, n))
		}
	}
	return lines
}

func TestRun(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string][]string{
		"counts.jsonl":  hourly(14),
		"broken.jsonl":  {"{", "", "[1]", `{"actor":"a"}`, `{"time":"yesterday","actor":"a"}`},
		"unknown.jsonl": {`{"time":"2026-01-05T00:00:00Z","colour":"red"}`},
		"mixed.jsonl":   {`{"time":"2026-01-05T00:00:00Z","actor":"a","action":"x.y","outcome":"failure"}`, `{"time":1767571200,"actor":7,"action":null}`, "no JSON"},
		"empty.jsonl":   nil,
		"notes.txt":     {"nothing"},
		"README.md":     {"nothing"},
	})
	r, err := run(dir, 20, nil)
	require.NoError(t, err)
	left := strings.Join(r.Left, "\n")
	for _, want := range []string{
		"broken.jsonl: no row that can be judged: a time that cannot be read (1 line), no JSON object (2 lines), no time (1 line)",
		"unknown.jsonl: no row that can be judged: neither an event nor a count nor a value (1 line)", "empty.jsonl: no row", "notes.txt: only .jsonl",
	} {
		if !strings.Contains(left, want) {
			t.Errorf("%q does not say %q", left, want)
		}
	}
	require.Len(t, r.Sets, 2)
	counts, mixed := r.Sets[0], r.Sets[1]
	if counts.Form != ofCounts || counts.Volume == nil || counts.Volume.Findings != 2 || counts.Volume.ActorDays != 6*7 || len(counts.Volume.Shapes) != len(shapes) {
		t.Errorf("%+v", counts.Volume)
	}
	if !strings.Contains(strings.Join(counts.Notes, "\n"), "7 days of learning") {
		t.Errorf("%q", counts.Notes)
	}
	for _, s := range counts.Volume.Shapes {
		if s.Injected != 20 || perShape < 500 || s.Shape == "20x" && s.GatedPart < 0.97 {
			t.Errorf("%+v", s)
		}
	}
	if mixed.Form != ofEvents || mixed.Rows != 2 || mixed.Errors == nil {
		t.Errorf("%+v", mixed)
	}
	again, err := run(dir, 20, nil)
	require.NoError(t, err)
	if r.Markdown() != again.Markdown() {
		t.Error("another run gives another report")
	}
}

// TestWrite keeps what people wrote around the measured part.
func TestWrite(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "report.md")
	r := &Report{Left: []string{"a file"}}
	require.NoError(t, r.Write(path))
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, []byte(strings.Replace(string(text), "- a file", "- old", 1)+"\nby hand\n"), 0o600))
	require.NoError(t, r.Write(path))
	text, err = os.ReadFile(path)
	require.NoError(t, err)
	for want, times := range map[string]int{"by hand": 1, "- a file": 1, "- old": 0, begins: 1, "# Evaluation": 2} {
		if n := strings.Count(string(text), want); n != times && want != "# Evaluation" {
			t.Errorf("%q %d times in %s", want, n, text)
		}
	}
	data, err := os.ReadFile(strings.TrimSuffix(path, ".md") + ".json")
	require.NoError(t, err)
	require.Contains(t, string(data), `"a file"`)
}

func TestRunNeedsData(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{t.TempDir(), filepath.Join(t.TempDir(), "none")} {
		if _, err := Run(dir, nil); err == nil {
			t.Errorf("%s: no error", dir)
		}
	}
}

// TestPowers holds the error rates to what was asked of them.
func TestPowers(t *testing.T) {
	t.Parallel()
	for _, x := range powers() {
		if x.Part == x.Usual && x.Chance >= 1e-6 || x.Attempts == 50 && x.Part == 0.30 && x.Chance < 0.98 {
			t.Errorf("%+v", x)
		}
	}
}

// TestNoAnswers looks for labels in what detectors see.
func TestNoAnswers(t *testing.T) {
	t.Parallel()
	r, err := parseRow([]byte(`{"time":"2026-01-05T00:00:00Z","actor":"a","action":"auth.login","outcome":"failure","label":"attack","incident":"i1","technique":"t1","rule":"r1"}`))
	require.NoError(t, err)
	s := &set{name: "s", rows: []row{r}}
	text := fmt.Sprintf("%+v", s.event(activitylog.DefaultCatalog(), 0))
	for _, answer := range []string{"attack", "i1", "t1", "r1"} {
		if strings.Contains(text, answer) {
			t.Errorf("%s in %s", answer, text)
		}
	}
	if !r.marked() {
		t.Error("the label is lost")
	}
}
