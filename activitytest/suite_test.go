package activitytest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/activitytest"
	"github.com/stretchr/testify/require"
)

func newCatalog(t testing.TB) *activitylog.Catalog {
	t.Helper()
	c, err := new(activitylog.Catalog).With(
		activitylog.Action{Name: "report.create", Required: true}, activitylog.Action{Name: "report.delete", Required: true},
		activitylog.Action{Name: "report.view"},
	)
	require.NoError(t, err)
	return c
}

func TestSuiteNotesActions(t *testing.T) {
	t.Parallel()
	s := activitytest.NewSuite(newCatalog(t))
	require.Equal(t, []string{"report.create", "report.delete"}, s.Missing())
	cause := errors.New("no key")
	fail := error(nil)
	r := s.New(t, &activitylog.Options{Strict: true, Stamp: func([]activitylog.Event) error { return fail }})
	record(t, r, activitylog.Event{Action: "report.view"}, activitylog.Event{Action: "report.delete"})
	require.Equal(t, []string{"report.create"}, s.Missing())
	require.Equal(t, []string{"report.delete", "report.view"}, s.Seen())

	e := activitylog.Event{Org: "acme", Action: "report.create", Actor: activitylog.Actor{ID: "u1"}}
	fail = cause
	if _, err := r.Log.Record(t.Context(), e); !errors.Is(err, cause) {
		t.Errorf("got %v, want %v", err, cause)
	}
	require.Equal(t, []string{"report.create"}, s.Missing()) // what was refused was not recorded

	own := activitytest.New(t, &activitylog.Options{Stamp: s.Stamp}) // a log of the host's own
	_, err := own.Log.Record(t.Context(), e)
	require.NoError(t, err)
	require.Empty(t, s.Missing())
}

func TestDefaultCatalogOfASuite(t *testing.T) {
	t.Parallel()
	if missing := strings.Join(activitytest.NewSuite(nil).Missing(), " "); !strings.Contains(missing, "auth.login") {
		t.Errorf("missing is %s", missing)
	}
}

// codes is a testing.M that ends with a code.
type codes int

func (c codes) Run() int { return int(c) }

func TestRunOfASuite(t *testing.T) { // not parallel: it takes the place of stderr
	catalog := newCatalog(t)
	run := func(m codes, actions ...string) (int, string) {
		s := activitytest.NewSuite(catalog)
		for _, a := range actions {
			require.NoError(t, s.Stamp([]activitylog.Event{{Action: a}}))
		}
		read, write, err := os.Pipe()
		require.NoError(t, err)
		stderr := os.Stderr
		os.Stderr = write
		code := s.Run(m)
		os.Stderr = stderr
		write.Close()
		text, err := io.ReadAll(read)
		require.NoError(t, err)
		return code, string(text)
	}
	if code, text := run(3, "report.create"); code != 3 || text != "" {
		t.Errorf("failed tests: %d, %q", code, text)
	}
	if code, text := run(0, "report.create", "report.delete"); code != 0 || text != "" {
		t.Errorf("nothing is missing: %d, %q", code, text)
	}
	if partialRun() { // then nothing is expected of the suite
		t.Skip("only a part of the tests runs")
	}
	if code, text := run(0, "report.create"); code != 1 || !strings.HasSuffix(text, "\treport.delete\n") {
		t.Errorf("an action is missing: %d, %q", code, text)
	}
}

func partialRun() bool {
	for _, a := range os.Args {
		if strings.HasPrefix(a, "-test.run=") || strings.HasPrefix(a, "-test.skip=") || strings.HasPrefix(a, "-test.short") {
			return true
		}
	}
	return false
}

func Example() {
	t := &verdict{TB: exampleTB{}} // a test's own *testing.T
	r := activitytest.New(t, nil)

	ctx := activitylog.WithActor(context.Background(), activitylog.Actor{ID: "u1"})
	_, err := r.Log.Record(ctx, activitylog.Event{Org: "acme", Action: "member.invite", Targets: []activitylog.Target{{Type: "user", ID: "u2"}}})
	fmt.Println(err)

	r.Exactly(activitytest.Event{Action: "member.invite", Actor: "u1", Target: "user:u3"})
	fmt.Println(t.failed[0])
	// Output:
	// <nil>
	// want exactly, in this order:
	// 	action=member.invite actor=u1 target=user:u3
	// 		missing: of the nearest target is user:u2
	// got:
	// 	action=member.invite outcome=success actor=u1 targets=["user:u2"] org=acme
}

// exampleTB stands for a test where there is none.
type exampleTB struct{ testing.TB }

func (exampleTB) Cleanup(func()) {}
