package redact

import (
	"encoding/base64"
	"strings"
)

// shortestToken is the length of the shortest text that can hold a token.
const shortestToken = 12

// class is a set of bytes.
type class [256]bool

func classOf(text string) (c class) {
	for i := range len(text) {
		c[text[i]] = true
	}
	return c
}

const (
	digits = "0123456789"
	uppers = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	lowers = "abcdefghijklmnopqrstuvwxyz"
)

var (
	hexadecimal = classOf(digits + "abcdefABCDEF")
	upperDigits = classOf(digits + uppers)
	alnums      = classOf(digits + uppers + lowers)
	words       = classOf(digits + uppers + lowers + "_")
	urlSafe     = classOf(digits + uppers + lowers + "_-")
	dotted      = classOf(digits + uppers + lowers + "_-.")
	token68     = classOf(digits + uppers + lowers + "_-.~+/=")
	slashed     = classOf(digits + uppers + lowers + "/")
)

// shape is a token that is known by how it begins.
type shape struct {
	prefix string
	body   *class
	min    int // bytes of the body
	kind   string
}

// shapes are sorted so that a longer prefix comes before a shorter one that it begins with.
var shapes = []shape{
	{"sk-ant-", &urlSafe, 32, "anthropic_key"}, {"sk-", &urlSafe, 32, "openai_key"},
	{"AKIA", &upperDigits, 16, "aws_access_key"}, {"ASIA", &upperDigits, 16, "aws_access_key"},
	{"ghp_", &alnums, 36, "github_token"}, {"gho_", &alnums, 36, "github_token"}, {"ghu_", &alnums, 36, "github_token"},
	{"ghs_", &alnums, 36, "github_token"}, {"ghr_", &alnums, 36, "github_token"}, {"github_pat_", &words, 40, "github_token"},
	{"glpat-", &urlSafe, 20, "gitlab_token"}, {"gldt-", &urlSafe, 20, "gitlab_token"}, {"glrt-", &urlSafe, 20, "gitlab_token"},
	{"glptt-", &urlSafe, 20, "gitlab_token"}, {"glcbt-", &urlSafe, 20, "gitlab_token"},
	{"xoxb-", &urlSafe, 20, "slack_token"}, {"xoxp-", &urlSafe, 20, "slack_token"}, {"xoxa-", &urlSafe, 20, "slack_token"},
	{"xoxr-", &urlSafe, 20, "slack_token"}, {"xoxs-", &urlSafe, 20, "slack_token"}, {"xoxe", &dotted, 20, "slack_token"},
	{"xapp-", &urlSafe, 20, "slack_token"}, {"hooks.slack.com/services/", &slashed, 30, "slack_webhook"},
	{"sk_live_", &alnums, 16, "stripe_key"}, {"sk_test_", &alnums, 16, "stripe_key"}, {"rk_live_", &alnums, 16, "stripe_key"},
	{"rk_test_", &alnums, 16, "stripe_key"}, {"whsec_", &token68, 16, "stripe_key"},
	{"AIza", &urlSafe, 35, "google_key"}, {"ya29.", &urlSafe, 20, "google_token"}, {"GOCSPX-", &urlSafe, 24, "google_key"},
	{"hf_", &alnums, 30, "huggingface_token"}, {"npm_", &alnums, 36, "npm_token"}, {"pypi-", &urlSafe, 50, "pypi_token"},
	{"rubygems_", &hexadecimal, 48, "rubygems_key"}, {"SG.", &dotted, 60, "sendgrid_key"}, {"SK", &hexadecimal, 32, "twilio_key"},
	{"key-", &hexadecimal, 32, "mailgun_key"}, {"dop_v1_", &hexadecimal, 64, "digitalocean_token"},
	{"doo_v1_", &hexadecimal, 64, "digitalocean_token"}, {"shpat_", &hexadecimal, 32, "shopify_token"},
	{"shpca_", &hexadecimal, 32, "shopify_token"}, {"shppa_", &hexadecimal, 32, "shopify_token"},
	{"shpss_", &hexadecimal, 32, "shopify_token"}, {"sq0atp-", &urlSafe, 22, "square_token"}, {"sq0csp-", &urlSafe, 40, "square_token"},
	{"dapi", &hexadecimal, 32, "databricks_token"}, {"dp.pt.", &alnums, 40, "doppler_token"}, {"dp.st.", &dotted, 40, "doppler_token"},
	{"lin_api_", &alnums, 40, "linear_key"}, {"NRAK-", &upperDigits, 27, "newrelic_key"}, {"ntn_", &alnums, 40, "notion_token"},
	{"secret_", &alnums, 43, "notion_token"}, {"PMAK-", &urlSafe, 50, "postman_key"}, {"ATATT3", &token68, 100, "atlassian_token"},
	{"dckr_pat_", &urlSafe, 24, "docker_token"}, {"figd_", &urlSafe, 40, "figma_token"}, {"glsa_", &words, 32, "grafana_token"},
	{"glc_", &token68, 40, "grafana_token"}, {"hvs.", &urlSafe, 24, "vault_token"}, {"hvb.", &urlSafe, 24, "vault_token"},
	{"AGE-SECRET-KEY-1", &upperDigits, 50, "age_key"}, {"eyJ", &dotted, 24, "jwt"},
}

