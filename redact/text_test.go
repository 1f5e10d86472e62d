package redact_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog/redact"
	"github.com/stretchr/testify/require"
)

func newPolicy(t testing.TB, o redact.Options) *redact.Policy {
	t.Helper()
	p, err := redact.New(&o)
	require.NoError(t, err)
	return p
}

func TestTexts(t *testing.T) {
	t.Parallel()
	p := newPolicy(t, redact.Options{})
	tests := []struct{ name, text, want string }{ // want empty: as it is
		// Only the secret goes.
		{"assignment", "tried password=hunter2 twice", "tried password=[redacted:password] twice"},
		{"several", "api_key=abc123&x=1&token=def456", "api_key=[redacted:api_key]&x=1&token=[redacted:token]"},
		{"quoted with blanks", `{"password": "a b\"c", "n": 1}`, `{"password": "[redacted:password]", "n": 1}`},
		{"quotes escaped once more", `"{\"pwd\":\"a\\\"b\"}"`, `"{\"pwd\":\"[redacted:password]\"}"`},
		{"quote without end", `secret="abc def`, `secret="[redacted:secret]`},
		{"last in the line", "password: correcthorse\nuser: leo", "password: [redacted:password]\nuser: leo"},
		{"header to its end", "Authorization: Digest user=leo, nonce=5\nHost: x", "Authorization: [redacted:authorization]\nHost: x"},
		{"address", "redis://:hunter2@db:6379/0", "redis://:[redacted:password]@db:6379/0"},
		{"address, sign in the password", "amqp://a:b@c@host/x", "amqp://a:[redacted:password]@host/x"},
		{"key in the address", "https://" + strings.Repeat("k3", 12) + "@git.example/x", "https://[redacted:token]@git.example/x"},
		{"flag", "run --token abc123 --n 2", "run --token [redacted:token] --n 2"},
		{"XML", "<ns:secret>abc</ns:secret>", ""}, // the name of a space is no sign of what is in it
		{"password and confirmation", "password2=abc passwordConfirmation=abc", "password2=[redacted:password] passwordConfirmation=[redacted:password]"},
		{"comparison, then a value", "if password == nil { password = abc1 }", "if password == nil { password = [redacted:password] }"},

		// What is no secret stays.
		{"prose", "Invalid password: must have eight letters", ""},
		{"a word about it", "password: required", ""},
		{"token that expired", "token: expired.", ""},
		{"no value", "password=", ""},
		{"unknown value", "password=null&token=true", ""},
		{"count", "tokens: 15, max_tokens=400, token_count=3", ""},
		{"identifier of a secret", "secret_id=7f3a credential_id=c1 password_policy=strong", ""},
		{"page", "page_token=abc123def", ""},
		{"address with a port", "http://db.example:5432/x?user=leo@acme.example", ""},
		{"address of IPv6", "http://[2001:db8::1]:80/a@b", ""},
		{"user alone", "ssh://git@git.example/x", ""},
		{"mail", "mailto:leo@acme.example", ""},
		{"time", "at 12:30:45 the sync ended", ""},
		{"word with a prefix", "task-force-and-other-long-hyphenated-words-of-a-title", ""},
		{"slug with a prefix", "sk-learn-and-other-long-hyphenated-words-of-a-title", ""},
		{"id", "0192f6a0-7c6b-7e11-8f7b-2b1c3d4e5f60", ""},
		{"hash", strings.Repeat("0123456789abcdef", 4), ""},
		{"bearer in prose", "bearer authentication is on", ""},
		{"basic in prose", "the basic subscription", ""},
		{"public key", "-----BEGIN PUBLIC KEY-----\nabc\n-----END PUBLIC KEY-----", ""},
		{"eyJ alone", "eyJhbGciOiJIUzI1NiJ9", ""},
		{"mark", "password=[redacted:password] and [redacted:jwt]", ""},
		{"empty", "", ""},
		{"invalid UTF-8", "a\xff\xfe=\xff", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.want == "" {
				tt.want = tt.text
			}
			if got := p.Text(tt.text); got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	p := newPolicy(t, redact.Options{Keys: []string{"iban", "Date of Birth"}, Keep: []string{"csrf token"}})
	tests := []struct {
		key  string
		mark string // empty: kept
	}{
		{"password", "password"}, {"userPassword", "password"}, {"USER_PASSWORD", "password"}, {"db-password", "password"},
		{"dbpassword", "password"}, {"password_hash", "password"}, {"passwordHashBase64", "password"}, {"new password", "password"},
		{"password2", "password"}, {"pwd", "password"}, {"api_key", "api_key"}, {"X-Api-Key", "api_key"}, {"APIKey", "api_key"},
		{"openAIKey", ""}, {"client_secret", "secret"}, {"clientSecret", "secret"}, {"access_token", "token"}, {"oauthToken", "token"},
		{"private_key_pem", "private_key"}, {"Authorization", "authorization"}, {"Set-Cookie", "cookie"}, {"pin", "code"},
		{"spin", ""}, {"shipping", ""}, {"tokens", ""}, {"token_count", ""}, {"maxTokens", ""}, {"secret_name", ""},
		{"password_changed_at", ""}, {"passwordless", ""}, {"credential_id", ""}, {"compass", ""}, {"boarding_pass", ""},
		{"nextPageToken", ""}, {"csrf_token", ""}, {"iban", "iban"}, {"customer_iban", "iban"}, {"dateOfBirth", "date_of_birth"},
		{"", ""}, {"🔑", ""}, {strings.Repeat("x", 1000) + "_password", "password"},
	}
	for _, tt := range tests {
		t.Run(tt.key, func(t *testing.T) {
			t.Parallel()
			e := event()
			e.Metadata = map[string]any{tt.key: "some value", "sub": map[string]any{tt.key: []any{"some value"}}}
			e.Labels = map[string]string{tt.key: "some value"}
			e.Changes = change("settings."+tt.key, "some value")
			require.NoError(t, p.Redact(&e))
			want := "some value"
			if tt.mark != "" {
				want = "[redacted:" + tt.mark + "]"
			}
			if got := e.Metadata[tt.key]; got != want {
				t.Errorf("metadata: got %v, want %s", got, want)
			}
			if got := e.Labels[tt.key]; got != want {
				t.Errorf("labels: got %v, want %s", got, want)
			}
			if got := e.Changes[0].New; got != want {
				t.Errorf("changes: got %v, want %s", got, want)
			}
			if got, whole := e.Metadata["sub"].(map[string]any)[tt.key].(string); whole != (tt.mark != "") || whole && got != want {
				t.Errorf("a list in an object: got %v, want %s", got, want)
			}
		})
	}
}

func TestDetectorsOfTheHost(t *testing.T) {
	t.Parallel()
	p := newPolicy(t, redact.Options{Detectors: []redact.Detector{
		{Kind: "iban", Find: regexp.MustCompile(`\b[A-Z]{2}\d{20}\b`).FindAllStringIndex},
	}})
	if got, want := p.Text("paid DE12345678901234567890 and DE98765432109876543210."), "paid [redacted:iban] and [redacted:iban]."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, parts := range [][][]int{{{0}}, {{5, 2}}, {{0, 99}}, {{3, 4}, {0, 1}}} {
		wrong := newPolicy(t, redact.Options{Detectors: []redact.Detector{{Kind: "x", Find: func(string, int) [][]int { return parts }}}})
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("parts %v passed", parts)
				}
			}()
			wrong.Text("some text")
		}()
	}
}

