package redact

import "strings"

// findAssigned finds the values of names that stand for secrets: name=value, "name": "value", Name: value, name => value,
// <name>value</name> and --name value, also where the quotes are escaped.
func (p *Policy) findAssigned(s string, found func(span)) {
	for i := 0; i < len(s); i++ {
		var name string
		switch s[i] {
		case '=', ':', '>':
			name = nameBefore(s, i)
		case '-':
			if i+2 < len(s) && s[i+1] == '-' && isAlnum(s[i+2]) && (i == 0 || s[i-1] != '-') {
				end := i + 2
				for end < len(s) && isNameByte(s[end]) {
					end++
				}
				if end < len(s) && s[end] == ' ' {
					name, i = s[i+2:end], end
				} else {
					i = end - 1 // else each -- of a long name would look through the rest of it
				}
			}
		}
		if name == "" {
			continue
		}
		kind, denied := p.keys.match(name)
		if !denied {
			continue
		}
		if x, ok := assigned(s, i, kind); ok {
			found(x)
			i = x.to - 1
		}
	}
}

func isNameByte(c byte) bool { return isAlnum(c) || c == '_' || c == '-' || c == '.' }

// nameBefore returns the name in front of the sign at i.
func nameBefore(s string, i int) string {
	end, index := i, false
	if s[i] == '=' && end > 0 && s[end-1] == ':' { // :=
		end--
	}
	if s[i] != '>' {
		for end > 0 && s[end-1] == ' ' {
			end--
		}
		if end > 0 && (s[end-1] == '"' || s[end-1] == '\'' || s[end-1] == '`') {
			for end--; end > 0 && s[end-1] == '\\'; {
				end--
			}
		} else if end > 0 && s[end-1] == ']' { // params[password]=
			end--
			index = true
		}
	}
	start := end
	for start > 0 && end-start < maxName && isNameByte(s[start-1]) {
		start--
	}
	if s[i] == '>' && (start == 0 || s[start-1] != '<') || index && (start == 0 || s[start-1] != '[') {
		return ""
	}
	return s[start:end]
}

// assigned returns the value behind the sign at i.
func assigned(s string, i int, kind string) (span, bool) {
	sign := s[i]
	from := i + 1
	if sign == '>' {
		to := from + stop(s[from:], "<")
		return span{from, to, kind}, to > from
	}
	if sign == '=' && strings.HasPrefix(s[from:], ">") {
		from++
	}
	blank := from
	for from < len(s) && (s[from] == ' ' || s[from] == '\t') {
		from++
	}
	spaced := from > blank
	if strings.HasPrefix(s[from:], "=") || sign == ':' && strings.HasPrefix(s[from:], "//") {
		return span{}, false // a comparison, := or an address
	}
	if x, ok := quoted(s, from, kind); ok {
		return x, x.to > x.from
	}
	to := from + stop(s[from:], " \t\r\n\"'`&;<>\\")
	value := strings.TrimRight(s[from:to], ".,!?)}]")
	if isPlainWord(value) {
		return span{}, false
	}
	line := s[to:min(len(s), to+maxLook)]
	line = line[:stop(line, "\r\n\"'`\\")]
	severalWords := kind == "authorization" || kind == "cookie"
	if sign == ':' && spaced && isWord(value) && strings.Trim(line, " \t,;)}]") != "" { // a sentence
		if !severalWords || !strings.ContainsAny(line, digits+"=") {
			return span{}, false
		}
	}
	if severalWords {
		to = from + stop(s[from:], "\r\n\"'`\\")
	}
	return span{from, to, kind}, to > from
}

// quoted returns the value at from if it is in quotes, which may be escaped: to the closing quote or the end of s.
func quoted(s string, from int, kind string) (span, bool) {
	q := from
	for q < len(s) && s[q] == '\\' {
		q++
	}
	if q == len(s) || strings.IndexByte("\"'`", s[q]) < 0 {
		return span{}, false
	}
	escape, quote, start := s[from:q], s[q], q+1
	for j := start; j < len(s); j++ {
		if s[j] != quote {
			continue
		}
		k := j
		for k > start && s[k-1] == '\\' {
			k--
		}
		if j-k <= len(escape) { // not escaped once more
			return span{start, k, kind}, true
		}
	}
	return span{start, len(s), kind}, true
}

// isWord tells whether a value could be a word of a sentence.
func isWord(value string) bool {
	for i := range len(value) {
		if !isLower(value[i] | 0x20) {
			return false
		}
	}
	return true
}

// isPlainWord tells whether a value is one of those that say something about a secret instead of being it.
func isPlainWord(value string) bool {
	switch strings.ToLower(value) {
	case "", "true", "false", "null", "nil", "none", "empty", "required", "missing", "invalid", "incorrect", "wrong",
		"expired", "changed", "unchanged", "updated", "reset", "revoked", "rotated", "removed", "unknown", "weak":
		return true
	}
	return false
}
