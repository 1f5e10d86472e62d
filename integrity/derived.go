package integrity

import (
	"context"
	"fmt"

	"github.com/activitylog/activitylog"
	"github.com/google/uuid"
)

// DerivedCheck derives something again from the events of a snapshot and tells what differs from what is kept in its
// spaces, by organization where it is about one. changed tells whether recorded purges removed events of an organization,
// and recorded erasures emptied some.
type DerivedCheck func(ctx context.Context, tail activitylog.Tailer, spaces activitylog.Spacer,
	changed func(org string) (purged, erased bool), found func(what, org string)) error

// derived makes the checks of VerifyOptions.Derived.
func (l *live) derived(v *verification) error {
	if v.rows.halted {
		return nil // not all rows can be read
	}
	emptied := map[string]bool{}
	for _, x := range v.rows.erased {
		emptied[x.org] = true
	}
	changed := func(org string) (purged, erased bool) {
		t := v.byOrg[org]
		return t == nil || t.tree.allowed() > 0, emptied[org] || v.opts.Since != nil // then not all rows were read
	}
	for _, check := range v.opts.Derived {
		err := check(v.ctx, l.Tailer, l.spaces, changed, func(what, org string) {
			v.found(Finding{Verdict: Tampered, Check: "derived", Org: org, ID: uuid.Nil, Index: -1, What: what})
		})
		if err != nil {
			return fmt.Errorf("what was derived: %w", err)
		}
	}
	return nil
}