// TestHostileTexts holds that no text takes the time that trying every place to its end would.
func TestHostileTexts(t *testing.T) {
	t.Parallel()
	p := newPolicy(t, redact.Options{})
	for _, part := range []string{"eyJ-", "eyJ-aaaaaaaaA0.", "sk-", "sk_live_", "xoxe.", "a://", "a://b:c", "@tcp(", "token: a ", "--token ", "-----BEGIN ", "-----BEGIN PRIVATE KEY-----", "bearer ",
		"basic ", "1234567:", "\\", "token:\\", "token=", "<token>", "\"", "a",
		"a--", "--token", "=>", ":=", "[token]=", "\"token\": \"", "://:", "eyJaaaaaaaaa.", "12345678:AA", "xoxe", "-----END ", " ="} {
		text := strings.Repeat(part, (1<<18)/len(part))
		begun := time.Now()
		p.Text(text)
		if d := time.Since(begun); d > 10*time.Second { // a tenth of a second on an idle machine; minutes if quadratic
			t.Errorf("%q took %s", part, d)
		}
	}
	if got := p.Text(strings.Repeat("a", 1<<20+1)); got != "[redacted:too_long]" {
		t.Errorf("a longer text became one of %d bytes", len(got))
	}
}

// FuzzText holds that redacting twice is redacting once, which operations and retries need.
func FuzzText(f *testing.F) {
	for _, s := range []string{`{"password":"x y"}`, "token=[redacted:jwt]abc", "a://b:c@d@e", "--pwd x", "pwd:\\\"a", "Bearer 0123456789abcdefg", "<pin>1<", "pwd:A\xc4 :0000", "://000000000000000000000@"} {
		f.Add(s)
	}
	p := newPolicy(f, redact.Options{})
	f.Fuzz(func(t *testing.T, s string) {
		once := p.Text(s)
		if twice := p.Text(once); twice != once {
			t.Errorf("%q became %q, then %q", s, once, twice)
		}
	})
}
