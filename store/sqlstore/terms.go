package sqlstore

import (
	"net/netip"
	"strings"

	"github.com/activitylog/activitylog"
)

// An index term is a scope (six letters that stand for an organization), one letter for the field and a hash of the
// value, or the scope, "0" and a word of the free text. Terms propose events; a collision costs a look, not a wrong
// answer. Having the scope inside keeps a search in a small organization independent of the size of the others.
const (
	termCategory  = 'c'
	termAction    = 'a' // the action and everything above it: ai.message.send, ai.message, ai
	termActed     = 'u'
	termBehalf    = 'b' // in the chain behind the actor
	termProject   = 'p'
	termOutcome   = 'o' // not success
	termTrouble   = 'f' // any outcome but success
	termSeverity  = 'v' // above low
	termTarget    = 't'
	termKind      = 'k' // type of a target
	termModel     = 'm'
	termIP        = 'i'
	termNetwork   = 'n' // /16 and /24, or /32 and /48 and /64
	termRequest   = 'r'
	termSession   = 's'
	termOperation = 'x' // correlation
	termLabel     = 'l'
	termWord      = '0'
)

// everywhere is the scope of the few terms that serve all organizations at once.
const everywhere = "000000"

const letters = "abcdefghijklmnopqrstuvwxyz234567"

// hash is FNV-1a over the parts with a separator.
func hash(parts ...string) uint64 {
	h := uint64(14695981039346656037)
	for _, p := range parts {
		for i := range len(p) {
			h = (h ^ uint64(p[i])) * 1099511628211
		}
		h = (h ^ 0xff) * 1099511628211
	}
	return h ^ h>>32 // the low bits of FNV are its weaker ones
}

func appendLetters(b []byte, h uint64, n int) []byte {
	for range n {
		b = append(b, letters[h&31])
		h >>= 5
	}
	return b
}

func scopeOf(org string) string { return string(appendLetters(nil, hash(org), 6)) }

func appendTerm(b []byte, scope string, field byte, parts ...string) []byte {
	b = append(b, scope...)
	b = append(b, field)
	b = appendLetters(b, hash(parts...), 8)
	return append(b, ' ')
}

func term(scope string, field byte, parts ...string) string {
	b := appendTerm(nil, scope, field, parts...)
	return string(b[:len(b)-1])
}

// termsOf returns the terms of e with a space between them.
func termsOf(e *activitylog.Event) string {
	b := make([]byte, 0, 1024)
	scope := scopeOf(e.Org)
	for _, sc := range [...]string{scope, everywhere} {
		b = appendTerm(b, sc, termCategory, e.Category)
		b = appendTerm(b, sc, termActed, e.Actor.ID)
		if e.Outcome != activitylog.Success {
			b = appendTerm(b, sc, termOutcome, string(e.Outcome))
			b = appendTerm(b, sc, termTrouble)
		}
	}
	b = appendTerm(b, everywhere, termAction, e.Action)
	for a := e.Action; ; {
		b = appendTerm(b, scope, termAction, a)
		dot := strings.LastIndexByte(a, '.')
		if dot < 0 {
			break
		}
		a = a[:dot]
	}
	b = appendTerm(b, scope, termProject, e.Project)
	for i := range e.OnBehalfOf {
		b = appendTerm(b, scope, termBehalf, e.OnBehalfOf[i].ID)
	}
	if rareSeverity(string(e.Severity)) {
		b = appendTerm(b, scope, termSeverity, string(e.Severity))
	}
	for i := range e.Targets {
		b = appendTerm(b, scope, termTarget, e.Targets[i].ID)
		if i == 0 || e.Targets[i].Type != e.Targets[i-1].Type {
			b = appendTerm(b, scope, termKind, e.Targets[i].Type)
		}
	}
	if e.AI != nil && e.AI.Model != "" {
		b = appendTerm(b, scope, termModel, e.AI.Model)
	}
	if ip := e.Client.IP; ip.IsValid() {
		b = appendTerm(b, scope, termIP, ip.String())
		for _, bits := range networkBits(ip) {
			b = appendTerm(b, scope, termNetwork, network(ip, bits))
		}
	}
	for _, f := range [...]struct {
		field byte
		value string
	}{{termRequest, e.Request.ID}, {termSession, e.Request.SessionID}, {termOperation, e.Request.CorrelationID}} {
		if f.value != "" {
			b = appendTerm(b, scope, f.field, f.value)
		}
	}
	for k, v := range e.Labels {
		b = appendTerm(b, scope, termLabel, k, v)
	}
	b = appendWords(b, scope, activitylog.SearchText(e))
	if n := len(b); n > 0 {
		b = b[:n-1]
	}
	return string(b)
}

// appendWords appends each word of text as a term.
func appendWords(b []byte, scope, text string) []byte {
	start := true
	for i := range len(text) {
		c := text[i]
		if c == ' ' || c == '\n' {
			if !start {
				b = append(b, ' ')
				start = true
			}
			continue
		}
		if start {
			b = append(b, scope...)
			b = append(b, termWord)
			start = false
		}
		b = append(b, c)
	}
	if !start {
		b = append(b, ' ')
	}
	return b
}

func rareSeverity(s string) bool {
	return s != string(activitylog.Info) && s != string(activitylog.Low)
}

// networkBits are the sizes of networks that have terms.
func networkBits(ip netip.Addr) []int {
	if ip.Is4() {
		return []int{16, 24}
	}
	return []int{32, 48, 64}
}

func network(ip netip.Addr, bits int) string {
	p, _ := ip.Prefix(bits)
	return p.String()
}
