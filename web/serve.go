package web

import (
	"errors"
	"net/http"
	"net/url"
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
	if r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodPost {
		w.Header().Set("Allow", "GET, HEAD, POST")
		v.fail(http.StatusMethodNotAllowed, nil)
		return
	}
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
	if rt.slash {
		v.redirect(lastStep(r) + "/")
		return
	}
	if rt.scope.kind == "" && len(v.grants) > 1 && v.at("") {
		v.picker()
		return
	}
	if rt.scope.kind == "" {
		v.route.scope = scopeOf(v.grants[0])
		if v.route.scope.kind == "project" && v.at("") && r.URL.RawQuery == "" {
			v.redirect("./" + v.route.scope.path() + "recent/")
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
		v.apiFail(&wrongQuery{&problem{Text: err.Error()}})
	case err != nil:
		v.fail(http.StatusBadRequest, err)
	case v.isAPI() && r.Method != http.MethodPost:
		v.api(v.route.rest[2:])
	default:
		v.serve()
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

func (v *visit) serve() {
	alert, isAlert := v.under("alerts")
	if v.r.Method == http.MethodPost {
		switch {
		case v.h.sameOrigin.Check(v.r) != nil: // a form on another site
			v.fail(http.StatusForbidden, nil)
		case isAlert:
			v.decide(alert)
		case v.isAPI() && len(v.route.rest) == 4 && v.route.rest[2] == "exports":
			v.cancelExport(v.route.rest[3])
		case v.at("governance", ""):
			v.signOff()
		default:
			v.fail(http.StatusMethodNotAllowed, nil)
		}
		return
	}
	if isAlert {
		v.alertPage(alert)
		return
	}
	if id, ok := v.under("events"); ok {
		v.eventPage(id)
		return
	}
	switch {
	case v.at(""):
		v.listPage()
	case v.at("alerts", ""):
		v.alertsPage()
	case v.at("alerts"):
		v.redirect(lastStep(v.r) + "/")
	case v.at("governance", ""):
		v.governancePage()
	case v.at("governance"):
		v.redirect(lastStep(v.r) + "/")
	case v.at("usage", ""):
		v.usagePage()
	case v.at("usage"):
		v.redirect(lastStep(v.r) + "/")
	case v.at("recent", ""):
		v.timelinePage()
	case v.at("recent"):
		v.redirect(lastStep(v.r) + "/")
	case v.at("export"):
		v.export()
	default:
		v.fail(http.StatusNotFound, nil)
	}
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
