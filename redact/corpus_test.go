package redact_test

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/demo"
	"github.com/activitylog/activitylog/redact"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/stretchr/testify/require"
)

const (
	lower   = "abcdefghijklmnopqrstuvwxyz"
	upper   = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits  = "0123456789"
	hexa    = "0123456789abcdef"
	alnum   = lower + upper + digits
	urlSafe = alnum + "-_"
	strange = alnum + "!#%*+.^~?$" // of passwords
)

// chance makes up secrets, so that none stands in the repository.
type chance struct{ *rand.Rand }

// seeded returns chance that ACTIVITYLOG_SEED repeats.
func seeded(t testing.TB) chance {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("ACTIVITYLOG_SEED"); s != "" {
		var err error
		seed, err = strconv.ParseUint(s, 10, 64)
		require.NoError(t, err)
	}
	t.Logf("ACTIVITYLOG_SEED=%d", seed)
	return chance{rand.New(rand.NewPCG(seed, 0))}
}

func (c chance) of(chars string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = chars[c.IntN(len(chars))]
	}
	return string(b)
}

func (c chance) one(list ...string) string { return list[c.IntN(len(list))] }

// password is one as people choose them, or as managers do.
func (c chance) password() string {
	if c.IntN(2) == 0 {
		return c.one("summer", "Dragon", "letmein", "qwerty", "hunter") + c.of(digits, 1+c.IntN(4)) + c.one("", "!", "?!", "#")
	}
	return c.of(lower, 1) + c.of(strange, 8+c.IntN(20)) + c.of(digits, 1)
}

func (c chance) base64(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(c.Uint32())
	}
	return base64.StdEncoding.EncodeToString(b)
}

func part(json string) string { return base64.RawURLEncoding.EncodeToString([]byte(json)) }

// a kind makes a secret, and the text that it stands in.
type kind struct {
	name string
	make func(c chance) (secret, text string)
}

// token is a kind whose secrets have a shape that is found in any text.
func token(name, prefix, chars string, n int) kind {
	return kind{name, func(c chance) (string, string) {
		s := c.of(chars, n)
		return s, c.one("", "used ", "key: ", "see (", "url?x=", "'") + prefix + s + c.one("", " for the sync", ")", ", then", "'", ".")
	}}
}

// assigned is a kind of passwords behind a name.
func assigned(name, format string) kind {
	return kind{name, func(c chance) (string, string) {
		s := c.password()
		return s, fmt.Sprintf(format, s)
	}}
}

