package redact

import "strings"

// findAddressPasswords finds the password, or a long token in the place of the user, in scheme://user:password@host, and
// the password in a DSN of MySQL, user:password@tcp(host).
func findAddressPasswords(s string, found func(span)) {
	for at := 0; at < len(s); {
		i := strings.IndexAny(s[at:], ":@")
		if i < 0 {
			return
		}
		i += at
		at = i + 1
		switch {
		case strings.HasPrefix(s[i:], "://"):
			if x, ok := userInfo(s, i+len("://")); ok {
				found(x)
				at = x.to
			}
		case strings.HasPrefix(s[i:], "@tcp("), strings.HasPrefix(s[i:], "@unix("):
			start := max(0, i-maxLook)
			start += strings.LastIndexAny(s[start:i], " \t\r\n\"'`=") + 1
			if colon := strings.IndexByte(s[start:i], ':'); colon >= 0 {
				found(span{start + colon + 1, i, "password"})
			}
		}
	}
}

// maxUser is how long a user without a password can be that is no token.
const maxUser = 20

// userInfo finds the secret in the authority of an address that begins at from.
func userInfo(s string, from int) (span, bool) {
	end := min(len(s), from+maxLook)
	end = from + stop(s[from:end], " \t\r\n\"'`<>")
	host := from + stop(s[from:end], "/?#")
	at := strings.LastIndexByte(s[from:host], '@')
	if at < 0 {
		// A password may hold an unescaped slash; a port does not.
		_, port, ok := strings.Cut(s[from:host], ":")
		if !ok || strings.Trim(port, "0123456789]") == "" || strings.HasPrefix(s[from:], "[") {
			return span{}, false
		}
		if at = strings.LastIndexByte(s[from:end], '@'); at < 0 {
			return span{}, false
		}
	}
	at += from
	if marked(s[from:at]) {
		return span{}, false
	}
	if colon := strings.IndexByte(s[from:at], ':'); colon >= 0 {
		return span{from + colon + 1, at, "password"}, from+colon+1 < at
	}
	return span{from, at, "token"}, at-from > maxUser
}

// stop is the offset of the first of chars in s, or the length of s.
func stop(s, chars string) int {
	if i := strings.IndexAny(s, chars); i >= 0 {
		return i
	}
	return len(s)
}