// byFirst are the indexes of shapes by their first byte.
var byFirst = func() (by [256][]int) {
	for i, x := range shapes {
		by[x.prefix[0]] = append(by[x.prefix[0]], i)
	}
	return by
}()

// findTokens finds tokens by their shape, where a word begins.
func findTokens(s string, found func(span)) {
	for i := 0; i < len(s); i++ {
		if i > 0 && isAlnum(s[i-1]) {
			continue
		}
		if n := botToken(s[i:]); n > 0 {
			found(span{i, i + n, "telegram_token"})
			i += n - 1
			continue
		}
		for _, at := range byFirst[s[i]] {
			x := &shapes[at]
			if !strings.HasPrefix(s[i:], x.prefix) {
				continue
			}
			body := s[i+len(x.prefix):]
			if !x.begins(body) || x.kind == "jwt" && !jwt(body[:min(len(body), maxLook)]) {
				continue
			}
			end := i + len(x.prefix) + run(body, x.body)
			found(span{i, end, x.kind})
			i = end - 1
			break
		}
	}
}

// begins tells whether s begins with the body of a token. It looks at as much of it as there must be at least.
func (x *shape) begins(s string) bool {
	return len(s) >= x.min && run(s[:x.min], x.body) == x.min && mixed(s[:x.min])
}

// maxLook is how far a detector looks before it says that something is no secret, so that its time stays linear.
const maxLook = 1024

// run is how many bytes of s from its beginning are of a class.
func run(s string, c *class) int {
	n := 0
	for n < len(s) && c[s[n]] {
		n++
	}
	return n
}

// mixed tells tokens from words: a random text has digits or capitals soon.
func mixed(body string) bool { return strings.ContainsAny(body, digits+uppers) }

// jwt tells whether what follows eyJ are the three parts of a signed token or the five of an encrypted one.
func jwt(body string) bool {
	header, rest, ok := strings.Cut(body, ".")
	payload, _, more := strings.Cut(rest, ".")
	return ok && more && len(header) >= 8 && (len(payload) >= 8 || payload == "") &&
		run(header, &urlSafe) == len(header) && run(payload, &urlSafe) == len(payload)
}

// botToken is the length of a token of a Telegram bot: a number, a colon and 35 bytes that begin with AA.
func botToken(s string) int {
	colon := 0
	for colon < len(s) && colon <= 11 && isDigit(s[colon]) {
		colon++
	}
	if colon < 8 || colon > 10 || !strings.HasPrefix(s[colon:], ":AA") {
		return 0
	}
	if n := run(s[colon+1:], &urlSafe); n >= 33 {
		return colon + 1 + n
	}
	return 0
}

// findAuthorization finds what follows the scheme Bearer or Basic.
func findAuthorization(s string, found func(span)) {
	for i := 0; i+7 < len(s); i++ {
		if s[i]|0x20 != 'b' || i > 0 && isAlnum(s[i-1]) {
			continue
		}
		basic := strings.EqualFold(s[i:i+6], "basic ")
		if !basic && !strings.EqualFold(s[i:i+7], "bearer ") {
			continue
		}
		from := i + 7
		if basic {
			from = i + 6
		}
		n := run(s[from:], &token68)
		value := s[from : from+n]
		if basic && isBasic(value) || !basic && n >= 16 && mixed(value) {
			found(span{from, from + n, "authorization"})
			i = from + n - 1
		}
	}
}

// isBasic tells whether value is a user and a password in base 64.
func isBasic(value string) bool {
	b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(value, "="))
	return err == nil && strings.Contains(string(b), ":")
}
