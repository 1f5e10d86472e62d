package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/activitylog/activitylog/access"
)

// visit is one request with all that its page needs to know of it.
type visit struct {
	h      *Handler
	w      http.ResponseWriter
	r      *http.Request
	route  route
	grants []access.Grant
	grant  access.Grant // that lets them read the scope
	reader access.Reader
	params params

	alertName string // of the alert whose events the page shows
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.headers(w.Header())
	v := &visit{h: h, w: w, r: r}
	rt, ok := parse(r)
	if ok && len(rt.rest) == 3 && rt.rest[0] == "static" && rt.scope.kind == "" {
		h.assets.serve(w, r, rt.rest[1], rt.rest[2])
		return
	}
	v.route = rt
	var err error
	if v.grants, err = h.authorize(r); err != nil {
		v.failAuthorizing(err)
		return
	}
	if len(v.grants) == 0 {
		v.fail(http.StatusForbidden, nil)
		return
	}
	if !ok {
		v.fail(http.StatusNotFound, nil)
		return
	}
	if rt.scope.kind == "" && v.at("look") {
		v.take(action{post: v.look})
		return
	}
	if rt.scope.kind == "" && v.at("api", "v1", streamsPath) {
		v.call(streamsCall(), "")
		return
	}
	if rt.slash {
		v.take(action{get: func() { v.redirect(lastStep(r) + "/") }})
		return
	}
	if rt.scope.kind == "" && len(v.grants) > 1 && v.at("") {
		v.take(action{get: v.picker})
		return
	}
	if rt.scope.kind == "" {
		v.route.scope = scopeOf(v.grants[0])
		if v.route.scope.kind == "project" && v.at("") && r.URL.RawQuery == "" {
			v.take(action{get: func() { v.redirect("./" + v.route.scope.path() + "recent/") }})
			return
		}
	}
	if v.grant, ok = v.route.scope.grant(v.grants); !ok {
		v.fail(http.StatusNotFound, nil)
		return
	}
	v.reader = h.guard.Reader(v.grant)
	v.params, err = parseParams(r.URL.Query(), v.zone())
	switch {
	case err != nil && v.isAPI():
		v.problem(http.StatusBadRequest, "query", err.Error())
	case err != nil:
		v.fail(http.StatusBadRequest, err)
	case v.isAPI():
		v.api(v.route.rest[2:])
	default:
		v.take(v.action())
	}
}

// isAPI tells whether programs are meant.
func (v *visit) isAPI() bool {
	return len(v.route.rest) > 2 && v.route.rest[0] == "api" && v.route.rest[1] == "v1"
}

// at tells whether the rest of the path is exactly these steps.
func (v *visit) at(steps ...string) bool {
	if len(v.route.rest) != len(steps) {
		return false
	}
	for i, s := range steps {
		if v.route.rest[i] != s {
			return false
		}
	}
	return true
}

// under tells whether the path is this step with one more behind it, which it returns.
func (v *visit) under(step string) (string, bool) {
	if len(v.route.rest) == 2 && v.route.rest[0] == step && v.route.rest[1] != "" {
		return v.route.rest[1], true
	}
	return "", false
}

// action is what a path takes: nil where it does not take that.
type action struct {
	get, post func()
	noHead    bool // nothing less than the whole may be asked for
}

// methods are those that an action takes.
func (a action) methods() []string {
	var list []string
	if a.get != nil {
		list = append(list, http.MethodGet)
	}
	if a.get != nil && !a.noHead {
		list = append(list, http.MethodHead)
	}
	if a.post != nil {
		list = append(list, http.MethodPost)
	}
	return list
}

// take does what the request asks for.
func (v *visit) take(a action) {
	switch list := a.methods(); {
	case len(list) == 0:
		v.fail(http.StatusNotFound, nil)
	case !slices.Contains(list, v.r.Method):
		v.notAllowed(list)
	case v.r.Method != http.MethodPost:
		a.get()
	case v.h.sameOrigin.Check(v.r) != nil: // a form on another site
		v.fail(http.StatusForbidden, nil)
	default:
		a.post()
	}
}

// notAllowed refuses a method and names those that there are.
func (v *visit) notAllowed(methods []string) {
	v.w.Header().Set("Allow", strings.Join(methods, ", "))
	v.fail(http.StatusMethodNotAllowed, nil)
}

// action is that of a page.
func (v *visit) action() action {
	if id, ok := v.under("alerts"); ok {
		return action{get: func() { v.alertPage(id) }, post: func() { v.decide(id) }}
	}
	if id, ok := v.under("events"); ok {
		return action{get: func() { v.eventPage(id) }}
	}
	if rest := v.route.rest; len(rest) == 3 && rest[0] == "events" && rest[2] == "proof" {
		return action{get: func() { v.proof(rest[1]) }}
	}
	switch {
	case v.at(""):
		return action{get: v.listPage}
	case v.at("alerts", ""):
		return action{get: v.alertsPage}
	case v.at("governance", ""):
		return action{get: v.governancePage, post: v.signOff}
	case v.at("usage", ""):
		return action{get: v.usagePage}
	case v.at("recent", ""):
		return action{get: v.timelinePage}
	case v.at("alerts"), v.at("governance"), v.at("usage"), v.at("recent"):
		return action{get: func() { v.redirect(lastStep(v.r) + "/") }}
	case v.at("views"):
		return action{post: v.changeViews}
	case v.at("export"):
		return action{get: v.export, noHead: true}
	}
	return action{}
}

// redirect sends the browser to a relative address.
func (v *visit) redirect(to string) {
	if q := v.r.URL.RawQuery; q != "" && !strings.Contains(to, "?") {
		to += "?" + q
	}
	v.w.Header().Set("Location", to)
	v.w.WriteHeader(http.StatusSeeOther)
}

// lastStep is the last step of the path as the browser sent it, before any prefix was taken away.
func lastStep(r *http.Request) string {
	path, _, _ := strings.Cut(r.RequestURI, "?")
	if u, err := url.ParseRequestURI(r.RequestURI); err == nil {
		path = u.EscapedPath()
	}
	return "./" + path[strings.LastIndex(path, "/")+1:]
}

func (v *visit) failAuthorizing(err error) {
	switch {
	case errors.Is(err, ErrSignedOut):
		v.fail(http.StatusUnauthorized, nil)
	case errors.Is(err, access.ErrDenied):
		v.fail(http.StatusForbidden, nil)
	default:
		v.fail(http.StatusInternalServerError, err)
	}
}
