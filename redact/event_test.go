package redact_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/redact"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/stretchr/testify/require"
)

func event() activitylog.Event {
	return activitylog.Event{Org: "acme", Action: "project.update", Actor: activitylog.Actor{Type: activitylog.User, ID: "u1", Name: "Ana"}}
}

func change(path string, v any) []activitylog.Change {
	return []activitylog.Change{{Path: path, Old: v, New: v}}
}

func TestWhetherThereWasASecretStays(t *testing.T) {
	t.Parallel()
	p := newPolicy(t, redact.Options{})
	for name, v := range map[string]any{"null": nil, "true": true, "false": false, "empty": "", "mark": "[redacted:secret]"} {
		e := event()
		e.Metadata, e.Changes = map[string]any{"password": v}, change("password", v)
		require.NoError(t, p.Redact(&e))
		if e.Metadata["password"] != v || e.Changes[0].Old != v {
			t.Errorf("%s became %v and %v", name, e.Metadata["password"], e.Changes[0].Old)
		}
	}
	for name, v := range map[string]any{"number": json.Number("1234"), "list": []any{"a"}, "object": map[string]any{"a": "b"}, "mark and more": "[redacted:x"} {
		e := event()
		e.Metadata = map[string]any{"pin": v}
		require.NoError(t, p.Redact(&e))
		if e.Metadata["pin"] != "[redacted:code]" {
			t.Errorf("%s became %v", name, e.Metadata["pin"])
		}
	}
}

