package integrity

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/decision"
)

// Health says which guarantees hold for a log at the moment.
type Health struct {
	// Durability is what the store proved of itself: DurablePower, DurableProcess, DurableNot, or empty if it cannot tell.
	Durability string

	Sealed   time.Time      // when the root log grew last; zero: nothing was ever sealed
	Backlog  int            // events that wait for their seal, counted up to 1,000
	Anchors  []AnchorHealth // by name
	Verified Verified       // the newest verification that was recorded
}

// What a store may have proved of its durability.
const (
	DurablePower   = "power"   // what was acknowledged survives the loss of power
	DurableProcess = "process" // it survives the end of the process, and not the loss of power
	DurableNot     = "none"    // it goes with the process
)

// AnchorHealth tells how far an anchor is.
type AnchorHealth struct {
	Name     string
	Anchored time.Time // when it last got the newest checkpoint; zero: never
	Behind   time.Time // since when it lacks a newer one, as a sealer saw; zero: it does not
}

// Verified is what RecordVerification recorded.
type Verified struct {
	At      time.Time // zero: never
	Verdict string    // that of the report; empty: never
}

// Late is what has been late for longer than a time, in words for people; nil: nothing.
func (h *Health) Late(now time.Time, late time.Duration) []string {
	var list []string
	if !h.Sealed.IsZero() && now.Sub(h.Sealed) > late {
		list = append(list, "nothing was sealed since "+stamp(h.Sealed))
	}
	for _, a := range h.Anchors {
		if !a.Behind.IsZero() && now.Sub(a.Behind) > late {
			list = append(list, "anchor "+a.Name+" lacks what was sealed since "+stamp(a.Behind))
		}
	}
	return list
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// HealthOf tells how a log is. It needs no keys: it tells what stands in the database, which Verify checks.
func HealthOf(ctx context.Context, log *activitylog.Log, store activitylog.Store) (Health, error) {
	h, _, err := healthOf(ctx, log, store)
	return h, err
}

func healthOf(ctx context.Context, log *activitylog.Log, store activitylog.Store) (h Health, root tree, err error) {
	fail := func(err error) (Health, tree, error) {
		return Health{}, tree{}, fmt.Errorf("integrity: health: %w", err)
	}
	if s, ok := store.(interface {
		Durability(ctx context.Context) (string, error)
	}); ok {
		if h.Durability, err = s.Durability(ctx); err != nil {
			return fail(err)
		}
	}
	space, err := log.Space(spaceName)
	if err != nil {
		return fail(err)
	}
	var at head
	err = space.View(ctx, func(tx activitylog.SpaceTx) error {
		var nobody *WriterKeys
		if _, err := nobody.getRow(tx, headKey, &at); err != nil {
			return err
		}
		if _, err := nobody.getRow(tx, numberKey('s', 0), &root); err != nil {
			return err
		}
		h.Anchors, err = anchorHealth(tx)
		return err
	})
	if err != nil {
		return fail(err)
	}
	if root.Size > 0 {
		h.Sealed = micro(root.Sealed)
	}
	waiting, _, err := log.Tail(ctx, at.Position, 1000)
	if err != nil {
		return fail(err)
	}
	h.Backlog = len(waiting)
	if h.Verified, err = lastVerified(ctx, log); err != nil {
		return fail(err)
	}
	return h, root, nil
}

func anchorHealth(tx activitylog.SpaceTx) (list []AnchorHealth, err error) {
	for p, err := range tx.Range([]byte("a"), []byte("b")) {
		if err != nil {
			return nil, err
		}
		var state anchorState
		if err := (*WriterKeys)(nil).openRow(p.Key, p.Value, &state); err != nil {
			return nil, fmt.Errorf("row %x of the seals: %w", p.Key, err)
		}
		a := AnchorHealth{Name: string(bytes.Clone(p.Key[1:]))}
		if state.At != 0 {
			a.Anchored = micro(state.At)
		}
		if state.Behind != 0 {
			a.Behind = micro(state.Behind)
		}
		list = append(list, a)
	}
	return list, nil
}

// Health is HealthOf the log that is sealed.
func (s *Sealer) Health(ctx context.Context) (Health, error) { return HealthOf(ctx, s.log, s.store) }

// Watch records, in the log of the platform, what Health says has been late for longer than a time, once for each time
// that it became late. From such an event an alert follows. A Sealer does so by itself, but one that is dead does not:
// have another process do it from time to time, such as a monitor of alerts (monitor.Options.Watch).
func Watch(ctx context.Context, log *activitylog.Log, store activitylog.Store, now time.Time, late time.Duration) error {
	h, root, err := healthOf(ctx, log, store)
	if err != nil {
		return err
	}
	if !h.Sealed.IsZero() && now.Sub(h.Sealed) > late {
		err = tell(ctx, log, sealLate, "sealing", root.Size, errors.New("nothing was sealed since "+stamp(h.Sealed)))
	}
	for _, a := range h.Anchors {
		if !a.Behind.IsZero() && now.Sub(a.Behind) > late {
			err = errors.Join(err, tell(ctx, log, anchorLate, a.Name, a.Behind.UnixMicro(), lateAnchor(a.Anchored)))
		}
	}
	if err != nil {
		return fmt.Errorf("integrity: watch: %w", err)
	}
	return nil
}

// verifyAction is the action under which verifications are recorded.
const verifyAction = "audit.verify"

// RecordVerification records what a verification found, as done by the actor of ctx, in the log of the platform. One
// that is not clean becomes an alert.
func RecordVerification(ctx context.Context, log *activitylog.Log, r *Report) error {
	e := activitylog.Event{
		Org: activitylog.SystemOrg, Action: verifyAction,
		Targets:  []activitylog.Target{{Type: "log range", ID: fmt.Sprintf("%d events", r.Events)}},
		Metadata: map[string]any{"verdict": r.Verdict().String(), "findings": len(r.Findings) + r.More, "events": r.Events, "sealed": r.Sealed},
	}
	if r.Relied != nil {
		e.Metadata["relied"] = r.Relied.Entries // not looked at again
	}
	if verdict := r.Verdict(); verdict != Clean {
		e.Outcome = activitylog.Failure
		for _, f := range r.Findings {
			if f.Verdict == verdict {
				e.Reason = strings.TrimPrefix(f.String(), verdict.String()+": ")
				break
			}
		}
	}
	if _, err := log.Record(decision.With(ctx), e); err != nil {
		return fmt.Errorf("integrity: record the verification: %w", err)
	}
	return nil
}

// lastVerified reads the newest verification that was recorded.
func lastVerified(ctx context.Context, log *activitylog.Log) (Verified, error) {
	q := activitylog.Query{Filter: activitylog.ActionIs(verifyAction)}
	for e, err := range log.Org(activitylog.SystemOrg).Events(ctx, q) {
		if err != nil {
			return Verified{}, err
		}
		if verdict, _ := e.Metadata["verdict"].(string); verdict != "" && !e.Backfill {
			return Verified{At: e.Time, Verdict: verdict}, nil
		}
	}
	return Verified{}, nil
}
