package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
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

	query string // what the address of the page says
	event activitylog.Event
}

// viewJSON is what an audit.filter.save event holds.
type viewJSON struct {
	Query   string `json:"query"`
	Shared  bool   `json:"shared,omitempty"`
	Removed bool   `json:"removed,omitempty"`
}

const (
	mostViews     = 50   // of one person, and shared, in one log
	mostViewSteps = 1000 // the newest decisions that count
	mostViewQuery = 2 << 10
	mostViewName  = 80 // runes
)

// shelf names the views of this log that somebody has for themselves, or with an empty actor those that are shared.
func (v *visit) shelf(actor string) string {
	sum := sha256.Sum256([]byte(v.route.scope.kind + "\x00" + v.route.scope.path() + "\x00" + actor))
	return hex.EncodeToString(sum[:12])
}

// saved reads the views that the reader has here, by name.
func (v *visit) saved(ctx context.Context) ([]savedView, error) {
	me := v.grant.Actor().ID
	own, shared := v.shelf(me), v.shelf("")
	f := activitylog.All(activitylog.ActionIs(decision.View), activitylog.TargetIs("views", own, shared))
	var list []savedView
	seen := map[string]bool{}
	for e, err := range v.h.log.Org(settings.Home(v.route.scope.org)).Events(ctx, activitylog.Query{Filter: f, Limit: mostViewSteps}) {
		if err != nil {
			return nil, fmt.Errorf("web: saved views: %w", err)
		}
		if !settings.Decides(&e) || len(e.Targets) != 2 || seen[e.Targets[0].ID] {
			continue
		}
		seen[e.Targets[0].ID] = true
		var x viewJSON
		if settings.Decode(&e, &x) != nil || x.Removed || !x.Shared && e.Actor.ID != me {
			continue
		}
		w := savedView{
			ID: e.Targets[0].ID, Name: e.Targets[0].Name, By: first(e.Actor.Name, e.Actor.ID), Shared: x.Shared, query: x.Query, event: e,
			Removable: e.Actor.ID == me || v.grant.Rights()&access.ManageRetention != 0,
		}
		if v.mayAsk(x.Query) {
			list = append(list, w)
		}
	}
	slices.SortFunc(list, func(a, b savedView) int {
		return strings.Compare(strings.ToLower(a.Name)+a.ID, strings.ToLower(b.Name)+b.ID)
	})
	return list, nil
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

// viewParams are the parameters of a saved view.
func (v *visit) viewParams(query string) (params, error) {
	values, err := url.ParseQuery(query)
	if err != nil || len(query) > mostViewQuery {
		return params{}, errors.New(v.h.t("This view is too long to be saved."))
	}
	p, err := parseParams(values, v.zone())
	if err != nil {
		return params{}, err
	}
	return p.with(func(*params) {}), nil
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
	now := v.params.with(func(*params) {}).encode()
	for i := range list {
		list[i].Link, list[i].Current = "?"+list[i].query, list[i].query == now
	}
	return list
}

// changeViews saves or removes a view.
func (v *visit) changeViews() {
	if v.grant.Allow(access.View, v.route.scope.org) != nil && v.grant.Rights()&access.View == 0 {
		v.fail(http.StatusForbidden, nil)
		return
	}
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, 16<<10)
	if err := v.r.ParseForm(); err != nil {
		v.fail(http.StatusBadRequest, errors.New("the form could not be read"))
		return
	}
	list, err := v.saved(v.r.Context())
	if err != nil {
		v.failReading(err)
		return
	}
	form := v.r.PostForm
	if id := form.Get("remove"); id != "" {
		i := slices.IndexFunc(list, func(w savedView) bool { return w.ID == id })
		if i < 0 {
			v.fail(http.StatusNotFound, nil)
			return
		}
		if !list[i].Removable {
			v.fail(http.StatusForbidden, nil)
			return
		}
		w := list[i]
		err = v.keep(w, viewJSON{Shared: w.Shared, Removed: true}, fmt.Sprintf("removed the view %s", w.Name))
	} else {
		err = v.saveView(list, strings.Join(strings.Fields(form.Get("name")), " "), form.Get("query"), form.Get("shared") == "1" && v.route.scope.kind != "own")
	}
	var wrong *unsaved
	switch {
	case errors.As(err, &wrong):
		v.fail(http.StatusBadRequest, wrong)
	case errors.Is(err, activitylog.ErrInvalid):
		v.fail(http.StatusBadRequest, errors.New(v.h.t("This view is too long to be saved.")))
	case err != nil:
		v.failReading(err)
	default:
		v.redirect("./?" + strings.TrimPrefix(form.Get("query"), "?"))
	}
}

// unsaved says why a view was not saved.
type unsaved struct{ text string }

func (u *unsaved) Error() string { return u.text }

func (v *visit) saveView(list []savedView, name, query string, shared bool) error {
	if name == "" || utf8.RuneCountInString(name) > mostViewName {
		return &unsaved{fmt.Sprintf(v.h.t("A view needs a name of at most %d letters."), mostViewName)}
	}
	p, err := v.viewParams(query)
	if err != nil {
		return &unsaved{err.Error()}
	}
	w, n := savedView{ID: uuid.NewString(), Shared: shared}, 0
	for _, x := range list {
		if x.Shared != shared {
			continue
		}
		if n++; x.Name == name && x.Removable {
			w = x // is replaced
		}
	}
	if n >= mostViews && w.Name == "" {
		return &unsaved{fmt.Sprintf(v.h.t("There are %d views already: remove one first."), mostViews)}
	}
	w.Name = name
	return v.keep(w, viewJSON{Query: p.encode(), Shared: shared}, "")
}

// keep records what becomes of a view.
func (v *visit) keep(w savedView, x viewJSON, message string) error {
	actor := v.grant.Actor()
	shelf := v.shelf("")
	if !x.Shared {
		shelf = v.shelf(actor.ID)
	}
	value, err := settings.Encode(x)
	if err != nil {
		return err
	}
	e := activitylog.Event{
		Org: settings.Home(v.route.scope.org), Action: decision.View, Metadata: value,
		Targets: []activitylog.Target{{Type: "view", ID: w.ID, Name: w.Name}, {Type: "views", ID: shelf}},
	}
	if message != "" {
		e.Message = first(actor.Name, actor.ID) + " " + message
	}
	return settings.Record(v.grant.Under(v.r.Context()), v.h.log, v.h.opts.Now(), w.event, e)
}