// TestNamesThatAreSecrets holds that two names that become equal keep both their values.
func TestNamesThatAreSecrets(t *testing.T) {
	t.Parallel()
	c := seeded(t)
	e := event()
	e.Metadata = map[string]any{"ghp_" + c.of(alnum, 36): json.Number("1"), "ghp_" + c.of(alnum, 36): json.Number("2")}
	e.Labels = map[string]string{"ghp_" + c.of(alnum, 36): "1", "tier": "a"}
	require.NoError(t, newPolicy(t, redact.Options{}).Redact(&e))
	got := fmt.Sprint(e.Metadata)
	if labels := fmt.Sprint(e.Labels); labels != "map[[redacted:github_token]:1 tier:a]" {
		t.Errorf("got labels %s", labels)
	}
	if len(e.Metadata) != 2 || !strings.Contains(got, "[redacted:github_token]:") || !strings.Contains(got, "[redacted:github_token]+:") {
		t.Errorf("got %s", got)
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	key := []byte(strings.Repeat("k", 32))
	claim := func() []string {
		return []string{"198.51.100.77:80", `for="[2001:db8:1:2::5]:443";proto=https`, "unknown", "1.2.3.4.5"}
	}
	tests := []struct {
		name   string
		opts   redact.Options
		client activitylog.Client
		want   activitylog.Client
	}{
		{"full", redact.Options{}, activitylog.Client{IP: addr("192.0.2.77"), Forwarded: claim()}, activitylog.Client{IP: addr("192.0.2.77"), Forwarded: claim()}},
		{"prefix of IPv4", redact.Options{IP: redact.Prefix}, activitylog.Client{IP: addr("192.0.2.77")}, activitylog.Client{IP: addr("192.0.2.0"), IPKind: "prefix"}},
		{"prefix of IPv6", redact.Options{IP: redact.Prefix}, activitylog.Client{IP: addr("2001:db8:1:2::5")}, activitylog.Client{IP: addr("2001:db8:1::"), IPKind: "prefix"}},
		{"prefix of a mapped address", redact.Options{IP: redact.Prefix}, activitylog.Client{IP: addr("::ffff:192.0.2.77")}, activitylog.Client{IP: addr("192.0.2.0"), IPKind: "prefix"}},
		{"prefix of the chain", redact.Options{IP: redact.Prefix}, activitylog.Client{Forwarded: claim()},
			activitylog.Client{Forwarded: []string{"198.51.100.0", `for="[2001:db8:1::]:443";proto=https`, "unknown", "[redacted:ip]"}}},
		{"hash", redact.Options{IP: redact.Hash, IPKey: key}, activitylog.Client{IP: addr("192.0.2.77")},
			activitylog.Client{IPKind: "hash", IPHash: "d8799a76d65970d23aa4043e2ab1be1a"}},
		{"nothing", redact.Options{IP: redact.None}, activitylog.Client{IP: addr("192.0.2.77"), IPHash: "x", IPKind: "hash", Forwarded: claim(), UserAgent: "browser"},
			activitylog.Client{UserAgent: "browser"}},
		{"no address", redact.Options{IP: redact.Prefix}, activitylog.Client{UserAgent: "browser"}, activitylog.Client{UserAgent: "browser"}},
		{"hashed before", redact.Options{IP: redact.Prefix}, activitylog.Client{IPKind: "hash", IPHash: "x"}, activitylog.Client{IPKind: "hash", IPHash: "x"}},
		{"prefix before", redact.Options{IP: redact.Hash, IPKey: key}, activitylog.Client{IP: addr("192.0.2.0"), IPKind: "prefix"},
			activitylog.Client{IP: addr("192.0.2.0"), IPKind: "prefix"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := event()
			e.Client = tt.client
			p := newPolicy(t, tt.opts)
			for range 2 { // again, as for the end of an operation
				require.NoError(t, p.Redact(&e))
				if !reflect.DeepEqual(e.Client, tt.want) {
					t.Errorf("got %+v, want %+v", e.Client, tt.want)
				}
			}
		})
	}
}

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

// TestHashTellsTheSameAddress holds what the policy Hash is for, and that it takes the key to tell.
func TestHashTellsTheSameAddress(t *testing.T) {
	t.Parallel()
	hash := func(key, ip string) string {
		e := event()
		e.Client = activitylog.Client{IP: addr(ip), Forwarded: []string{ip}}
		require.NoError(t, newPolicy(t, redact.Options{IP: redact.Hash, IPKey: []byte(strings.Repeat(key, 32))}).Redact(&e))
		require.Equal(t, []string{e.Client.IPHash}, e.Client.Forwarded)
		return e.Client.IPHash
	}
	if hash("a", "192.0.2.7") != hash("a", "::ffff:192.0.2.7") {
		t.Error("two spellings of an address have two hashes")
	}
	if hash("a", "192.0.2.7") == hash("a", "192.0.2.8") || hash("a", "192.0.2.7") == hash("b", "192.0.2.7") {
		t.Error("another address or key has the same hash")
	}
}

func TestModelTexts(t *testing.T) {
	t.Parallel()
	said := func() activitylog.Event {
		e := event()
		e.Metadata = map[string]any{"prompt": "tell me", "Answer": []any{"it is"}, "gen_ai.input.messages": "tell me", "finish": "stop"}
		return e
	}
	e := said()
	require.NoError(t, newPolicy(t, redact.Options{}).Redact(&e))
	want := map[string]any{"prompt": "[redacted:prompt]", "Answer": "[redacted:answer]", "gen_ai.input.messages": "[redacted:prompt]", "finish": "stop"}
	if !reflect.DeepEqual(e.Metadata, want) || e.Retention != "" {
		t.Errorf("got %v of class %q", e.Metadata, e.Retention)
	}
	for class, want := range map[string]string{"": "ai_text", "short": "short"} {
		e = said()
		require.NoError(t, newPolicy(t, redact.Options{KeepTexts: true, TextRetention: class}).Redact(&e))
		if !reflect.DeepEqual(e.Metadata, said().Metadata) || e.Retention != want {
			t.Errorf("got %v of class %q", e.Metadata, e.Retention)
		}
		e = event()
		require.NoError(t, newPolicy(t, redact.Options{KeepTexts: true, TextRetention: class}).Redact(&e))
		if e.Retention != "" {
			t.Errorf("an event without texts got class %q", e.Retention)
		}
	}
}

func TestHostHasTheLastWord(t *testing.T) {
	t.Parallel()
	cause := errors.New("unknown organization")
	p := newPolicy(t, redact.Options{Host: func(e *activitylog.Event) error {
		if e.Reason != "password=[redacted:password]" {
			t.Errorf("the host saw %q", e.Reason)
		}
		e.Actor.Email = ""
		return cause
	}})
	log, err := activitylog.New(memory.New(), &activitylog.Options{Redact: p.Redact})
	require.NoError(t, err)
	e := event()
	e.Reason = "password=hunter2"
	if _, err := log.Record(t.Context(), e); !errors.Is(err, cause) {
		t.Errorf("got %v, want %v", err, cause)
	}
}

func TestRefusedOptions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		opts redact.Options
		want string
	}{
		{"no key", redact.Options{IP: redact.Hash}, "at least 32 bytes, got 0"},
		{"short key", redact.Options{IP: redact.Hash, IPKey: make([]byte, 31)}, "at least 32 bytes, got 31"},
		{"unknown policy", redact.Options{IP: 9}, "use Full, Prefix, Hash or None"},
		{"detector without kind", redact.Options{Detectors: []redact.Detector{{Find: func(string, int) [][]int { return nil }}}}, "give Find, and a Kind"},
		{"kind with a bracket", redact.Options{Detectors: []redact.Detector{{Kind: "a]", Find: func(string, int) [][]int { return nil }}}}, "give Find, and a Kind"},
		{"detector that finds nothing", redact.Options{Detectors: []redact.Detector{{Kind: "a"}}}, "give Find"},
		{"empty key", redact.Options{Keys: []string{"-"}}, "has no letters or digits"},
		{"empty name to keep", redact.Options{Keep: []string{""}}, "has no letters or digits"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := redact.New(&tt.opts); !errors.Is(err, activitylog.ErrInvalid) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want it to say %q", err, tt.want)
			}
		})
	}
}

func BenchmarkRedact(b *testing.B) {
	p := newPolicy(b, redact.Options{IP: redact.Prefix})
	e := event()
	e.Reason = "the provider answered 429, retried three times: rate_limited"
	e.Client = activitylog.Client{IP: addr("192.0.2.7"), UserAgent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"}
	e.Targets = []activitylog.Target{{Type: "channel", ID: "c1", Name: "General", URL: "https://app.example/c/c1"}}
	e.Metadata = map[string]any{"channel": "c1", "attempts": json.Number("3"), "tool": map[string]any{"name": "search", "query": "weather: tomorrow"}}
	b.ReportAllocs()
	for b.Loop() {
		if err := p.Redact(&e); err != nil {
			b.Fatal(err)
		}
	}
}