// kinds are those that the package comment lists.
var kinds = []kind{
	token("Anthropic", "sk-ant-"+"api03-", urlSafe, 93), token("OpenAI", "sk-"+"proj-", urlSafe, 60), token("OpenAI, old", "sk-", alnum, 48),
	token("AWS", "AKIA", upper+"234567", 16), token("AWS, temporary", "ASIA", upper+"234567", 16),
	token("GitHub", "ghp_", alnum, 36), token("GitHub, installation", "ghs_", alnum, 36),
	token("GitHub, fine-grained", "github_pat_"+"11", alnum+"_", 80), token("GitLab", "glpat-", urlSafe, 20),
	token("Slack", "xoxb-"+"1234567890-", digits+"-"+alnum, 40), token("Slack, app", "xapp-"+"1-A", alnum+"-", 60),
	token("Slack, webhook", "https://hooks.slack.com"+"/services/T", alnum+"/", 43),
	token("Stripe", "sk_live"+"_", alnum, 24), token("Stripe, restricted", "rk_test"+"_", alnum, 24), token("Stripe, webhook", "whsec_", alnum, 32),
	token("Google", "AIza", urlSafe, 35), token("Google, OAuth", "ya29.", urlSafe, 80), token("Google, client", "GOCSPX-", urlSafe, 28),
	token("Hugging Face", "hf_", lower+upper, 34), token("npm", "npm_", alnum, 36), token("PyPI", "pypi-"+"AgEIcHlwaS5vcmc", urlSafe, 90),
	token("RubyGems", "rubygems_", hexa, 48), token("Twilio", "SK", hexa, 32),
	token("Mailgun", "key-", hexa, 32), token("DigitalOcean", "dop_v1_", hexa, 64), token("Shopify", "shpat_", hexa, 32),
	token("Square", "sq0atp-", urlSafe, 22), token("Databricks", "dapi", hexa, 32), token("Doppler", "dp.pt.", alnum, 43),
	token("Linear", "lin_api_", alnum, 40), token("New Relic", "NRAK-", upper+digits, 27), token("Notion", "ntn_", alnum, 46),
	token("Postman", "PMAK-", hexa, 59), token("Atlassian", "ATATT3"+"xFfGF0", urlSafe, 180), token("Docker", "dckr_pat_", urlSafe, 27),
	token("Figma", "figd_", urlSafe, 40), token("Grafana", "glsa_", alnum, 41), token("Vault", "hvs.", urlSafe, 90),
	token("age", "AGE-SECRET-KEY-1", upper+digits, 58),
	{"Sendgrid", func(c chance) (string, string) {
		s := c.of(urlSafe, 22) + "." + c.of(urlSafe, 43)
		return s, "mail by SG." + s
	}},
	{"Telegram", func(c chance) (string, string) {
		s := c.of("1234567", 10) + ":AA" + c.of(urlSafe, 33)
		return s, "bot " + s + " started"
	}},
	{"JSON Web Token", func(c chance) (string, string) {
		s := part(`{"alg":"HS256","typ":"JWT"}`) + "." + part(`{"sub":"`+c.of(digits, 10)+`"}`) + "." + c.of(urlSafe, 43)
		return s, "session " + s
	}},
	{"private key", func(c chance) (string, string) {
		s := c.base64(300)
		what := c.one("", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED ")
		return s, "-----BEGIN " + what + "PRIVATE KEY-----\n" + s + "\n-----END " + what + "PRIVATE KEY-----\nand on"
	}},
	{"private key, cut off", func(c chance) (string, string) {
		s := c.base64(60)
		return s, "upload: -----BEGIN PGP PRIVATE KEY BLOCK-----\\n" + s
	}},
	assigned("assignment", "login failed with password=%s for leo"), assigned("yaml", "db:\n  password: %s\n  user: leo"),
	assigned("JSON", `{"user":"leo","password":"%s","n":1}`), assigned("JSON in JSON", `{"body":"{\"user\":\"leo\",\"passwd\":\"%s\"}"}`),
	assigned("JSON, spaced", `{ "client_secret" : "%s" }`), assigned("environment", "export DB_PASSWORD='%s'"),
	assigned("flag", "restart --api-key %s --verbose"), assigned("flag with sign", "restart --db-password=%s -v"),
	assigned("query", "GET /reset?user=7&token=%s&x=1"), assigned("XML", "<user>leo</user><Password>%s</Password>"),
	assigned("Go", `cfg.AuthToken := "%s"`), assigned("Ruby", `{"access_token" => "%s"}`), assigned("ADO", "Server=db;Pwd=%s;Timeout=5"),
	assigned("form", "user[name]=leo&user[password]=%s"), assigned("header of a key", "X-Api-Key: %s"), assigned("passphrase", "passphrase=%s"),
	{"address with password", func(c chance) (string, string) {
		s := c.of(alnum, 6) + c.of(alnum+"!$*-", 8)
		return s, "dial " + c.one("postgres", "mysql", "redis", "amqp", "https", "mongodb+srv") + "://app:" + s + "@db.example:5432/x failed"
	}},
	{"address with slash in the password", func(c chance) (string, string) {
		s := c.of(alnum, 6) + "/" + c.of(lower, 6)
		return s, "postgres://app:" + s + "@db/x"
	}},
	{"MySQL", func(c chance) (string, string) {
		s := c.password()
		return s, "open app:" + s + "@tcp(db:3306)/x"
	}},
	{"Bearer", func(c chance) (string, string) {
		s := c.of(alnum+"-._~", 30) + c.of(digits, 2)
		return s, c.one("Authorization: Bearer ", "sent bearer ", `-H "Authorization: Bearer `) + s
	}},
	{"Basic", func(c chance) (string, string) {
		s := base64.StdEncoding.EncodeToString([]byte("leo:" + c.password()))
		return s, c.one("Authorization: Basic ", "got Basic ") + s
	}},
	{"cookie", func(c chance) (string, string) {
		s := c.of(alnum, 32)
		return s, "Cookie: theme=dark; sid=" + s
	}},
	{"AWS secret key", func(c chance) (string, string) {
		s := c.of(alnum+"/+", 40)
		return s, "aws_secret_access_key = " + s
	}},
	{"Azure", func(c chance) (string, string) {
		s := c.base64(64)
		return s, "DefaultEndpointsProtocol=https;AccountName=x;AccountKey=" + s + ";EndpointSuffix=y"
	}},
	{"signed address", func(c chance) (string, string) {
		s := c.of(alnum+"%", 44)
		return s, "https://x.example/f?se=2026&sig=" + s
	}},
}

// places are where in an event a text may stand.
var places = []struct {
	name string
	put  func(e *activitylog.Event, s string)
}{
	{"reason", func(e *activitylog.Event, s string) { e.Reason = s }},
	{"message", func(e *activitylog.Event, s string) { e.Message = s }},
	{"target", func(e *activitylog.Event, s string) {
		e.Targets = []activitylog.Target{{Type: "key", ID: s, Name: s, URL: s}}
	}},
	{"metadata", func(e *activitylog.Event, s string) { e.Metadata = map[string]any{"note": s} }},
	{"list in metadata", func(e *activitylog.Event, s string) {
		e.Metadata = map[string]any{"notes": map[string]any{"all": []any{1, s}}}
	}},
	{"type of the host", func(e *activitylog.Event, s string) { e.Metadata = map[string]any{"x": struct{ Note *string }{&s}} }},
	{"name in metadata", func(e *activitylog.Event, s string) { e.Metadata = map[string]any{s: "x"} }},
	{"label", func(e *activitylog.Event, s string) { e.Labels = map[string]string{"note": s} }},
	{"change", func(e *activitylog.Event, s string) {
		e.Changes = []activitylog.Change{{Path: "note", Old: s, New: []string{s}}}
	}},
	{"user agent", func(e *activitylog.Event, s string) { e.Client.UserAgent = s }},
	{"session", func(e *activitylog.Event, s string) { e.Request.SessionID = s }},
}

// TestCorpus holds that at least 99 of 100 secrets leave no trace in what is stored.
func TestCorpus(t *testing.T) {
	t.Parallel()
	const size = 200
	c := seeded(t)
	policy, err := redact.New(nil)
	require.NoError(t, err)
	// Room enough, so that no secret goes by being cut.
	log, err := activitylog.New(memory.New(), &activitylog.Options{Redact: policy.Redact, Limits: activitylog.Limits{ID: 2048, Name: 2048, Message: 2048}})
	require.NoError(t, err)
	missed := 0
	for i := range size {
		k, place := kinds[i%len(kinds)], places[c.IntN(len(places))]
		secret, text := k.make(c)
		e := activitylog.Event{Org: "acme", Action: "integration.update", Actor: activitylog.Actor{ID: "u1"}}
		place.put(&e, text)
		id, err := log.Record(t.Context(), e)
		require.NoError(t, err)
		e, err = log.AllOrgs().Get(t.Context(), id)
		require.NoError(t, err)
		if stored := string(e.AppendJSON(nil)); leaks(stored, secret) || !strings.Contains(stored, "[redacted:") {
			missed++
			t.Logf("%s in %s: %q was stored as %s", k.name, place.name, text, stored)
		}
	}
	if missed*100 > size {
		t.Errorf("missed %d of %d", missed, size)
	}
}

// leaks tells whether more of the secret is left than could be told from chance.
func leaks(stored, secret string) bool {
	n := min(len(secret), 8)
	for i := 0; i+n <= len(secret); i++ {
		if strings.Contains(stored, secret[i:i+n]) {
			return true
		}
	}
	return false
}

// TestCleanEvents holds that the events of a whole platform come out as they went in.
func TestCleanEvents(t *testing.T) {
	t.Parallel()
	const want = 10_000
	policy, err := redact.New(nil)
	require.NoError(t, err)
	seen := 0
	for e := range demo.Events(demo.Options{Seed: seeded(t).Uint64(), End: time.Date(2026, 6, 16, 12, 0, 0, 0, time.UTC)}) {
		if seen++; seen > want {
			return
		}
		redacted := e.Clone()
		if err := policy.Redact(&redacted); err != nil {
			t.Fatal(err)
		}
		before, after := string(e.AppendJSON(nil)), string(redacted.AppendJSON(nil))
		if before != after {
			t.Errorf("%s became %s", before, after)
		}
	}
	t.Errorf("only %d events", seen)
}
