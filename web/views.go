package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/activitylog/activitylog/internal/decision"
	"github.com/activitylog/activitylog/internal/settings"
	"github.com/google/uuid"
)

// savedView is a page that somebody kept under a name. Its state is the newest event about it.
type savedView struct {
	ID, Name, By string
	Link         string
	Shared       bool // with all who read this log
	Current      bool // it is this page
	Removable    bool

	secret bool   // it asks for what is hidden from the reader
	query  string // what the address of the page says
	event  activitylog.Event
}

// viewJSON is what an audit.filter.save event holds.
type viewJSON struct {
	Query string `json:"query"`
}

const (
	mostViews     = 50       // on a shelf
	mostViewSteps = 1000     // the newest decisions about a shelf that count
	mostViewQuery = 2 << 10  // bytes of an address
	mostViewName  = 80       // runes
	mostViewForm  = 16 << 10 // bytes
)

// shelf names the views of this log that somebody has for themselves, or for the zero actor those that are shared. An id
// belongs to its type: an agent may have that of a person.
func (v *visit) shelf(a activitylog.Actor) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{v.route.scope.kind, v.route.scope.path(), string(a.Type), a.ID}, "\x00")))
	return hex.EncodeToString(sum[:12])
}

// saved reads all views that are kept here, the reader's own and shared ones, by name.
func (v *visit) saved(ctx context.Context) ([]savedView, error) {
	var list []savedView
	for _, shared := range []bool{false, true} {
		some, err := v.savedOn(ctx, shared)
		if err != nil {
			return nil, fmt.Errorf("web: saved views: %w", err)
		}
		list = append(list, some...)
	}
	slices.SortFunc(list, func(a, b savedView) int {
		return strings.Compare(strings.ToLower(a.Name)+a.ID, strings.ToLower(b.Name)+b.ID)
	})
	return list, nil
}

// savedOn reads one shelf. Each has bounds of its own, so that nobody's changes push out the views of others.
func (v *visit) savedOn(ctx context.Context, shared bool) ([]savedView, error) {
	me, whose := v.grant.Actor(), v.grant.Actor()
	if shared {
		whose = activitylog.Actor{}
	}
	f := activitylog.All(activitylog.ActionIs(decision.SaveView, decision.RemoveView), activitylog.TargetIs("views", v.shelf(whose)))
	var list []savedView
	seen := map[string]bool{}
	for e, err := range v.h.log.Org(settings.Home(v.route.scope.org)).Events(ctx, activitylog.Query{Filter: f, Limit: mostViewSteps}) {
		if err != nil {
			return nil, err
		}
		if !settings.Decides(&e) || len(e.Targets) != 2 || seen[e.Targets[0].ID] {
			continue
		}
		seen[e.Targets[0].ID] = true
		var x viewJSON
		if e.Action == decision.RemoveView || settings.Decode(&e, &x) != nil {
			continue
		}
		mine := e.Actor.ID == me.ID && e.Actor.Type == me.Type
		list = append(list, savedView{
			ID: e.Targets[0].ID, Name: e.Targets[0].Name, By: first(e.Actor.Name, e.Actor.ID), Shared: shared, query: x.Query, event: e,
			Removable: mine || v.grant.Allow(access.ManageRetention, v.route.scope.org) == nil, secret: !v.mayAsk(x.Query),
		})
	}
	return list, nil
}

// offered are the views that the reader may know of.
func offered(list []savedView) []savedView {
	return slices.DeleteFunc(slices.Clone(list), func(w savedView) bool { return w.secret })
}

// mayAsk tells whether the reader may know what a view asks for: one that was shared may name an address.
func (v *visit) mayAsk(query string) bool {
	p, err := v.viewParams(query)
	if err != nil {
		return false
	}
	f, err := activitylog.ParseFilter(p.q)
	return err != nil || v.grant.Rights()&access.ViewSensitive != 0 || !sensitive(f.Expr())
}

