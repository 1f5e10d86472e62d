package integrity

import (
	"slices"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/decision"
	"github.com/google/uuid"
)

// erasures are which parts of which events records say were erased.
type erasures map[eventKey]activitylog.Parts

// erases tells whether an event records an erasure. One that was imported records nothing that happened here.
func erases(e *activitylog.Event) bool { return e.Action == decision.Erase && !e.Backfill }

// note adds what an event says.
func (x erasures) note(e *activitylog.Event) {
	if !erases(e) {
		return
	}
	var parts activitylog.Parts
	for _, name := range texts(e.Metadata["parts"]) {
		if g := slices.Index(groupNames[:textGroup], name); g >= 0 {
			parts |= 1 << g
		}
	}
	if parts == 0 {
		return
	}
	for _, text := range texts(e.Metadata["events"]) {
		if id, err := uuid.Parse(text); err == nil {
			x[eventKey{e.Org, id}] |= parts | 1<<textGroup // the message goes with any
		}
	}
}

// texts are the texts in a list of metadata.
func texts(v any) (list []string) {
	all, _ := v.([]any)
	for _, x := range all {
		if text, ok := x.(string); ok {
			list = append(list, text)
		}
	}
	return list
}

// erasedRow is a row of which parts are gone, to be held against the records of erasures.
type erasedRow struct {
	eventKey
	index int64
	since time.Time
	parts activitylog.Parts
}

// emptied holds the rows of which parts are gone to the records.
func (v *verification) emptied() {
	for _, x := range v.rows.erased {
		named, claimed := v.rows.erasures[x.eventKey], v.rows.claimed[x.eventKey]
		f := Finding{Verdict: Tampered, Check: "erasure", Org: x.org, ID: x.id, Index: x.index, Since: x.since}
		switch {
		case x.parts&^named == 0:
			continue
		case x.parts&^(named|claimed) == 0:
			f.Verdict = Undecided
			f.What = "the row was emptied, and the record that tells why is not sealed yet; verify again when it is, or with the keys"
		case named|claimed == 0:
			f.What = "the row was emptied, and no record of an erasure tells why"
		default:
			f.What = "the row lost more than the records of its erasure name: " + strings.Join(partNames(x.parts&^(named|claimed)), ", ")
		}
		v.found(f)
	}
}
