package export

import (
	"bytes"
	"slices"
)

// cell appends the JSON form of the one field that was set in v.part, as Event.AppendJSON writes it. path is what stands
// in front of its value, such as `"actor":{"roles":`, and nested how many objects it opens.
func (v *values) cell(b []byte, path string, nested int) []byte {
	v.json = v.part.AppendJSON(v.json[:0])
	value := v.json[bytes.IndexByte(v.json, ',')+1+len(path) : len(v.json)-1-nested]
	b = append(slices.Grow(b, 2*len(value)+2), '"')
	// Most of it is short words in quotes: a byte at a time into room that is known to suffice.
	room, n := b[len(b):cap(b)], 0
	for _, c := range value {
		room[n] = c
		if n++; c == '"' {
			room[n] = c
			n++
		}
	}
	b = append(b[:len(b)+n], '"')
	if cap(v.json) > 4*bufferSize {
		v.json = nil
	}
	return b
}

func jsonRoles(v *values, b []byte, e *event) []byte {
	if len(e.Actor.Roles) == 0 {
		return b
	}
	v.part.Actor.Roles = e.Actor.Roles
	b = v.cell(b, `"actor":{"roles":`, 1)
	v.part.Actor.Roles = nil
	return b
}

func jsonOnBehalfOf(v *values, b []byte, e *event) []byte {
	if len(e.OnBehalfOf) == 0 {
		return b
	}
	v.part.OnBehalfOf = e.OnBehalfOf
	b = v.cell(b, `"on_behalf_of":`, 0)
	v.part.OnBehalfOf = nil
	return b
}

// jsonMoreTargets leaves out the first target, which has columns of its own.
func jsonMoreTargets(v *values, b []byte, e *event) []byte {
	if len(e.Targets) < 2 {
		return b
	}
	v.part.Targets = e.Targets[1:]
	b = v.cell(b, `"targets":`, 0)
	v.part.Targets = nil
	return b
}

func jsonChanges(v *values, b []byte, e *event) []byte {
	if len(e.Changes) == 0 {
		return b
	}
	v.part.Changes = e.Changes
	b = v.cell(b, `"changes":`, 0)
	v.part.Changes = nil
	return b
}

func jsonForwarded(v *values, b []byte, e *event) []byte {
	if len(e.Client.Forwarded) == 0 {
		return b
	}
	v.part.Client.Forwarded = e.Client.Forwarded
	b = v.cell(b, `"client":{"forwarded":`, 1)
	v.part.Client.Forwarded = nil
	return b
}

func jsonToolNames(v *values, b []byte, e *event) []byte {
	if e.AI == nil || len(e.AI.ToolNames) == 0 {
		return b
	}
	v.part.AI = &usage{ToolNames: e.AI.ToolNames}
	b = v.cell(b, `"ai":{"tool_names":`, 1)
	v.part.AI = nil
	return b
}

func jsonLabels(v *values, b []byte, e *event) []byte {
	if len(e.Labels) == 0 {
		return b
	}
	v.part.Labels = e.Labels
	b = v.cell(b, `"labels":`, 0)
	v.part.Labels = nil
	return b
}

func jsonMetadata(v *values, b []byte, e *event) []byte {
	if len(e.Metadata) == 0 {
		return b
	}
	v.part.Metadata = e.Metadata
	b = v.cell(b, `"metadata":`, 0)
	v.part.Metadata = nil
	return b
}

func jsonTruncated(v *values, b []byte, e *event) []byte {
	if len(e.Truncated) == 0 {
		return b
	}
	v.part.Truncated = e.Truncated
	b = v.cell(b, `"truncated":`, 0)
	v.part.Truncated = nil
	return b
}
