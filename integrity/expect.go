package integrity

import (
	"fmt"
	"slices"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/decision"
	"github.com/activitylog/activitylog/internal/settings"
	"github.com/google/uuid"
)

// declaration is what an event tells of how the log is sealed.
type declaration struct {
	sealing
	at time.Time
	id uuid.UUID
}

// declaredBy returns what an event declares.
func declaredBy(e *activitylog.Event) (declaration, bool) {
	x := declaration{at: e.Time, id: e.ID}
	ok := e.Action == decision.Setting && e.Org == activitylog.SystemOrg && settings.Decides(e) &&
		e.Targets[0].ID == sealingSetting && settings.Decode(e, &x.sealing) == nil
	return x, ok
}

// expected holds what is sealed and anchored to what was declared.
func (v *verification) expected() {
	undecided := func(check, format string, args ...any) {
		v.found(Finding{Verdict: Undecided, Check: check, Org: activitylog.SystemOrg, Index: -1, What: fmt.Sprintf(format, args...)})
	}
	d := v.rows.declared
	waiting := v.rows.unsealed
	switch {
	case d != nil && !d.On && len(waiting) > 0:
		undecided("off", "sealing was switched off at %s, as event %s tells; %d rows since then are not protected", stamp(d.at), d.id, len(waiting))
	case v.opts.MaxSilence > 0 && len(waiting) > 0:
		oldest := slices.MinFunc(waiting, func(a, b unsealedRow) int { return a.recorded.Compare(b.recorded) }).recorded
		if v.opts.now().Sub(oldest) > v.opts.MaxSilence {
			undecided("off", "%d rows wait for their seal, the oldest since %s: sealing stands still, and nobody declared that it was switched off",
				len(waiting), stamp(oldest))
		}
	}
	if d == nil || v.live == nil {
		return
	}
	for _, name := range d.Anchors {
		if v.anchors[name] == nil {
			undecided("anchor", "anchor %q was declared, and nothing is known of it any more", name)
		}
	}
}
