// Not under the race detector, where so many events take minutes: make test runs this package without it too.

//go:build !race

package main

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/activitylog/activitylog"
)

// realLog imports one of the real files.
func realLog(t *testing.T, name string, flags ...string) (db string) {
	t.Helper()
	path, db := filepath.Join(realData(t), name), newDB(t)
	done(t, append([]string{"import", "--db", db, "--org", "acme", path}, flags...)...)
	return db
}

// replay counts the events that each filter means.
func replay(t *testing.T, db string, list []finding) {
	t.Helper()
	for _, f := range list {
		if n := strings.TrimSpace(done(t, "query", "--db", db, "--org", "acme", "--count", f.Filter)); n != strconv.Itoa(f.Count) {
			t.Errorf("%s/%s of %s counts %d events, its filter %s means %s", f.Rule, f.Kind, f.Subject, f.Count, f.Filter, n)
		}
	}
}

// above counts the findings of medium and above.
func above(list []finding) (n int) {
	for _, f := range list {
		if slices.Index(severities, f.Severity) >= slices.Index(severities, "medium") {
			n++
		}
	}
	return n
}

// TestRealSignInAlerts follows the break-in of 2017-03-30, which began at 15:54:19 and succeeded at 16:01:36.
func TestRealSignInAlerts(t *testing.T) {
	t.Parallel()
	db := realLog(t, "auth_elastic_sshd.jsonl")
	list := findings(t, "--db", db, "--org", "acme")
	if len(list) != 13 || above(list) != 2 {
		t.Errorf("%d findings, %d of medium and above: %+v", len(list), above(list), list)
	}
	replay(t, db, list)
	for _, tt := range []struct{ name, at, want string }{
		{"before", "2017-03-30T15:54:18Z", ""},
		{"30 seconds later", "2017-03-30T15:54:49Z", "source_burst:medium:24.151.103.17:open"},
		{"before the success", "2017-03-30T16:01:35Z", "source_burst:medium:24.151.103.17:open"},
		{"success", "2017-03-30T16:01:36Z", "source_burst:medium:24.151.103.17:open success_after_failures:high:elastic_user_0:open"},
		{"a day later", "2017-04-01T00:00:00Z", "source_burst:medium:24.151.103.17:resolved success_after_failures:high:elastic_user_0:resolved"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, f := range findings(t, "--db", db, "--org", "acme", "--at", tt.at, "--severity", "medium") {
				got = append(got, strings.Join([]string{f.Kind, f.Severity, f.Subject, f.State}, ":"))
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestRealWebAlerts(t *testing.T) {
	t.Parallel()
	db := realLog(t, "web_elastic_apache.jsonl")
	list := findings(t, "--db", db, "--org", "acme")
	if len(list) > 2 || slices.ContainsFunc(list, func(f finding) bool { return f.Rule != "error_rate" }) {
		t.Errorf("got %+v", list)
	}
	replay(t, db, list)
}

// TestRealCommitAlerts knows the zones of people by the offsets in the file.
func TestRealCommitAlerts(t *testing.T) {
	t.Parallel()
	db := realLog(t, "work_git_commits.jsonl")
	list := findings(t, "--db", db, "--org", "acme", "--rule", "off_hours")
	if len(list) == 0 || len(list) > 20 || above(list) != 0 {
		t.Errorf("%d findings, %d of medium and above", len(list), above(list))
	}
	replay(t, db, list)
	zones := map[string]bool{}
	for line := range strings.Lines(done(t, "export", "--db", db, "--org", "acme", "--format", "ndjson", "-category:audit")) {
		var e activitylog.Event
		require.NoError(t, json.Unmarshal([]byte(line), &e))
		zones[e.Actor.Zone] = true
		if e.Metadata["tz_offset_min"] != nil {
			t.Fatalf("the offset is in the metadata too: %s", line)
		}
	}
	if !zones["-07:00"] || !zones["+05:30"] || !zones["+00:00"] || zones[""] {
		t.Errorf("zones: %v", zones)
	}
}

// TestRealCloudAlerts judges what no rule was made for: single events of many programs, most of them tests of rules.
func TestRealCloudAlerts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		file  string
		flags []string
		most  int // of medium and above
	}{
		{"cloudtrail_stratus_detonations.jsonl", nil, 5},
		{"cloudtrail_otrf_s3_exfil.jsonl", nil, 2},
		{"saas_panther_rule_tests.jsonl", []string{"--skip-bad", "--time", "2025-01-01T00:00:00Z", "--action", "unknown"}, 20},
	} {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			db := realLog(t, tt.file, tt.flags...)
			list := findings(t, "--db", db, "--org", "acme")
			if n := above(list); n > tt.most {
				t.Errorf("%d findings of medium and above", n)
			}
			replay(t, db, list)
		})
	}
}
