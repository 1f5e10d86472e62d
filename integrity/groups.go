package integrity

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"

	"github.com/activitylog/activitylog"
)

// The groups of an event that can be erased. The first four are those of activitylog.Parts, in the same order.
const (
	actorGroup = iota
	targetGroup
	clientGroup
	contentGroup
	textGroup // the message, which goes with any of the others
	groups
)

var groupNames = [groups]string{"actor", "target", "network", "metadata", "text"}

const commitPrefix = "activitylog/commit/v1\n"

// absent is the JSON form of an event with nothing in it.
var absent = string((&activitylog.Event{}).AppendJSON(nil))

// scratch is room for the JSON forms of parts of events. It saves most of the allocations.
type scratch struct {
	part activitylog.Event // empty between calls
	json []byte
}

// groupValues calls f with the bytes of each group that has content: the JSON form of an event with nothing else in it.
func (s *scratch) groupValues(e *activitylog.Event, f func(group int, value []byte)) {
	for g := range groups {
		if value := s.group(e, g); string(value) != absent {
			f(g, value)
		}
	}
}

func (s *scratch) group(e *activitylog.Event, g int) []byte {
	s.fill(e, g)
	s.json = s.part.AppendJSON(s.json[:0])
	s.fill(&activitylog.Event{}, g) // clearing all of it would cost more than all else here
	return s.json
}

// fill sets the fields of a group.
func (s *scratch) fill(e *activitylog.Event, g int) {
	only := &s.part
	switch g {
	case actorGroup:
		only.Actor, only.OnBehalfOf = e.Actor, e.OnBehalfOf
	case targetGroup:
		only.Targets = e.Targets
	case clientGroup:
		only.Client, only.Request = e.Client, e.Request
		only.Request.Method, only.Request.Route, only.Request.Origin = "", "", ""
	case contentGroup:
		only.Reason, only.Changes, only.Labels, only.Metadata, only.Truncated = e.Reason, e.Changes, e.Labels, e.Metadata, e.Truncated
	case textGroup:
		only.Message = e.Message
	}
}

// kept is the hash of all that no erasure touches.
func (s *scratch) kept(e *activitylog.Event) []byte {
	rest := *e
	activitylog.AllParts.Erase(&rest)
	rest.Leaf = nil
	s.json = rest.AppendJSON(s.json[:0])
	sum := sha256.Sum256(s.json)
	return sum[:]
}

// commitment binds a value without telling it: the salt is secret, random and of one size.
func commitment(salt []byte, group int, value []byte) []byte {
	b := make([]byte, 0, 1024)
	b = append(append(append(b, commitPrefix...), salt...), byte(group))
	b = append(binary.BigEndian.AppendUint64(b, uint64(len(value))), value...)
	sum := sha256.Sum256(b)
	return sum[:]
}

// An opening is a version, the mask of the groups and a salt of 16 bytes for each; activitylog.Parts.Erase knows it.
const (
	openingVersion = 1
	saltSize       = 16
)

// openingOf makes an opening of the salts of the groups in mask.
func openingOf(mask byte, salts *[groups][saltSize]byte) []byte {
	b := make([]byte, 2, 2+saltSize*bits.OnesCount8(mask))
	b[0], b[1] = openingVersion, mask
	for g := range groups {
		if mask>>g&1 != 0 {
			b = append(b, salts[g][:]...)
		}
	}
	return b
}

// parseOpening returns the salts that are left of an opening. None at all is what is left when all were erased.
func parseOpening(b []byte) (salts [groups][]byte, ok bool) {
	if len(b) == 0 {
		return salts, true
	}
	if len(b) < 2 || b[0] != openingVersion || b[1]>>groups != 0 || len(b) != 2+saltSize*bits.OnesCount8(b[1]) {
		return salts, false
	}
	rest := b[2:]
	for g := range groups {
		if b[1]>>g&1 != 0 {
			salts[g], rest = rest[:saltSize:saltSize], rest[saltSize:]
		}
	}
	return salts, true
}
