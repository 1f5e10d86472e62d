package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/integrity"
	"github.com/activitylog/activitylog/store/sqlite"
)

// aged makes a log whose events were recorded some days ago.
func aged(t *testing.T, days int, events ...activitylog.Event) string {
	t.Helper()
	db := newDB(t)
	store, err := sqlite.Open(t.Context(), db, &sqlite.Options{Migrate: true})
	require.NoError(t, err)
	defer store.Close()
	now := time.Now().AddDate(0, 0, -days)
	log, err := activitylog.New(store, &activitylog.Options{Now: func() time.Time { return now }})
	require.NoError(t, err)
	_, err = log.RecordAll(t.Context(), events)
	require.NoError(t, err)
	require.NoError(t, log.Close(t.Context()))
	return db
}

func act(org, actor, action string) activitylog.Event {
	return activitylog.Event{Org: org, Action: action, Actor: activitylog.Actor{ID: actor}}
}

func TestPruneAndHold(t *testing.T) {
	t.Parallel()
	db := aged(t, 40, act("acme", "ana", "auth.login"), act("acme", "leo", "auth.login"), act("acme", "ana", "ai.message.send"), act("globex", "mia", "auth.login"))
	rules := file(t, `[{"name":"month","filter":"","max_days":30}]`)
	count := func(filter string) string {
		return strings.TrimSpace(done(t, "query", "--db", db, "--all-orgs", "--count", filter, aside))
	}
	if out := done(t, "prune", "--db", db, "--org", "acme", "--dry-run"); !strings.Contains(out, "0 events would go") {
		t.Errorf("without rules: %s", out)
	}
	done(t, "rules", "set", "--db", db, "--org", "acme", "--reason", "agreed", rules)
	if out := done(t, "rules", "show", "--db", db, "--org", "acme"); !strings.Contains(out, `"max_days": 30`) {
		t.Errorf("the rules are %s", out)
	}
	if out := done(t, "hold", "set", "--db", db, "--org", "acme", "--id", "case-7", "--reason", "court\x1b[2J order", "actor:leo"); out != "set hold case-7\n" {
		t.Errorf("says %q", out)
	}
	if out := done(t, "hold", "list", "--db", db, "--org", "acme"); !strings.Contains(out, "case-7") || !strings.Contains(out, "{actor:leo}") || strings.Contains(out, "\x1b") {
		t.Errorf("lists %q", out)
	}
	if out := done(t, "prune", "--db", db, "--org", "acme", "--dry-run"); !strings.Contains(out, "2 events would go, 1 are held") || count("") != "4" {
		t.Errorf("the dry run says %s", out)
	}
	dir := filepath.Join(t.TempDir(), "archive")
	if out := done(t, "prune", "--db", db, "--org", "acme", "--archive", dir); !strings.Contains(out, "removed 2 of 2 events") || count("") != "2" {
		t.Errorf("says %s, and %s are left", out, count(""))
	}
	for _, args := range [][]string{{"query", "--format", "csv"}, {"export"}} {
		if got := rows(t, done(t, append(args, "--db", dir, "--org", "acme", "actor:ana")...)); len(got) != 2 {
			t.Errorf("%v of the archive gives %v", args, got)
		}
	}
	done(t, "hold", "lift", "--db", db, "--org", "acme", "--reason", "decided", "case-7")
	done(t, "prune", "--db", db, "--org", "acme", "--load", "1")
	if count("") != "1" || count("org:globex") != "1" {
		t.Errorf("%s are left", count(""))
	}
	out := done(t, "query", "--db", db, "--org", "acme", "category:audit -action:audit.view", "--format", "ndjson")
	for _, want := range []string{`"audit.purge"`, `"audit.hold.set"`, `"audit.hold.lift"`, `"audit.config.change"`, `"os:`, `"origin":"cli"`} {
		if !strings.Contains(out, want) {
			t.Errorf("%s is not recorded in %s", want, out)
		}
	}
}

// TestImportOfDecisions takes an export with decisions into another log, where they decide nothing, and back.
func TestImportOfDecisions(t *testing.T) {
	t.Parallel()
	db := aged(t, 40, act("acme", "ana", "auth.login"))
	done(t, "hold", "set", "--db", db, "--org", "acme", "--reason", "court", "actor:ana")
	path := filepath.Join(t.TempDir(), "all.ndjson")
	done(t, "export", "--db", db, "--org", "acme", "--format", "ndjson", "--out", path)
	other := newDB(t)
	done(t, "import", "--db", other, "--org", "acme", path)
	if out := done(t, "hold", "list", "--db", other, "--org", "acme"); out != "" {
		t.Errorf("an imported hold holds: %s", out)
	}
	if out := done(t, "import", "--db", db, "--org", "acme", path); !strings.Contains(out, "imported 0 events, 2 were already there") {
		t.Errorf("back in its own log: %s", out)
	}
	if out := done(t, "hold", "list", "--db", db, "--org", "acme"); !strings.Contains(out, "actor:ana") {
		t.Errorf("the hold is gone: %s", out)
	}
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	changed := file(t, strings.ReplaceAll(strings.TrimSpace(string(b)), "actor:ana", "actor:nobody"))
	if r := call(t, "", "import", "--db", db, "--org", "acme", changed); r.code != exitFailed {
		t.Errorf("a decision was replaced: %+v", r)
	}
}

