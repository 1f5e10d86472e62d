package retention

import (
	"context"
	"fmt"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/settings"
)

// Options are choices of a host. The zero value is ready to use.
type Options struct {
	// Now is the clock by which events grow old; default time.Now. One that is ahead removes events early: nothing else
	// tells a purge what time it is.
	Now func() time.Time
	// Lease is how long a purge that died, and whose death nobody saw, holds up decisions and the next purge; default 15s.
	// A step of a purge that takes half of it is undone.
	Lease time.Duration
}

// Keeper keeps the rules and holds of a log and purges it. Several may run, in any number of processes: on a store with
// spaces only one deletes at a time, and a decision waits for the step that is under way. On other stores that holds
// within one Keeper. It is safe for concurrent use.
type Keeper struct {
	log   *activitylog.Log
	store activitylog.Store
	now   func() time.Time
	turn  turn
	stats stats
}

// New returns a keeper of the log over its store. To purge, the store must be an activitylog.Pruner.
func New(log *activitylog.Log, store activitylog.Store, opts *Options) (*Keeper, error) {
	o := Options{}
	if opts != nil {
		o = *opts
	}
	if log == nil || store == nil || o.Lease < 0 {
		return nil, fmt.Errorf("retention: %w: a keeper needs a log, its store and no negative lease", activitylog.ErrInvalid)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Lease == 0 {
		o.Lease = 15 * time.Second
	}
	k := &Keeper{log: log, store: store, now: o.Now}
	k.turn = turn{now: o.Now, lease: o.Lease, inside: make(chan struct{}, 1)}
	if s, ok := store.(activitylog.Spacer); ok {
		k.turn.space = s.Space("activitylog/retention")
	}
	return k, nil
}

const settingName = "retention"

// Rules returns the rules of an organization, or those of the platform for the empty org.
func (k *Keeper) Rules(ctx context.Context, org string) ([]Rule, error) {
	rules, _, err := k.rules(ctx, org)
	return rules, err
}

func (k *Keeper) rules(ctx context.Context, org string) ([]Rule, activitylog.Event, error) {
	var rules []Rule
	e, err := settings.Get(ctx, k.log, org, settingName, &rules)
	if err != nil {
		return nil, e, fmt.Errorf("retention: rules: %w", err)
	}
	return rules, e, nil
}

// SetRules replaces the rules of an organization, or those of the platform for the empty org. It is a decision of the
// actor of ctx, recorded with before and after. A purge that is under way goes by the new rules from its next step on.
func (k *Keeper) SetRules(ctx context.Context, org string, rules []Rule, reason string) error {
	if err := checkRules(rules); err != nil {
		return err
	}
	if rules == nil {
		rules = []Rule{}
	}
	return k.decide(ctx, "set rules", func() error {
		before, event, err := k.rules(ctx, org)
		if err != nil {
			return err
		}
		return settings.Set(ctx, k.log, k.now(), event, org, settingName, rules, changes(before, rules), reason)
	})
}

// decide makes a decision while no purge deletes.
func (k *Keeper) decide(ctx context.Context, what string, f func() error) error {
	t, err := k.turn.take(ctx)
	if err == nil {
		err = t.end(ctx, true, f()) // also after an error, which may have come behind the record
	}
	if err != nil {
		return fmt.Errorf("retention: %s: %w", what, err)
	}
	return nil
}
