package web

import (
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// look is one thing about how the pages look that a reader chooses for themselves.
type look struct {
	Name, Title string
	Options     []option
}

// theLooks are the choices with the cookies that hold them.
var theLooks = []struct {
	name, cookie string
	values       []string
}{
	{"theme", themeCookie, []string{"", "light", "dark"}},
	{"density", densityCookie, []string{"comfortable", "compact"}},
}

var lookTitles = map[string]string{
	"theme": "Theme", "": "As the system", "light": "Light", "dark": "Dark", "density": "Density", "comfortable": "Comfortable", "compact": "Compact",
}

func (v *visit) looks() []look {
	now := map[string]string{"theme": v.choice(themeCookie, "light", "dark"), "density": v.density()}
	list := make([]look, len(theLooks))
	for i, l := range theLooks {
		list[i] = look{Name: l.name, Title: v.h.t(lookTitles[l.name])}
		for _, value := range l.values {
			list[i].Options = append(list[i].Options, option{Value: value, Text: v.h.t(lookTitles[value]), On: now[l.name] == value})
		}
	}
	return list
}

// density is how close rows stand: close by themselves where there are most of them.
func (v *visit) density() string {
	if d := v.choice(densityCookie, "compact", "comfortable"); d != "" {
		return d
	}
	if v.route.scope.kind == "platform" {
		return "compact"
	}
	return "comfortable"
}

// back is the address of this page, seen from the mount.
func (v *visit) back() string {
	to := strings.TrimPrefix(v.r.URL.EscapedPath(), "/")
	if q := v.r.URL.RawQuery; q != "" {
		to += "?" + q
	}
	return to
}

// look takes what a reader chose. A cookie without a path holds for everything below the mount, however it is called
// outside.
func (v *visit) look() {
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, 16<<10)
	if err := v.r.ParseForm(); err != nil {
		v.fail(http.StatusBadRequest, errors.New("the form could not be read"))
		return
	}
	for _, l := range theLooks {
		if !v.r.PostForm.Has(l.name) {
			continue
		}
		c := http.Cookie{Name: l.cookie, MaxAge: -1, SameSite: http.SameSiteLaxMode, Secure: v.r.TLS != nil}
		if value := v.r.PostForm.Get(l.name); value != "" && slices.Contains(l.values, value) {
			c.Value, c.MaxAge = value, 365*24*60*60
		}
		http.SetCookie(v.w, &c)
	}
	to := v.r.PostForm.Get("back")
	if strings.ContainsAny(to, "\\\r\n") || strings.Contains(to, "..") || len(to) > 8<<10 {
		to = ""
	}
	v.r.URL.RawQuery = "" // that of the form is no part of the page
	v.redirect("./" + to)
}

var nonceForm = regexp.MustCompile(`^[A-Za-z0-9+/_=-]+$`)

// nonce is that of the host's policy. One that is none could close the attribute it stands in.
func (v *visit) nonce() string {
	if v.h.opts.Nonce == nil {
		return ""
	}
	n := v.h.opts.Nonce(v.r)
	if n != "" && !nonceForm.MatchString(n) {
		v.report(errors.New("web: Nonce gave something that is no nonce"))
		return ""
	}
	return n
}
