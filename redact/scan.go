package redact

import "strings"

// shortest is the length of a text below which no secret is looked for.
const shortest = 6

// span is a part of a text that is a secret.
type span struct {
	from, to int
	kind     string
}

// builtin replaces what the built-in detectors find. What a detector has replaced the next ones leave alone: no mark
// looks like a secret.
func (p *Policy) builtin(s string) string {
	if strings.Contains(s, "-----BEGIN") {
		s = replace(s, findKeyBlocks)
	}
	if strings.ContainsAny(s, "=:>") || strings.Contains(s, "--") {
		s = replace(s, findAddressPasswords)
		s = replace(s, p.findAssigned)
	}
	if len(s) >= shortestToken {
		s = replace(s, findAuthorization)
		s = replace(s, findTokens)
	}
	return s
}

// replace replaces all that find yields, which must come from left to right. Spans that are marks already are left out.
func replace(s string, find func(s string, found func(span))) string {
	var out []byte
	end := 0
	find(s, func(x span) {
		if x.from < end || x.to <= x.from || marked(s[x.from:x.to]) {
			return
		}
		out = append(append(out, s[end:x.from]...), markOf(x.kind)...)
		end = x.to
	})
	if out == nil {
		return s
	}
	return string(append(out, s[end:]...))
}

// marked tells whether s is a mark and nothing else: behind a forged one a secret would go by.
func marked(s string) bool {
	kind, begins := strings.CutPrefix(s, markStart)
	kind, ends := strings.CutSuffix(kind, "]")
	return begins && ends && validKind(kind)
}

// findKeyBlocks finds private keys in armor, to their end or that of the text.
func findKeyBlocks(s string, found func(span)) {
	const begin, private, line = "-----BEGIN ", "PRIVATE KEY", "-----"
	for at := 0; ; {
		i := strings.Index(s[at:], begin)
		if i < 0 {
			return
		}
		i += at
		head := s[i+len(begin):]
		close := strings.Index(head, line)
		if close < 0 || !strings.Contains(head[:close], private) {
			at = i + len(begin)
			continue
		}
		end := len(s)
		body := i + len(begin) + close + len(line)
		if j := strings.Index(s[body:], "-----END "); j >= 0 {
			j += body + len("-----END ")
			if k := strings.Index(s[j:], line); k >= 0 {
				end = j + k + len(line)
			}
		}
		found(span{i, end, "private_key"})
		at = end
	}
}
