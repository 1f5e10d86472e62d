package activitylog

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Limits bound the parts of an event, in bytes or in entries. A zero field means its default. What is over a limit is
// cut, ends in a visible mark and is listed in Event.Truncated with its original size and hash; only an organization,
// project, category or action that is too long is refused, since cutting those would change whose event it is.
type Limits struct {
	ID          int // identifiers, types, codes and other short texts; default 256
	Name        int // names, e-mails, user agents, URLs and reasons; default 512
	Message     int // default 1 KiB
	Metadata    int // the JSON form; default 16 KiB
	ChangeValue int // one old or new value, in its JSON form unless it is a text; default 4 KiB
	Changes     int // entries; default 64
	Targets     int // entries; default 32
	Labels      int // entries; default 16
	Event       int // the JSON form of it all, without Truncated, Leaf and Opening; default 64 KiB
}

// Lists that no host needs to be long; Metadata is the place for more.
const (
	maxDelegations = 8
	maxListed      = 32   // roles, forwarded addresses, tool names
	maxDepth       = 16   // nesting of metadata and change values
	maxNotes       = 1000 // cuts that are told of
)

func (l Limits) withDefaults() Limits {
	for _, f := range []struct {
		v *int
		d int
	}{
		{&l.ID, 256}, {&l.Name, 512}, {&l.Message, 1 << 10}, {&l.Metadata, 16 << 10}, {&l.ChangeValue, 4 << 10},
		{&l.Changes, 64}, {&l.Targets, 32}, {&l.Labels, 16}, {&l.Event, 64 << 10},
	} {
		if *f.v == 0 {
			*f.v = f.d
		}
	}
	return l
}

func (l Limits) validate() error {
	if min(l.ID, l.Name, l.Message, l.Metadata, l.ChangeValue, l.Event) < 64 {
		return invalid("limits of text must be at least 64 bytes")
	}
	if min(l.Changes, l.Targets, l.Labels) < 1 {
		return invalid("limits of lists must be at least 1")
	}
	return nil
}

// cutMark ends every text that was cut.
const cutMark = "…[cut]"

// cutText keeps the beginning of s and marks the cut; the result has at most limit bytes.
func cutText(s string, limit int) string {
	return head(s, limit-len(cutMark)) + cutMark
}

// cutJSON is cutText for a limit of the JSON form.
func cutJSON(s string, limit int) string {
	for n := limit; ; {
		short := cutText(s, n)
		over := len(appendString(nil, short)) - limit
		if over <= 0 {
			return short
		}
		n -= (over + 5) / 6 // an escaped byte takes up to six
	}
}

// cutID keeps identifiers apart that begin alike.
func cutID(s string, limit int) string {
	sum := sha256.Sum256([]byte(s))
	mark := fmt.Sprintf("…#%x", sum[:8])
	return head(s, limit-len(mark)) + mark
}

// head is the longest beginning of s within n bytes that does not split a character.
func head(s string, n int) string {
	n = min(max(n, 0), len(s))
	for n > 0 && n < len(s) && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

func cutOf(path string, original []byte) Cut {
	sum := sha256.Sum256(original)
	return Cut{Path: path, Bytes: len(original), SHA256: hex.EncodeToString(sum[:])}
}

// replacement stands for what no store can hold.
const replacement = "\uFFFD"

// cleanText replaces NUL and invalid UTF-8, which PostgreSQL refuses and SQLite misreads.
func cleanText(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, replacement)
	}
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", replacement)
	}
	return s
}
