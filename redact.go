package activitylog

import (
	"fmt"
	"runtime"
	"slices"
)

// redact replaces e by a copy that hook has seen. The copy holds plain values only, so that no struct or pointer of the
// host hides a text from the hook, and nothing of the caller's is changed.
func (e *Event) redact(hook func(*Event) error) error {
	c, err := e.plain()
	if err != nil {
		return err
	}
	if err := runHook(hook, &c); err != nil {
		return fmt.Errorf(prefix+"redact: %w", err)
	}
	*e = c
	return nil
}

// plain returns a copy of e whose values have their JSON form. A map that holds itself ends, as in cleaning.
func (e *Event) plain() (Event, error) {
	bare := *e
	bare.Changes, bare.Metadata = nil, nil
	c := bare.Clone()
	read := values{maxCleaned}
	c.Changes = slices.Clone(e.Changes)
	for i := range c.Changes {
		ch := &c.Changes[i]
		for _, v := range []*any{&ch.Old, &ch.New} {
			if ch.Secret && *v != nil {
				*v = secretMark
			}
			clean, err := read.clean(*v, maxDepth)
			if err != nil {
				return c, invalid("changes[%d]: %v", i, err)
			}
			*v = clean
		}
	}
	if len(e.Metadata) > 0 {
		clean, err := read.clean(e.Metadata, maxDepth)
		if err != nil {
			return c, invalid("metadata: %v", err)
		}
		c.Metadata = clean.(map[string]any)
	}
	return c, nil
}

// runHook turns a panic of the hook into an error. The error does not quote the panic, which may quote the event.
func runHook(hook func(*Event) error, e *Event) (err error) {
	defer func() {
		switch v := recover().(type) {
		case nil:
		case runtime.Error:
			err = fmt.Errorf("the hook panicked: %w", v)
		default:
			err = fmt.Errorf("the hook panicked with a %T; mend it, the event was not recorded", v)
		}
	}()
	return hook(e)
}
