package web

import (
	"context"
	"slices"
	"sync"

	"github.com/activitylog/activitylog"
	"github.com/google/uuid"
)

// names remembers what actors are called, by scope and id, from events that were shown to somebody with the same scope
// and the same rights; for one's own activity, to the same person. It forgets everything when it is full.
type names struct {
	mu sync.Mutex
	m  map[nameKey]string
}

type nameKey struct {
	scope  scope
	rights uint8
	kind   activitylog.ActorType // of whose own activity it is, with their id
	reader string
	id     string
}

const mostNames = 20_000

func (v *visit) nameKey(id string) nameKey {
	k := nameKey{scope: v.route.scope, rights: uint8(v.grant.Rights()), id: id}
	if k.scope.kind == "own" {
		k.kind, k.reader = v.grant.Actor().Type, v.grant.Actor().ID
	}
	return k
}

func (v *visit) learn(events []activitylog.Event) {
	n := &v.h.names
	n.mu.Lock()
	defer n.mu.Unlock()
	for i := range events {
		a := &events[i].Actor
		if a.ID == "" || a.Name == "" {
			continue
		}
		if n.m == nil || len(n.m) >= mostNames {
			n.m = map[nameKey]string{}
		}
		n.m[v.nameKey(a.ID)] = a.Name
	}
}

func (v *visit) actorName(id string) string {
	n := &v.h.names
	n.mu.Lock()
	defer n.mu.Unlock()
	if name := n.m[v.nameKey(id)]; name != "" {
		return name
	}
	return id
}

// meet learns the names of actors that are not known yet from one event of each, in one query.
func (v *visit) meet(ctx context.Context, reader reader, events map[string]uuid.UUID) {
	var ids []uuid.UUID
	for actor, id := range events {
		if actor != "" && v.actorName(actor) == actor {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return
	}
	var list []activitylog.Event
	for e, err := range reader.Events(ctx, activitylog.Query{Filter: activitylog.IDIs(ids...)}) {
		if err != nil {
			return // then the ids stand for them
		}
		list = append(list, e)
	}
	v.learn(list)
}

// meetByID learns the names of actors of whom only the id is known, from their last event. It is one view of the log.
func (v *visit) meetByID(ctx context.Context, ids []string) {
	const most = 24
	var unknown []string
	for _, id := range ids {
		if id != "" && v.actorName(id) == id && !slices.Contains(unknown, id) && len(unknown) < most {
			unknown = append(unknown, id)
		}
	}
	if len(unknown) == 0 {
		return
	}
	about := v.reader.About(activitylog.ActedBy(unknown...))
	for _, id := range unknown {
		page, err := about.Page(ctx, activitylog.Query{Filter: activitylog.ActedBy(id), Limit: 1})
		if err != nil {
			return // then the ids stand for them
		}
		v.learn(page.Events)
	}
}
