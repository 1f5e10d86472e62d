package web

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/activitylog/activitylog/access"
)

// apiViewAsk is what a program sends to save a view.
type apiViewAsk struct {
	Name   string `json:"name"`
	Query  string `json:"query"`            // the parameters of a page, as in its address
	Shared bool   `json:"shared,omitempty"` // with all who read this log
}

type apiView struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Query     string `json:"query"`
	Shared    bool   `json:"shared"`
	By        string `json:"by"`
	Removable bool   `json:"removable"` // by the caller
}

type apiViewList struct {
	Items []apiView `json:"items"`
}

func (w *savedView) api() apiView { return apiView{w.ID, w.Name, w.query, w.Shared, w.By, w.Removable} }

func (v *visit) apiViews(string) (any, error) {
	if v.grant.Rights()&access.View == 0 {
		return nil, access.ErrDenied
	}
	list, err := v.saved(v.r.Context())
	if err != nil {
		return nil, err
	}
	answer := apiViewList{Items: []apiView{}}
	for _, w := range offered(list) {
		answer.Items = append(answer.Items, w.api())
	}
	return answer, nil
}

func (v *visit) apiSaveView(string) (any, error) {
	var ask apiViewAsk
	d := json.NewDecoder(http.MaxBytesReader(v.w, v.r.Body, mostViewForm))
	d.DisallowUnknownFields()
	if err := d.Decode(&ask); err != nil || d.More() {
		return nil, &unsaved{`the body is no view; send JSON such as {"name":"Failures","query":"quick=errors"}`}
	}
	w, err := v.saveView(v.r.Context(), ask.Name, strings.TrimPrefix(ask.Query, "?"), ask.Shared)
	if err != nil {
		return nil, err
	}
	return w.api(), nil
}

func (v *visit) apiRemoveView(id string) (any, error) {
	if err := v.removeView(v.r.Context(), id); err != nil {
		return nil, err
	}
	return v.apiViews("")
}
