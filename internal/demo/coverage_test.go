package demo_test

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/demo"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/stretchr/testify/require"
)

// leftOut are the actions that do not occur, and why.
var leftOut = map[string]string{
	"org.delete":              "an organization that is gone has nobody left to look at its log",
	"audit.gap":               "only the Log may say that it lost events",
	"audit.verify":            "only a verification may say that the log was verified",
	"audit.prune":             "only a sealer may say that it let go of leaves",
	"audit.purge":             "only a purge may say that events are gone",
	"audit.erase":             "only an erasure may say so",
	"audit.hold.set":          "the state of holds is a fold over these: made-up ones would hold",
	"audit.hold.lift":         "see audit.hold.set",
	"audit.review":            "only a person who looked may say so, by package review",
	"audit.anchor.late":       "only sealers tell of seals and anchors",
	"audit.anchor.resume":     "only sealers tell of seals and anchors",
	"audit.anchor.contradict": "only sealers tell of seals and anchors",
	"audit.seal.late":         "only sealers tell of seals and anchors",
	"audit.config.change":     "the settings of the log are a fold over these",
	"audit.filter.save":       "saved views are a fold over these",
	"audit.filter.remove":     "see audit.filter.save",
	"audit.alert.open":        "the state of alerts is a fold over these; the monitor opens them when it sees the incidents",
	"audit.alert.ack":         "see audit.alert.open",
	"audit.alert.close":       "see audit.alert.open",
	"audit.alert.update":      "see audit.alert.open",
	"audit.alert.resolve":     "see audit.alert.open",
	"audit.alert.reopen":      "see audit.alert.open",
	"audit.alert.snooze":      "see audit.alert.open",
	"audit.alert.plan":        "see audit.alert.open",
}

// TestLogTakesAll records everything the strict way and looks at what the log made of it.
func TestLogTakesAll(t *testing.T) {
	t.Parallel()
	log, err := activitylog.New(memory.New(), &activitylog.Options{Strict: true})
	require.NoError(t, err)
	for batch := range slices.Chunk(sample(), 1000) {
		_, err := log.RecordAll(t.Context(), batch)
		require.NoError(t, err)
	}
	require.NoError(t, log.Close(t.Context()))

	actions, categories := map[string]int{}, map[string]int{}
	i := 0
	for e, err := range log.AllOrgs().Events(t.Context(), activitylog.Query{Order: activitylog.Oldest}) {
		require.NoError(t, err)
		actions[e.Action]++
		categories[e.Category]++
		if given := sample()[i].Message; given != "" && given != e.Message || e.Message == "" {
			t.Errorf("%s: message %q became %q", e.Action, given, e.Message)
		}
		if e.ID != sample()[i].ID || e.Truncated != nil {
			t.Errorf("event %d: %s became %s, cut: %v", i, sample()[i].ID, e.ID, e.Truncated)
		}
		i++
	}
	if i != len(sample()) {
		t.Errorf("the log holds %d of %d events", i, len(sample()))
	}
	for _, a := range activitylog.DefaultCatalog().Actions() {
		if reason := leftOut[a.Name]; (actions[a.Name] > 0) == (reason != "") {
			t.Errorf("%s occurs %d times; left out because %q", a.Name, actions[a.Name], reason)
		}
		if categories[a.Category] == 0 {
			t.Errorf("nothing of category %s", a.Category)
		}
	}
}

