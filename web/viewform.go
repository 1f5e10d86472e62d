package web

import (
	"errors"
	"net/http"
	"strings"
)

// changeViews saves or removes a view, as a form of the page asks.
func (v *visit) changeViews() {
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, mostViewForm)
	if err := v.r.ParseForm(); err != nil {
		v.fail(http.StatusBadRequest, errors.New("the form could not be read"))
		return
	}
	form, ctx := v.r.PostForm, v.r.Context()
	var err error
	if id := form.Get("remove"); id != "" {
		err = v.removeView(ctx, id)
	} else {
		_, err = v.saveView(ctx, form.Get("name"), form.Get("query"), form.Get("shared") == "1")
	}
	var wrong *unsaved
	switch {
	case errors.As(err, &wrong):
		v.fail(http.StatusBadRequest, wrong)
	case err != nil:
		v.failReading(err)
	default:
		v.redirect("./?" + strings.TrimPrefix(form.Get("query"), "?"))
	}
}