// viewParams are the parameters of a saved view. Their bound is on the address that they are kept as.
func (v *visit) viewParams(query string) (params, error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return params{}, errors.New(v.h.t("This view is no address of a page."))
	}
	p, err := parseParams(values, v.zone())
	if err != nil {
		return params{}, err
	}
	if p = p.with(func(*params) {}); len(p.encode()) > mostViewQuery {
		return params{}, errors.New(v.h.t("This view is too long to be saved."))
	}
	return p, nil
}

// views are those that the page offers. A log is shown without them where they cannot be had.
func (v *visit) views(ctx context.Context) []savedView {
	ctx, cancel := context.WithTimeout(ctx, alertsTime)
	defer cancel()
	list, err := v.saved(ctx)
	if err != nil {
		if ctx.Err() == nil {
			v.report(err)
		}
		return nil
	}
	list = offered(list)
	now := v.params.with(func(*params) {}).encode()
	for i := range list {
		list[i].Link, list[i].Current = "?"+list[i].query, list[i].query == now
	}
	return list
}

// unsaved says why a view was not saved.
type unsaved struct{ text string }

func (u *unsaved) Error() string { return u.text }

// saveView keeps a page under a name, in place of the view that had it, and returns that.
func (v *visit) saveView(ctx context.Context, name, query string, shared bool) (savedView, error) {
	if v.grant.Rights()&access.View == 0 {
		return savedView{}, access.ErrDenied
	}
	if name = strings.Join(strings.Fields(name), " "); name == "" || utf8.RuneCountInString(name) > mostViewName {
		return savedView{}, &unsaved{fmt.Sprintf(v.h.t("A view needs a name of at most %d letters."), mostViewName)}
	}
	p, err := v.viewParams(query)
	if err != nil {
		return savedView{}, &unsaved{err.Error()}
	}
	shared = shared && v.route.scope.kind != "own"
	list, err := v.savedOn(ctx, shared)
	if err != nil {
		return savedView{}, err
	}
	w := savedView{ID: uuid.NewString(), Shared: shared}
	if i := slices.IndexFunc(list, func(x savedView) bool { return x.Name == name && x.Removable && !x.secret }); i >= 0 {
		w = list[i]
	} else if len(list) >= mostViews {
		return savedView{}, &unsaved{fmt.Sprintf(v.h.t("There are %d views already: remove one first."), mostViews)}
	}
	actor := v.grant.Actor()
	w.Name, w.query, w.By, w.Removable = name, p.encode(), first(actor.Name, actor.ID), true
	return w, v.keep(ctx, w, decision.SaveView, viewJSON{w.query})
}

// removeView forgets a view.
func (v *visit) removeView(ctx context.Context, id string) error {
	if v.grant.Rights()&access.View == 0 {
		return access.ErrDenied
	}
	list, err := v.saved(ctx)
	if err != nil {
		return err
	}
	list = offered(list)
	i := slices.IndexFunc(list, func(w savedView) bool { return w.ID == id })
	switch {
	case i < 0:
		return activitylog.ErrNotFound
	case !list[i].Removable:
		return access.ErrDenied
	}
	return v.keep(ctx, list[i], decision.RemoveView, viewJSON{})
}

// keep records what becomes of a view.
func (v *visit) keep(ctx context.Context, w savedView, action string, x viewJSON) error {
	whose := v.grant.Actor()
	if w.Shared {
		whose = activitylog.Actor{}
	}
	value, err := settings.Encode(x)
	if err != nil {
		return err
	}
	err = settings.Record(v.grant.Under(ctx), v.h.log, v.h.opts.Now(), w.event, activitylog.Event{
		Org: settings.Home(v.route.scope.org), Action: action, Metadata: value,
		Targets: []activitylog.Target{{Type: "view", ID: w.ID, Name: w.Name}, {Type: "views", ID: v.shelf(whose)}},
	})
	if errors.Is(err, activitylog.ErrInvalid) {
		return &unsaved{v.h.t("This view is too long to be saved.")}
	}
	return err
}