// TestShape looks at what makes the log believable.
func TestShape(t *testing.T) {
	t.Parallel()
	var people, weekend, bad, long, priced, messages int
	types, origins, orgs := map[activitylog.ActorType]int{}, map[string]int{}, map[string]int{}
	relations := map[string]int{}
	for _, e := range sample() {
		types[e.Actor.Type]++
		origins[e.Request.Origin]++
		orgs[e.Org]++
		for _, b := range e.OnBehalfOf {
			relations[b.Relation]++
		}
		if len(e.OnBehalfOf) > 1 {
			long++
		}
		if e.Outcome != activitylog.Success {
			bad++
		}
		if e.AI != nil && e.Action == "ai.message.send" {
			messages++
			if e.AI.CostMicros != nil {
				priced++
			}
		}
		if e.Actor.Type == activitylog.User {
			people++
			if d := e.Time.In(zoneOf(e.Actor.Zone)).Weekday(); d == time.Saturday || d == time.Sunday {
				weekend++
			}
		}
	}
	share := func(what string, n, of int, lo, hi float64) {
		if s := float64(n) / float64(of); s < lo || s > hi {
			t.Errorf("%s: %d of %d, want %.3f to %.3f", what, n, of, lo, hi)
		}
	}
	share("people at weekends", weekend, people, 0.002, 0.03)
	share("failures and denials", bad, len(sample()), 0.01, 0.03)
	share("messages", messages, len(sample()), 0.35, 0.6)
	share("priced messages", priced, messages, 0.85, 0.995)
	share("chains of delegation", long, len(sample()), 0.001, 0.05)
	share("the largest organization", orgs["northwind"], len(sample()), 0.5, 0.7)
	for _, a := range []activitylog.ActorType{activitylog.User, activitylog.Service, activitylog.APIKey, activitylog.Agent,
		activitylog.System, activitylog.Support, activitylog.Anonymous} {
		if types[a] == 0 {
			t.Errorf("no actor of type %s", a)
		}
	}
	for _, origin := range []string{"ui", "api", "cli", "mcp", "job", "webhook", "system"} {
		if origins[origin] == 0 {
			t.Errorf("nothing came in by %s", origin)
		}
	}
	for _, r := range []string{activitylog.Impersonates, activitylog.DelegatedBy} {
		if relations[r] == 0 {
			t.Errorf("nobody is connected by %s", r)
		}
	}
	for _, o := range demo.Orgs() {
		if orgs[o.ID] == 0 {
			t.Errorf("nothing happens in %s", o.Name)
		}
	}
}

// TestSecretsStaySecret holds the events, which nobody may have cleaned yet, to what the log would make of them.
func TestSecretsStaySecret(t *testing.T) {
	t.Parallel()
	// How secrets of well-known kinds begin.
	suspicious := []string{"sk-", "sk_", "pk_", "whsec_", "ghp_", "xoxb-", "PRIVATE KEY", "Bearer ", `"eyJ`, "otpauth:"}
	var json []byte
	private := regexp.MustCompile(`(?i)secret|password|seed|token|^key$`)
	secrets := 0
	for _, e := range sample() {
		json = e.AppendJSON(json[:0])
		for _, s := range suspicious {
			if bytes.Contains(json, []byte(s)) {
				t.Errorf("%s holds %s", e.Action, s)
			}
		}
		for _, c := range e.Changes {
			if private.MatchString(c.Path) != c.Secret {
				t.Errorf("%s changes %s, secret: %v", e.Action, c.Path, c.Secret)
			}
			for _, v := range []any{c.Old, c.New} {
				if c.Secret && v != nil && v != "[secret]" {
					t.Errorf("%s shows the %s", e.Action, c.Path)
				}
			}
			if c.Secret {
				secrets++
			}
		}
	}
	if secrets == 0 {
		t.Error("no secret ever changes")
	}
}

// TestChangesFollowOneAnother holds every change of a field to what the change before left, and deleted things to stay so.
func TestChangesFollowOneAnother(t *testing.T) {
	t.Parallel()
	type field struct{ org, kind, id, path string }
	last := map[field]any{}
	gone, came := map[string]bool{}, map[string]bool{}
	for _, e := range sample() {
		if e.Outcome != activitylog.Success || len(e.Targets) == 0 {
			continue
		}
		x := e.Targets[0]
		if e.Action == "data.import" && e.Actor.Type == activitylog.User {
			came[x.ID] = true
		}
		if gone[x.ID] {
			t.Errorf("%s of %s, which was deleted", e.Action, x.Name)
		}
		if strings.HasSuffix(e.Action, ".delete") {
			gone[x.ID] = true
		}
		for _, c := range e.Changes {
			f := field{e.Org, x.Type, x.ID, c.Path}
			if before, ok := last[f]; ok && before != c.Old && !c.Secret {
				t.Errorf("%s of %s: %s was %v, not %v", e.Action, x.Name, c.Path, before, c.Old)
			}
			last[f] = c.New
		}
	}
}

// TestPeopleKeepTheirPlaces holds sessions and private addresses to one person each.
func TestPeopleKeepTheirPlaces(t *testing.T) {
	t.Parallel()
	owner := map[string]string{}
	for _, e := range sample() {
		if e.Actor.Type != activitylog.User {
			continue
		}
		keys := []string{e.Request.SessionID}
		if asn := e.Client.ASN; asn < 64500 || asn == 64505 { // at home, or on a phone
			keys = append(keys, e.Client.IP.String())
		}
		for _, k := range keys {
			if k == "" {
				continue
			}
			if who, ok := owner[k]; ok && who != e.Actor.ID {
				t.Errorf("%s belongs to %s and to %s", k, who, e.Actor.ID)
			}
			owner[k] = e.Actor.ID
		}
	}
}