func TestCoverageCommand(t *testing.T) {
	t.Parallel()
	db := aged(t, 2, act("acme", "ana", "auth.login"), act("acme", "ana", "auth.backdoor"))
	r := call(t, "", "coverage", "--db", db, "--org", "acme")
	if r.code != exitDone || !strings.Contains(r.out, "auth.backdoor") || !strings.Contains(r.out, "member.remove") || strings.Contains(r.out, "auth.login ") {
		t.Errorf("%+v", r)
	}
	if r := call(t, "", "coverage", "--db", db, "--org", "acme", "--fail"); r.code != exitFailed || !strings.Contains(r.err, "required and never seen") {
		t.Errorf("--fail: %+v", r)
	}
	var all []activitylog.Event
	for _, a := range activitylog.DefaultCatalog().Actions() {
		if a.Required {
			all = append(all, act("acme", "ana", a.Name))
		}
	}
	done(t, "coverage", "--db", aged(t, 2, all...), "--org", "acme", "--fail")
	if out := done(t, "coverage", "--catalogue"); !strings.Contains(out, "| `auth.login` |") {
		t.Errorf("the catalogue is %.200s", out)
	}
}

func TestGovernUsage(t *testing.T) {
	t.Parallel()
	db := aged(t, 1, act("acme", "ana", "auth.login"))
	for _, tt := range []struct{ args, want string }{
		{"prune --db DB", "--org NAME, or --all-orgs"}, {"prune --db DB --org acme x", "flags only"}, {"hold --db DB --org acme", "set, list or lift"},
		{"hold set --db DB --org acme actor:ana", "say why"}, {"hold set --db DB --org acme --reason x", "say which events"},
		{"hold set --db DB --org acme --reason x actr:ana", "did you mean"}, {"hold lift --db DB --org acme --reason x", "say which hold"},
		{"hold list --db DB --org acme x", "flags only"}, {"rules --db DB --org acme", "show, set FILE or presets"}, {"rules set --db DB --org acme FILE", "say why"},
		{"coverage --db DB --org acme --days 0", "write 1 or more"}, {"coverage --db DB --org acme x", "flags only"},
	} {
		r := call(t, "", strings.Fields(strings.ReplaceAll(tt.args, "DB", db))...)
		if r.code != exitUsage || !strings.Contains(r.err, tt.want) {
			t.Errorf("%q: code %d, %q", tt.args, r.code, r.err)
		}
	}
	bad := file(t, `[{"name":"a","filter":"","max_days":1,"colour":"red"}]`)
	for _, args := range []string{"hold lift --db DB --org acme --reason x nope", "rules set --db DB --org acme --reason x BAD", "query --db DIR --org acme", "prune --db DB --org acme --load 7"} {
		r := call(t, "", strings.Fields(strings.NewReplacer("DB", db, "BAD", bad, "DIR", t.TempDir()).Replace(args))...)
		if r.code != exitFailed || r.err == "" {
			t.Errorf("%q: %+v", args, r)
		}
	}
}

func TestPruneLeaves(t *testing.T) {
	t.Parallel()
	old := make([]activitylog.Event, 300)
	for i := range old {
		old[i] = act("acme", "ana", "auth.login")
	}
	db := aged(t, 40, old...)
	_, err := integrity.CreateKeyFile(db + ".key")
	require.NoError(t, err)
	done(t, "rules", "set", "--db", db, "--org", "acme", "--reason", "agreed", file(t, `[{"name":"month","filter":"","max_days":30}]`))
	done(t, "verify", "--db", db)
	out := done(t, "prune", "--db", db, "--org", "acme", "--load", "1", "--leaves")
	if !strings.Contains(out, "removed 300 of 300 events\nthe evidence of the first 256 events is gone\n") {
		t.Errorf("got %s", out)
	}
	if out := done(t, "verify", "--db", db); !strings.HasSuffix(out, "clean\n") {
		t.Errorf("got %s", out)
	}
	if r := call(t, "", "prune", "--db", db, "--org", "acme", "--leaves", "--dry-run"); r.code != exitUsage {
		t.Errorf("with a dry run: %+v", r)
	}
}
