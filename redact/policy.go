package redact

import (
	"fmt"
	"slices"

	"github.com/activitylog/activitylog"
)

// Options are the choices of a host. The zero value takes out secrets and texts of models, and keeps whole addresses.
type Options struct {
	// Keys are more names whose values are taken out, in words: "iban", "date of birth".
	Keys []string
	// Keep are names that are taken for secrets and are none, in words: "page token". What stands under them is still
	// looked at by the detectors.
	Keep []string
	// Detectors find more secrets in texts, after the built-in ones.
	Detectors []Detector

	// IP says what is kept of the addresses in Event.Client.
	IP IPPolicy
	// IPKey is the secret of the policy Hash: at least 32 random bytes, the same in all processes of the host.
	IPKey []byte

	// KeepTexts keeps the prompts and answers of models. They are personal data as a rule, and can be long.
	KeepTexts bool
	// TextRetention is the retention class of events with such texts; default "ai_text".
	TextRetention string

	// Host sees every event last and takes out what only the host can know. Its error refuses the event.
	Host func(*activitylog.Event) error
}

// Detector finds secrets of one kind.
type Detector struct {
	// Kind is what the mark says, such as "iban": lower-case letters, digits and _.
	Kind string
	// Find returns the parts of a text that are secrets, as pairs of byte offsets, from left to right. It has the form
	// of regexp.Regexp.FindAllStringIndex, and is called with n = -1. It must be safe for concurrent use.
	Find func(text string, n int) [][]int
}

// Policy takes out of events what must not be stored. It is safe for concurrent use.
type Policy struct {
	opts Options
	keys names
}

// minKey is how many bytes the key of the policy Hash has at least.
const minKey = 32

// New returns a policy. nil options mean defaults.
func New(opts *Options) (*Policy, error) {
	p := &Policy{}
	if opts != nil {
		p.opts = *opts
	}
	o := &p.opts
	o.Detectors, o.IPKey = slices.Clone(o.Detectors), slices.Clone(o.IPKey)
	if o.TextRetention == "" {
		o.TextRetention = "ai_text"
	}
	switch o.IP {
	case Full, Prefix, None:
	case Hash:
		if len(o.IPKey) < minKey {
			return nil, invalid("the policy Hash needs an IPKey of at least %d bytes, got %d", minKey, len(o.IPKey))
		}
	default:
		return nil, invalid("IP policy %d; use Full, Prefix, Hash or None", o.IP)
	}
	for _, d := range o.Detectors {
		if d.Find == nil || !validKind(d.Kind) {
			return nil, invalid("detector %q; give Find, and a Kind of lower-case letters, digits and _", d.Kind)
		}
	}
	var err error
	p.keys, err = newNames(o.Keys, o.Keep)
	return p, err
}

func invalid(format string, args ...any) error {
	return fmt.Errorf("redact: %w: %s", activitylog.ErrInvalid, fmt.Sprintf(format, args...))
}

func validKind(kind string) bool {
	for _, c := range []byte(kind) {
		if !isLower(c) && !isDigit(c) && c != '_' {
			return false
		}
	}
	return kind != ""
}

// markOf stands for a secret of a kind.
func markOf(kind string) string { return markStart + kind + "]" }

const markStart = "[redacted:"

// longest is the length of a text above which it is taken out whole: no log keeps so long a one, and looking at it would
// take longer than recording.
const longest = 1 << 20

// Text returns s without the secrets in it. A text of more than 1 MiB becomes a mark.
func (p *Policy) Text(s string) string {
	switch {
	case len(s) < shortest:
		return s
	case len(s) > longest:
		return markOf("too_long")
	}
	s = p.builtin(s)
	for _, d := range p.opts.Detectors {
		s = replaceAll(s, d.Kind, d.Find(s, -1))
	}
	return s
}

// replaceAll replaces parts of a text by the mark of a kind. Offsets that make no sense are a mistake in the host's
// detector; by the panic the event is refused.
func replaceAll(s, kind string, parts [][]int) string {
	if len(parts) == 0 {
		return s
	}
	var out []byte
	end := 0
	for _, part := range parts {
		if len(part) < 2 || part[0] < end || part[1] < part[0] || part[1] > len(s) {
			panic(fmt.Sprintf("redact: detector %s found no valid part of a text; give pairs of offsets from left to right", kind))
		}
		out = append(append(out, s[end:part[0]]...), markOf(kind)...)
		end = part[1]
	}
	return string(append(out, s[end:]...))
}
