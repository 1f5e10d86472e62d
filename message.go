package activitylog

import "strings"

// render writes the sentence for people: who did or tried what.
func (a Action) render(e *Event) string {
	done, do := a.Done, a.Do
	var b strings.Builder
	b.WriteString(e.Actor.display())
	for _, d := range e.OnBehalfOf {
		if d.Relation == Impersonates {
			b.WriteString(" as ")
		} else {
			b.WriteString(" for ")
		}
		b.WriteString(d.display())
	}
	phrase := done
	switch e.Outcome {
	case Failure:
		b.WriteString(" failed to ")
		phrase = do
	case Denied:
		b.WriteString(" was not allowed to ")
		phrase = do
	case InProgress:
		b.WriteString(" began to ")
		phrase = do
	case Unknown:
		b.WriteString(" may have tried to ")
		phrase = do
	default:
		b.WriteByte(' ')
	}
	if phrase == "" {
		phrase = "did " + e.Action
		switch e.Outcome {
		case Failure, Denied, InProgress, Unknown:
			phrase = "do " + e.Action
		}
		if len(e.Targets) > 0 {
			phrase += " on {target}"
		}
	}
	fillPhrase(&b, phrase, e)
	if e.Reason != "" && !strings.Contains(phrase, "{reason}") {
		b.WriteString(": ")
		b.WriteString(e.Reason)
	}
	return b.String()
}

// fillPhrase writes the phrase with its placeholders filled. An unknown placeholder stays as it stands.
func fillPhrase(b *strings.Builder, phrase string, e *Event) {
	for {
		before, rest, ok := strings.Cut(phrase, "{")
		b.WriteString(before)
		if !ok {
			return
		}
		name, after, ok := strings.Cut(rest, "}")
		if !ok {
			b.WriteString("{" + rest)
			return
		}
		b.WriteString(placeholder(name, e))
		phrase = after
	}
}

func placeholder(name string, e *Event) string {
	switch name {
	case "target":
		if len(e.Targets) > 0 {
			return e.Targets[0].display()
		}
		return "something"
	case "targets":
		names := make([]string, 0, len(e.Targets))
		for _, t := range e.Targets {
			names = append(names, t.display())
		}
		if len(names) == 0 {
			return "something"
		}
		return strings.Join(names, ", ")
	case "project":
		return e.Project
	case "reason":
		return e.Reason
	case "model":
		if m := e.model(); m != "" {
			return m
		}
		return "a model"
	case "previous_model":
		if e.AI != nil && e.AI.PreviousModel != "" {
			return e.AI.PreviousModel
		}
		return "another model"
	}
	return "{" + name + "}"
}

func (a *Actor) display() string {
	switch {
	case a.Name != "":
		return a.Name
	case a.Email != "":
		return a.Email
	case a.ID != "":
		return a.ID
	case a.Type == Anonymous:
		return "Somebody"
	}
	return "The system"
}

func (t *Target) display() string {
	if t.Name != "" {
		return t.Name
	}
	return strings.TrimSpace(t.Type + " " + t.ID)
}
