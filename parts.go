package activitylog

import "math/bits"

// Parts names groups of an event that hold personal data, for erasure.
type Parts uint8

// The parts.
const (
	ActorPart   Parts = 1 << iota // names, e-mails and ids of actors
	TargetPart                    // names, ids and addresses of targets
	ClientPart                    // addresses, user agents, session and request ids
	ContentPart                   // message, reason, changes, labels and metadata
	OpeningPart                   // what opens the evidence

	AllParts = ActorPart | TargetPart | ClientPart | ContentPart | OpeningPart
)

// erased stands where a value that an event needs was erased.
const erased = "[erased]"

// Erase takes the parts out of e. It defines what a store's Erase leaves. A message always goes, since it may quote any part.
func (p Parts) Erase(e *Event) {
	if p == 0 {
		return
	}
	e.Message = erased
	if p&ActorPart != 0 {
		e.Actor = Actor{Type: e.Actor.Type, ID: erased}
		behalf := make([]Delegation, len(e.OnBehalfOf))
		for i, d := range e.OnBehalfOf {
			behalf[i] = Delegation{Actor: Actor{Type: d.Type, ID: erased}, Relation: d.Relation}
		}
		e.OnBehalfOf = emptyAsNil(behalf)
	}
	if p&TargetPart != 0 {
		targets := make([]Target, len(e.Targets))
		for i, t := range e.Targets {
			targets[i] = Target{Type: t.Type, ID: erased}
		}
		e.Targets = emptyAsNil(targets)
	}
	if p&ClientPart != 0 {
		e.Client = Client{}
		e.Request = Request{Method: e.Request.Method, Route: e.Request.Route, Origin: e.Request.Origin}
	}
	if p&ContentPart != 0 {
		e.Reason, e.Changes, e.Labels, e.Metadata, e.Truncated = "", nil, nil, nil, nil
	}
	e.Opening = p.closed(e.Opening)
}

const (
	openingVersion = 1
	saltSize       = 16
	textGroup      = 1 << 4 // the group of the message, which goes with any part
)

// closed is an opening without the salts of the parts, without which nobody can guess what was erased. An opening is
// a version, the mask of its groups and a salt for each: those of the parts in their order, and last of the message.
func (p Parts) closed(opening []byte) []byte {
	if p&OpeningPart != 0 {
		return nil
	}
	if len(opening) < 2 || opening[0] != openingVersion || opening[1]>>5 != 0 ||
		len(opening) != 2+saltSize*bits.OnesCount8(opening[1]) {
		return opening // none that package integrity made
	}
	left := []byte{openingVersion, opening[1] &^ (byte(p) | textGroup)}
	for i, salt := 0, opening[2:]; i < 5; i++ {
		if opening[1]>>i&1 == 0 {
			continue
		}
		if left[1]>>i&1 != 0 {
			left = append(left, salt[:saltSize]...)
		}
		salt = salt[saltSize:]
	}
	return left
}

func emptyAsNil[T any](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	return list
}
