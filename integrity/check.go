package integrity

import (
	"bytes"

	"github.com/activitylog/activitylog"
)

// differences tells in what a row differs from its leaf, and which groups were erased from it. Groups that have a value
// but nothing that opens it differ too, unless hidden takes them.
func (s *scratch) differences(e *activitylog.Event, l *Leaf, hidden func(group int)) (wrong []string, erased activitylog.Parts) {
	for _, x := range []struct {
		column string
		same   bool
	}{
		{"recorded", e.Recorded.UnixMicro() == l.Recorded},
		{"time", e.Time.UnixMicro() == l.Time},
		{"category", e.Category == l.Category},
		{"action", e.Action == l.Action},
		{"outcome", string(e.Outcome) == l.Outcome},
		{"severity", string(e.Severity) == l.Severity},
		{"retention", e.Retention == l.Retention},
	} {
		if !x.same {
			wrong = append(wrong, x.column)
		}
	}
	if len(wrong) == 0 && !bytes.Equal(s.kept(e), l.Kept) {
		wrong = append(wrong, "data that is never erased")
	}
	groups, erased := s.openGroups(e, &l.Commitments, hidden)
	return append(wrong, groups...), erased
}

// openGroups holds the groups of a row to their commitments.
func (s *scratch) openGroups(e *activitylog.Event, commitments *[groups][]byte, hidden func(group int)) (wrong []string, erased activitylog.Parts) {
	salts, ok := parseOpening(e.Opening)
	if !ok {
		return []string{"opening"}, 0
	}
	gone := false // whether any group was erased, and with it the message
	for g := range groups {
		if len(commitments[g]) > 0 && salts[g] == nil {
			gone = true
			erased |= 1 << g
		}
	}
	var seen [groups]bool
	s.groupValues(e, func(g int, value []byte) {
		seen[g] = true
		switch {
		case salts[g] != nil:
			if !bytes.Equal(commitment(salts[g], g, value), commitments[g]) {
				wrong = append(wrong, groupNames[g])
			}
		case gone && isErased(e, g):
		case hidden != nil && len(commitments[g]) > 0:
			hidden(g)
		default:
			wrong = append(wrong, groupNames[g])
		}
	})
	for g := range groups {
		if !seen[g] && salts[g] != nil && !bytes.Equal(commitment(salts[g], g, []byte(absent)), commitments[g]) {
			wrong = append(wrong, groupNames[g])
		}
	}
	return wrong, erased
}

// isErased tells whether a group holds what an erasure leaves.
func isErased(e *activitylog.Event, group int) bool {
	c := *e
	parts := activitylog.Parts(1) << group
	if group == textGroup {
		parts = activitylog.ActorPart
	}
	parts.Erase(&c)
	var a, b scratch
	return bytes.Equal(a.group(e, group), b.group(&c, group))
}
