package web

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
)

// failure is the page of what went wrong.
type failure struct {
	base
	Status           int
	Heading, Text    string
	ID               string // under which the host was told
	Back, BackText   string
	Retry, RetryText string
}

var failureTexts = map[int][2]string{
	http.StatusBadRequest:          {"This address cannot be read", "Something in it is not what these pages understand."},
	http.StatusUnauthorized:        {"You are signed out", "Sign in again, then reload this page: the address keeps your filters."},
	http.StatusForbidden:           {"Your role does not allow this", "Somebody with the right to give roles can change that. The attempt may have been recorded."},
	http.StatusNotFound:            {"There is nothing here", "It never existed, was removed by the rules of retention, or is not for you to see."},
	http.StatusMethodNotAllowed:    {"This cannot be done here", "The page takes no such request."},
	http.StatusInternalServerError: {"The log did not answer", "Your filters are in the address, so that you can try again."},
}

// fail answers with a page that says what went wrong. Only what is wrong with the address itself is told in detail.
func (v *visit) fail(status int, err error) {
	if v.isAPI() && err != nil {
		v.apiFail(err)
		return
	}
	if v.isAPI() {
		code := map[int]string{http.StatusUnauthorized: "signed_out", http.StatusForbidden: "denied", http.StatusNotFound: "not_found", http.StatusMethodNotAllowed: "method"}[status]
		v.json(status, "application/problem+json", apiProblem{Type: "about:blank", Title: http.StatusText(status), Status: status, Code: code})
		return
	}
	text, ok := failureTexts[status]
	if !ok {
		text = failureTexts[http.StatusInternalServerError]
	}
	v.route.up = max(0, v.route.up)
	f := failure{base: v.base(v.h.t(text[0])), Status: status, Heading: v.h.t(text[0]), Text: v.h.t(text[1])}
	switch {
	case status >= 500:
		var b [6]byte
		_, _ = rand.Read(b[:]) // never fails
		f.ID = hex.EncodeToString(b[:])
		if !v.left(err) {
			v.report(fmt.Errorf("web: %s (shown as %s): %w", v.r.URL.Path, f.ID, err))
		}
		f.Retry, f.RetryText = "?"+v.r.URL.RawQuery, v.h.t("Try again")
	case status == http.StatusBadRequest && err != nil:
		f.Text = visible(err.Error())
	}
	f.Back, f.BackText = f.Root, v.h.t("To the activity log")
	if kind, _, _ := v.grant.Scope(); kind != "" {
		f.Back = f.Here + v.params.with(func(*params) {}).link()
	} else {
		f.Here = f.Root // the page of a scope that is not for them tells nothing of it
	}
	out := v.begin(status)
	out.part("failure", f)
	out.end()
}

// left tells whether an error is only that the browser went away, so that nobody waits for the answer.
func (v *visit) left(err error) bool {
	return errors.Is(err, context.Canceled) && v.r.Context().Err() != nil
}

// failReading answers what a reader returned.
func (v *visit) failReading(err error) {
	switch {
	case errors.Is(err, access.ErrDenied):
		v.fail(http.StatusForbidden, nil)
	case errors.Is(err, activitylog.ErrNotFound):
		v.fail(http.StatusNotFound, nil)
	default:
		v.fail(http.StatusInternalServerError, err)
	}
}
