package integrity

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Verdict is what a verification found, in the order of how bad it is.
type Verdict int

// The verdicts.
const (
	Clean     Verdict = iota
	Undecided         // something is missing without which nobody can tell
	Tampered          // something was changed
)

func (v Verdict) String() string {
	return [...]string{"clean", "undecided", "tampered"}[v]
}

// Finding is one thing that is not as it should be.
type Finding struct {
	Verdict Verdict
	Check   string    // which check found it, such as "row" or "root"
	What    string    // for people; it quotes nothing of an event
	Org     string    // empty: the log as a whole
	ID      uuid.UUID // of the event, if it is about one
	Index   int64     // of its entry in the tree of the organization; -1: none
	Since   time.Time // it was still in order when this was sealed; zero: it is not known
}

func (f Finding) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", f.Verdict, f.What)
	if f.Org != "" {
		fmt.Fprintf(&b, " (organization %q", f.Org)
		if f.ID != uuid.Nil {
			fmt.Fprintf(&b, ", event %s", f.ID)
		}
		if f.Index >= 0 {
			fmt.Fprintf(&b, ", entry %d", f.Index)
		}
		b.WriteByte(')')
	}
	if !f.Since.IsZero() {
		fmt.Fprintf(&b, "; it happened after %s", f.Since.Format(time.RFC3339))
	}
	return b.String()
}

// Report is what a verification says.
type Report struct {
	Findings []Finding // the first 1,000
	More     int       // findings beyond those

	Events   int64 // rows that were read
	Sealed   int64 // entries in the trees
	Unsealed int64 // rows that wait for their seal
	Pruned   int64 // of those, entries that were pruned themselves
	Purged   int64 // entries whose rows a recorded purge removed
	Erased   int64 // rows that a recorded erasure emptied
	Adopted  int64 // entries of events that came without evidence before there was any
	Trees    int   // of organizations

	Anchors  []Anchored // by name
	Hidden   int64      // rows of a bundle of which parts were hidden from whoever got it
	Others   int64      // seals of organizations that a bundle leaves out
	Manifest *Manifest  // of a bundle; nil: it was a database
	Relied   *Reliance  // what was taken from an earlier verification; nil: nothing
	Vouch    []byte     // for VerifyOptions.Since of a later verification; nil unless all is clean

	Root   string    // the newest checkpoint of the root log, to be kept somewhere else
	AsOf   time.Time // of the newest entry of the root log
	Intact int       // organizations in which nothing was found
}

const maxFindings = 1000

// addTo adds a finding to a list that has an end. One that is worse than all of a full list takes the last place there.
func (f Finding) addTo(list []Finding, more *int) []Finding {
	if len(f.Org) > longestOrg {
		f.Org = strings.ToValidUTF8(f.Org[:longestOrg], "") + "…"
	}
	if len(list) < maxFindings {
		return append(list, f)
	}
	*more++
	if f.Verdict > worst(list) {
		list[len(list)-1] = f
	}
	return list
}

// longestOrg is how much of a name is kept that files may make as long as they like.
const longestOrg = 1024

// Verdict is the worst of the findings.
func (r *Report) Verdict() Verdict { return worst(r.Findings) }

func worst(list []Finding) Verdict {
	v := Clean
	for _, f := range list {
		v = max(v, f.Verdict)
	}
	return v
}
