package redact

import (
	"slices"
	"strings"
)

// names tells by the name of a value whether it is a secret.
type names struct {
	endings []ending // also of a longer word: "dbpassword"
	words   []ending // only as the last word
	keep    []string // endings that are no secrets
}

// ending is the end of a name, in lower case and without what separates words.
type ending struct{ text, kind string }

var secretEndings = []ending{
	{"password", "password"}, {"passwd", "password"}, {"passphrase", "password"}, {"passcode", "password"},
	{"secret", "secret"}, {"token", "token"}, {"credential", "credential"}, {"credentials", "credential"},
	{"apikey", "api_key"}, {"accesskey", "access_key"}, {"accountkey", "access_key"}, {"sharedkey", "access_key"},
	{"privatekey", "private_key"}, {"secretkey", "secret"}, {"signingkey", "secret"}, {"encryptionkey", "secret"},
	{"masterkey", "secret"}, {"authorization", "authorization"}, {"cookie", "cookie"},
	{"sessid", "cookie"}, {"jsessionid", "cookie"}, {"connectionstring", "connection_string"},
	{"mfacode", "code"}, {"recoverycode", "code"}, {"backupcode", "code"}, {"onetimecode", "code"},
	{"verificationcode", "code"}, {"securitycode", "code"}, {"amzsignature", "signature"},
}

var secretWords = []ending{
	{"pwd", "password"}, {"psw", "password"}, {"pass", "password"}, {"otp", "code"}, {"totp", "code"}, {"pin", "code"},
	{"cvv", "card_code"}, {"cvc", "card_code"}, {"jwt", "token"}, {"sig", "signature"},
}

// harmless are names that end like a secret and are none.
var harmless = []string{"pagetoken", "nexttoken", "continuationtoken", "boardingpass"}

// qualifiers are words behind the name of a secret that leave it one.
var qualifiers = []string{
	"hash", "hashed", "value", "text", "raw", "plain", "plaintext", "encrypted", "base64", "hex", "pem",
	"old", "new", "current", "confirm", "confirmation", "repeat",
}

func newNames(more, keep []string) (names, error) {
	n := names{endings: slices.Clone(secretEndings), words: secretWords, keep: slices.Clone(harmless)}
	for _, name := range more {
		words := wordsOf(name)
		joined := strings.ReplaceAll(words, " ", "")
		if joined == "" {
			return n, invalid("key %q has no letters or digits", name)
		}
		n.endings = append(n.endings, ending{joined, strings.ReplaceAll(words, " ", "_")})
	}
	for _, name := range keep {
		joined := strings.ReplaceAll(wordsOf(name), " ", "")
		if joined == "" {
			return n, invalid("name to keep %q has no letters or digits", name)
		}
		n.keep = append(n.keep, joined)
	}
	return n, nil
}

// match tells whether a value of this name is a secret, and of which kind.
func (n *names) match(name string) (kind string, ok bool) {
	words := wordsOf(name)
	for {
		cut := strings.LastIndexByte(words, ' ')
		if cut < 0 || !slices.Contains(qualifiers, words[cut+1:]) {
			break
		}
		words = words[:cut]
	}
	words = strings.TrimRight(words, " 0123456789") // password2
	joined := strings.ReplaceAll(words, " ", "")
	for _, k := range n.keep {
		if strings.HasSuffix(joined, k) {
			return "", false
		}
	}
	for _, e := range n.endings {
		if strings.HasSuffix(joined, e.text) {
			return e.kind, true
		}
	}
	last := words[strings.LastIndexByte(words, ' ')+1:]
	for _, e := range n.words {
		if last == e.text {
			return e.kind, true
		}
	}
	return "", false
}

// maxName is how much of a name is looked at, from its end.
const maxName = 96

// wordsOf returns the words of a name in lower case with one blank between: "userPassword", "USER_PASSWORD" and
// "user-password" are "user password", and "APIKey" is "api key".
func wordsOf(name string) string {
	name = name[max(0, len(name)-maxName):]
	var room [2 * maxName]byte
	out := room[:0]
	gap := false
	for i := range len(name) {
		c := name[i]
		upper := 'A' <= c && c <= 'Z'
		if !upper && !isLower(c) && !isDigit(c) {
			gap = true
			continue
		}
		if upper {
			afterSmall := i > 0 && (isLower(name[i-1]) || isDigit(name[i-1]))
			beforeSmall := i > 0 && i+1 < len(name) && isLower(name[i+1])
			gap = gap || afterSmall || beforeSmall
			c += 'a' - 'A'
		}
		if gap && len(out) > 0 {
			out = append(out, ' ')
		}
		gap = false
		out = append(out, c)
	}
	return string(out)
}

func isLower(c byte) bool { return 'a' <= c && c <= 'z' }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isAlnum(c byte) bool { return isLower(c|0x20) || isDigit(c) }
