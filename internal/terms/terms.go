// Package terms makes the index terms by which the SQL stores find events.
package terms

import (
	"net/netip"
	"strings"

	"github.com/activitylog/activitylog"
)

// An index term is a scope (six letters that stand for an organization), one letter for the field and a hash of the
// value, or the scope, "0" and a word of the free text. Terms propose events; a collision costs a look, not a wrong
// answer. Having
// the scope inside keeps a search in a small organization independent of the size of the others.
const (
	Category  = 'c'
	Action    = 'a' // the action and everything above it: ai.message.send, ai.message, ai
	Acted     = 'u'
	Behalf    = 'b' // in the chain behind the actor
	Project   = 'p'
	Outcome   = 'o' // not success
	Trouble   = 'f' // any outcome but success
	Severity  = 'v' // above low
	Target    = 't'
	Model     = 'm'
	IP        = 'i'
	Network   = 'n' // /16 of IPv4, /48 of IPv6
	Request   = 'r'
	Session   = 's'
	Operation = 'x' // correlation
	Label     = 'l'
	Word      = '0'
)

// Everywhere is the scope of the few terms that serve all organizations at once.
const Everywhere = "000000"

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

// Scope is the tag of an organization.
func Scope(org string) string { return string(appendLetters(nil, hash(org), 6)) }

func appendTerm(b []byte, scope string, field byte, parts ...string) []byte {
	b = append(b, scope...)
	b = append(b, field)
	b = appendLetters(b, hash(parts...), 8)
	return append(b, ' ')
}

// Term is the term of a value in a scope.
func Term(scope string, field byte, parts ...string) string {
	b := appendTerm(nil, scope, field, parts...)
	return string(b[:len(b)-1])
}

// Of returns the terms of e with a space between them.
func Of(e *activitylog.Event) string {
	b := make([]byte, 0, 1024)
	scope := Scope(e.Org)
	b = appendTerm(b, Everywhere, Category, e.Category)
	b = appendTerm(b, scope, Category, e.Category)
	b = appendTerm(b, scope, Acted, e.Actor.ID)
	if e.Outcome != activitylog.Success {
		b = appendTerm(b, Everywhere, Trouble)
		b = appendTerm(b, scope, Trouble)
		b = appendTerm(b, scope, Outcome, string(e.Outcome))
	}
	for a := e.Action; ; {
		b = appendTerm(b, scope, Action, a)
		dot := strings.LastIndexByte(a, '.')
		if dot < 0 {
			break
		}
		a = a[:dot]
	}
	b = appendTerm(b, scope, Project, e.Project)
	for i := range e.OnBehalfOf {
		b = appendTerm(b, scope, Behalf, e.OnBehalfOf[i].ID)
	}
	if RareSeverity(string(e.Severity)) {
		b = appendTerm(b, scope, Severity, string(e.Severity))
	}
	for i := range e.Targets {
		b = appendTerm(b, scope, Target, e.Targets[i].ID)
	}
	if e.AI != nil && e.AI.Model != "" {
		b = appendTerm(b, scope, Model, e.AI.Model)
	}
	if ip := e.Client.IP; ip.IsValid() {
		b = appendTerm(b, scope, IP, ip.String())
		b = appendTerm(b, scope, Network, InNetwork(ip))
	}
	for _, f := range [...]struct {
		field byte
		value string
	}{{Request, e.Request.ID}, {Session, e.Request.SessionID}, {Operation, e.Request.CorrelationID}} {
		if f.value != "" {
			b = appendTerm(b, scope, f.field, f.value)
		}
	}
	for k, v := range e.Labels {
		b = appendTerm(b, scope, Label, k, v)
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
			b = append(b, Word)
			start = false
		}
		b = append(b, c)
	}
	if !start {
		b = append(b, ' ')
	}
	return b
}

// RareSeverity tells whether a severity has terms.
func RareSeverity(s string) bool {
	return s != string(activitylog.Info) && s != string(activitylog.Low)
}

// NetworkBits is the size of the networks that have terms: smaller ones are looked for inside.
func NetworkBits(ip netip.Addr) int {
	if ip.Is4() {
		return 16
	}
	return 48
}

// InNetwork names the network with terms that ip lies in.
func InNetwork(ip netip.Addr) string {
	p, _ := ip.Prefix(NetworkBits(ip))
	return p.String()
}
