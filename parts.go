package activitylog

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
	if p&OpeningPart != 0 {
		e.Opening = nil
	}
}

func emptyAsNil[T any](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	return list
}
