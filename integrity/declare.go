package integrity

import (
	"context"
	"fmt"
	"slices"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/settings"
	"golang.org/x/mod/sumdb/note"
)

// sealingSetting is the name of the setting that says how the log is sealed.
const sealingSetting = "sealing"

// sealing is its value.
type sealing struct {
	On      bool     `json:"on"`
	Key     string   `json:"key"`     // by which it is sealed: its name and hash
	Anchors []string `json:"anchors"` // that keep checkpoints elsewhere, sorted
}

func keyName(k note.Signer) string { return fmt.Sprintf("%s+%08x", k.Name(), k.KeyHash()) }

// sealingAs is how this sealer seals, with a key.
func (s *Sealer) sealingAs(key note.Signer) sealing {
	x := sealing{On: true, Key: keyName(key), Anchors: []string{}}
	for _, a := range s.opts.Anchors {
		x.Anchors = append(x.Anchors, a.Name())
	}
	slices.Sort(x.Anchors)
	return x
}

// declare records how the log is sealed from now on, if that is another way than before, as a decision of the actor of
// ctx.
func (s *Sealer) declare(ctx context.Context, x sealing, reason string) error {
	before := sealing{Anchors: []string{}}
	event, err := settings.Get(ctx, s.log, "", sealingSetting, &before)
	if err != nil {
		return fmt.Errorf("integrity: declare: %w", err)
	}
	if changes := x.changes(before); len(changes) > 0 {
		if err := settings.Set(ctx, s.log, s.opts.Now(), event, "", sealingSetting, x, changes, reason); err != nil {
			return fmt.Errorf("integrity: declare: %w", err)
		}
	}
	return nil
}

// theSealer acts where no person does.
var theSealer = activitylog.Actor{Type: activitylog.System, ID: "sealer", Name: "The sealer"}

func (x sealing) changes(before sealing) []activitylog.Change {
	state := map[bool]string{true: "on", false: "off"}
	var list []activitylog.Change
	if x.On != before.On {
		list = append(list, activitylog.Change{Path: "sealing", Old: state[before.On], New: state[x.On]})
	}
	if x.Key != before.Key {
		list = append(list, activitylog.Change{Path: "sealing_key", Old: before.Key, New: x.Key})
	}
	if !slices.Equal(x.Anchors, before.Anchors) {
		list = append(list, activitylog.Change{Path: "sealing_anchors", Old: values(before.Anchors), New: values(x.Anchors)})
	}
	return list
}

func values(list []string) []any {
	all := make([]any, len(list))
	for i, s := range list {
		all[i] = s
	}
	return all
}

// SwitchOff ends the sealing of the log by a decision of the actor of ctx, which is the last that is sealed and
// anchored. Sealers of other processes go on until they are closed. Start switches it on again, which is told too.
func (s *Sealer) SwitchOff(ctx context.Context, reason string) error {
	s.halt()
	s.sealing.Lock()
	x := s.sealingAs(s.keys.Signer)
	s.sealing.Unlock()
	x.On = false
	if err := s.declare(ctx, x, reason); err != nil {
		return err
	}
	event, err := settings.Get(ctx, s.log, "", sealingSetting, &x)
	if err == nil {
		err = s.await(ctx, event.ID)
	}
	if err != nil {
		return fmt.Errorf("integrity: switch off: %w", err)
	}
	return s.Close(ctx)
}
