package access

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/google/uuid"
)

// Options are choices of a host. The zero value is ready to use.
type Options struct {
	// Fold is for how long views by one person with one filter count as one, from the first on; default 5 minutes, which
	// is also the most.
	Fold time.Duration
	// Now is the clock; default time.Now. It should be that of the log.
	Now func() time.Time
}

// Guard makes readers from grants and remembers which views were recorded. One serves a whole host; it is safe for
// concurrent use.
type Guard struct {
	log  *activitylog.Log
	fold time.Duration
	now  func() time.Time

	mu    sync.Mutex
	views map[view]*seen
}

// view is what makes two views the same.
type view struct {
	kind  activitylog.ActorType
	actor string
	scope scope
	what  string
}

// seen is when a view was recorded last. Its lock is held while one is recorded, so that others wait for it.
type seen struct {
	mu    sync.Mutex
	id    uuid.UUID
	at    time.Time
	until time.Time // zero: not recorded
}

const maxFold = 5 * time.Minute

// New returns a guard over a log.
func New(log *activitylog.Log, opts *Options) (*Guard, error) {
	o := Options{}
	if opts != nil {
		o = *opts
	}
	if log == nil || o.Fold < 0 || o.Fold > maxFold {
		return nil, fmt.Errorf("access: %w: a guard needs a log, and folds views for at most %v", activitylog.ErrInvalid, maxFold)
	}
	if o.Fold == 0 {
		o.Fold = maxFold
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Guard{log: log, fold: o.Fold, now: o.Now, views: map[view]*seen{}}, nil
}

// Reader returns a reader of what g covers. Its methods check the rights; what is wrong with the grant itself they
// return too.
func (g *Guard) Reader(grant Grant) Reader {
	r := Reader{guard: g, grant: grant, err: grant.check()}
	if r.err != nil {
		return r
	}
	if grant.scope.kind == "platform" {
		r.base = g.log.AllOrgs()
	} else {
		r.base = g.log.Org(grant.scope.org)
	}
	return r
}

// home is the organization whose log holds the record of a reading.
func (s scope) home() string {
	if s.kind == "platform" {
		return activitylog.SystemOrg
	}
	return s.org
}

// reading is one act of reading before it is recorded.
type reading struct {
	filter activitylog.Filter // that is recorded
	within activitylog.Filter // what is asked of it
	how    string             // page, events, count, figures, watch, event or export
	event  uuid.UUID          // the opened event, if it is one
}

// what makes two readings of one reader the same.
func (a reading) what() string {
	if a.how == "event" {
		return a.event.String()
	}
	text := a.filter.String()
	if len(text) > 64 {
		sum := sha256.Sum256([]byte(text))
		return "#" + hex.EncodeToString(sum[:])
	}
	return ":" + text
}

// record is the event of a reading.
func (g Grant) record(action string, a reading) activitylog.Event {
	target := activitylog.Target{Type: "log range", ID: g.scope.String()}
	if a.how == "event" {
		target = activitylog.Target{Type: "event", ID: a.event.String()}
	}
	e := activitylog.Event{
		Org: g.scope.home(), Action: action, Actor: g.actor, OnBehalfOf: g.behalf, Project: g.scope.project,
		Targets:  []activitylog.Target{target},
		Metadata: map[string]any{"scope": g.scope.String(), "how": a.how, "what": a.what()},
	}
	if a.how != "event" {
		e.Metadata["filter"] = shortened(a.filter.String())
	}
	return e
}

// shortened keeps a long filter from filling the metadata; its hash stands beside it.
func shortened(text string) string {
	const most = 4 << 10
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

// under is a context whose project is that of the reader, not that of the request.
func (s scope) under(ctx context.Context) context.Context {
	return activitylog.WithOrg(ctx, s.home(), s.project)
}

// String names the scope.
func (s scope) String() string {
	switch s.kind {
	case "project":
		return "project " + s.project
	case "own":
		return "own activity"
	case "platform":
		return "all organizations"
	}
	return "organization"
}

func (g Grant) view(what string) view {
	return view{g.actor.Type, g.actor.ID, g.scope, what}
}

// viewed records a view, unless the same was recorded a moment ago, and returns the event that stands for it.
func (g *Guard) viewed(ctx context.Context, grant Grant, a reading) (uuid.UUID, error) {
	s := g.entry(grant.view(a.what()))
	s.mu.Lock()
	defer s.mu.Unlock()
	now := g.now()
	if now.Before(s.until) && !now.Before(s.at) {
		return s.id, nil
	}
	e, err := g.earlier(ctx, grant, a, now)
	if err != nil {
		return uuid.Nil, fmt.Errorf("access: look for the last view: %w", err)
	}
	if e.ID == uuid.Nil {
		e = grant.record("audit.view", a)
		e.Time = now
		if e.ID, err = g.log.Record(grant.scope.under(ctx), e); err != nil {
			return uuid.Nil, fmt.Errorf("access: nothing is shown, since the view could not be recorded: %w", err)
		}
	}
	s.id, s.at, s.until = e.ID, e.Time, e.Time.Add(g.fold)
	return s.id, nil
}

// entry returns the state of one view, and forgets those that are over once there are many.
func (g *Guard) entry(v view) *seen {
	const many = 4096
	g.mu.Lock()
	defer g.mu.Unlock()
	if s := g.views[v]; s != nil {
		return s
	}
	if len(g.views) >= many {
		now := g.now()
		for k, s := range g.views {
			if s.mu.TryLock() {
				if !now.Before(s.until) || len(g.views) >= 2*many {
					delete(g.views, k)
				}
				s.mu.Unlock()
			}
		}
	}
	s := &seen{}
	g.views[v] = s
	return s
}

// earlier looks for the record of the same view that another process, or this one before it restarted, has made.
func (g *Guard) earlier(ctx context.Context, grant Grant, a reading, now time.Time) (activitylog.Event, error) {
	want := grant.record("audit.view", a)
	f := activitylog.All(activitylog.ActionIs("audit.view"), activitylog.ActedBy(grant.actor.ID),
		activitylog.Since(now.Add(-g.fold).Add(time.Microsecond)), activitylog.Before(now.Add(time.Microsecond)))
	for e, err := range g.log.Org(want.Org).Events(ctx, activitylog.Query{Filter: f}) {
		if err != nil {
			return activitylog.Event{}, err
		}
		if !e.Backfill && e.Outcome == activitylog.Success && e.Actor.Type == want.Actor.Type &&
			e.Metadata["scope"] == want.Metadata["scope"] && e.Metadata["what"] == want.Metadata["what"] {
			return e, nil
		}
	}
	return activitylog.Event{}, nil
}

// refused records, folded like a view, that somebody tried to read without the right, and returns why.
func (g *Guard) refused(ctx context.Context, grant Grant, action string, a reading, why error) error {
	s := g.entry(grant.view(action + " denied " + a.what()))
	s.mu.Lock()
	defer s.mu.Unlock()
	now := g.now()
	if now.Before(s.until) && !now.Before(s.at) {
		return why
	}
	e := grant.record(action, a)
	e.Time, e.Outcome, e.Reason = now, activitylog.Denied, why.Error()
	id, err := g.log.Record(grant.scope.under(ctx), e)
	if err != nil {
		return fmt.Errorf("access: a refusal could not be recorded: %w", err)
	}
	s.id, s.at, s.until = id, now, now.Add(g.fold)
	return why
}
