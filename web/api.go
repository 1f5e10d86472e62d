package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/google/uuid"
)

// apiCall is one call of the JSON API. Its parameters are those of the pages, and so are rights and records.
type apiCall struct {
	path    string // below a scope's api/v1/; "{id}" stands for a step
	about   string
	filters bool // whether it takes the parameters of filters
	answer  func(v *visit, id string) (any, error)
	returns any // an example of what it returns, for the description

	// kinds are the content types of an answer that is no JSON, which send writes itself.
	kinds  []string
	send   func(v *visit)
	more   []apiParam // further parameters
	noHead bool       // nothing less than the whole may be asked for

	changes []apiChange
}

// apiParam is a parameter, and what it says.
type apiParam struct {
	name, about string
	often       bool // it may come more than once
}

// apiChange is what another method than GET does at the same place.
type apiChange struct {
	method, about string
	takes         any // an example of the JSON that it takes; nil: nothing
	do            func(v *visit, id string) (any, error)
	returns       any
}

// methods are those that the call takes.
func (c apiCall) methods() []string {
	var list []string
	if c.answer != nil || c.send != nil {
		list = append(list, http.MethodGet)
		if !c.noHead {
			list = append(list, http.MethodHead)
		}
	}
	for _, x := range c.changes {
		list = append(list, x.method)
	}
	return list
}

func apiCalls() []apiCall {
	return []apiCall{
		{path: "events", about: "One page of events, newest first.", filters: true, answer: (*visit).apiEvents, returns: apiPage{}},
		{path: "events/{id}", about: "One event with all of its fields. Reading it is recorded.", answer: (*visit).apiEvent, returns: activitylog.Event{}},
		{path: "count", about: "How many events there are, at most 10,000.", filters: true, answer: (*visit).apiCount, returns: apiCount{}},
		{path: "histogram", about: "Events over time.", filters: true, answer: (*visit).apiHistogram, returns: apiHistogram{}},
		{path: "facets", about: "Events by the values of fields.", filters: true, answer: (*visit).apiFacets, returns: apiFacets{}},
		{path: "alerts", about: "The alerts of an organization, the last changed first.", answer: (*visit).apiAlerts, returns: apiAlerts{}},
		{path: "views", about: "The saved views of this log that the caller may know of, by name.", answer: (*visit).apiViews, returns: apiViewList{},
			changes: []apiChange{{method: http.MethodPost, about: "Saves a view, in place of one of that name on the same shelf. It is recorded.",
				takes: apiViewAsk{}, do: (*visit).apiSaveView, returns: apiView{}}}},
		{path: "views/{id}", changes: []apiChange{{method: http.MethodDelete, about: "Removes a view, and returns those that are left. It is recorded.",
			do: (*visit).apiRemoveView, returns: apiViewList{}}}},
		{path: "meta", about: "What this API knows and what the caller may do.", answer: (*visit).apiMeta, returns: apiMeta{}},
		{path: "stream", about: "New events as they are committed: server-sent events of the types activity, beat, lagged and bye.", filters: true,
			kinds: []string{"text/event-stream"}, send: (*visit).stream,
			more: []apiParam{afterParam}},
		{path: "export", about: "All events of the filter as a file. It is recorded.", filters: true, noHead: true,
			kinds: []string{"text/csv", "application/x-ndjson", "application/zip"}, send: (*visit).export,
			more: []apiParam{{name: "format", about: "csv, ndjson or evidence, which is an archive for activitylog verify; the default is csv."},
				{name: "bom", about: "1: a CSV begins with a byte order mark."}, {name: "token", about: "By which the progress can be asked for: 16 to 64 letters and digits."}}},
		{path: "exports/{id}", about: "How far the export with this token has come.", answer: (*visit).apiProgress, returns: apiProgress{},
			changes: []apiChange{{method: http.MethodPost, about: "Ends the export.", do: (*visit).cancelExport, returns: apiProgress{}}}},
	}
}

var afterParam = apiParam{name: "after", about: "The id to go on behind; Last-Event-ID comes first."}

const streamsPath = "streams"

// streamsCall is the one call that is about several scopes, below the mount's own api/v1/.
func streamsCall() apiCall {
	return apiCall{path: streamsPath, about: "Which new events each of several pages sees, by their ids: server-sent events of the types activity, gone, beat, lagged and bye.",
		kinds: []string{"text/event-stream"}, send: (*visit).streams,
		more: []apiParam{{name: "follow", about: "The address of a page, as orgs/acme/?category=ai; 1 to " + strconv.Itoa(mostFollows) + " of them, which messages name by their numbers from 0.", often: true}, afterParam}}
}

type apiPage struct {
	Items    []activitylog.Event `json:"items"`
	Next     string              `json:"next,omitempty"`     // the cursor of the older page
	Prev     string              `json:"prev,omitempty"`     // the cursor of the newer page
	Examined int                 `json:"examined,omitempty"` // rows that were looked at in vain; the page may then be short. Hidden from who reads less than an organization
	Query    string              `json:"query"`              // the whole filter in its text form
}

type apiCount struct {
	N        int64  `json:"n"`
	Relation string `json:"relation"` // "eq", or "gte" where there are more
}

type apiHistogram struct {
	From        time.Time `json:"from"`
	StepSeconds int64     `json:"step_seconds"`
	Total       []int64   `json:"total"`
	Failed      []int64   `json:"failed"`
}

type apiFacets struct {
	Fields []apiFacet `json:"fields"`
}

type apiFacet struct {
	Name   string     `json:"name"`
	Values []apiValue `json:"values"`
}

type apiValue struct {
	Label string `json:"label"`
	Count int64  `json:"count"`
}

type apiAlerts struct {
	Items []apiAlert `json:"items"`
}

type apiAlert struct {
	ID          string    `json:"id"`
	Rule        string    `json:"rule"`
	Severity    string    `json:"severity"`
	Status      string    `json:"status"`
	Subject     string    `json:"subject"`
	SubjectType string    `json:"subject_type"`
	Opened      time.Time `json:"opened"`
	From        time.Time `json:"from"`
	To          time.Time `json:"to"`
	Observed    float64   `json:"observed"`
	Expected    float64   `json:"expected"`
	Unit        string    `json:"unit"`
	Explanation string    `json:"explanation"`
	Count       int64     `json:"count"`
	Evidence    string    `json:"evidence"` // the filter of its events
}

type apiMeta struct {
	Scope      string   `json:"scope"`
	Org        string   `json:"org,omitempty"`
	Project    string   `json:"project,omitempty"`
	Rights     []string `json:"rights"`
	Categories []string `json:"categories"`
	MaxQuery   int      `json:"max_query_bytes"`
	MaxTerms   int      `json:"max_terms"`
}

// apiProblem is RFC 9457, with where in the typed part of a query it is.
type apiProblem struct {
	Type     string `json:"type"`
	Title    string `json:"title"`
	Status   int    `json:"status"`
	Code     string `json:"code"`
	Detail   string `json:"detail,omitempty"`
	Position *int   `json:"position,omitempty"`
}

// api answers a call below a scope's api/v1/.
func (v *visit) api(rest []string) {
	described := apiCall{path: "openapi.json", answer: func(v *visit, _ string) (any, error) { return v.h.openAPI(), nil }}
	for _, c := range append(apiCalls(), described) {
		if id, ok := c.match(rest); ok {
			v.call(c, id)
			return
		}
	}
	v.apiFail(activitylog.ErrNotFound)
}

// call does what a method means at the place of a call.
func (v *visit) call(c apiCall, id string) {
	do, method := c.answer, v.r.Method
	switch i := slices.IndexFunc(c.changes, func(x apiChange) bool { return x.method == method }); {
	case i >= 0 && v.h.sameOrigin.Check(v.r) != nil: // a page of another site
		v.fail(http.StatusForbidden, nil)
		return
	case i >= 0:
		do = c.changes[i].do
	case !slices.Contains(c.methods(), method):
		v.notAllowed(c.methods())
		return
	case c.send != nil:
		c.send(v)
		return
	}
	answer, err := do(v, id)
	if err != nil {
		v.apiFail(err)
		return
	}
	v.json(http.StatusOK, "application/json", answer)
}

// match tells whether a path is that of the call, and which id it holds.
func (c apiCall) match(rest []string) (id string, ok bool) {
	switch {
	case len(rest) == 1:
		return "", rest[0] == c.path
	case len(rest) == 2 && rest[0]+"/{id}" == c.path && rest[1] != "":
		return rest[1], true
	}
	return "", false
}

// problem answers with what a request cannot have.
func (v *visit) problem(status int, code, detail string) {
	v.json(status, "application/problem+json", apiProblem{Type: "about:blank", Title: http.StatusText(status), Status: status, Code: code, Detail: detail})
}

func (v *visit) json(status int, kind string, body any) {
	b, err := json.Marshal(body)
	if err != nil {
		v.report(err)
		status, b = http.StatusInternalServerError, []byte("{}")
	}
	v.w.Header().Set("Content-Type", kind)
	v.w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	v.w.WriteHeader(status)
	if v.r.Method != http.MethodHead {
		_, _ = v.w.Write(b) // whoever went away needs no answer
	}
}

// apiFail tells what went wrong, in detail only what is wrong with the request.
func (v *visit) apiFail(err error) {
	p := apiProblem{Type: "about:blank", Status: http.StatusInternalServerError, Code: "failed"}
	var wrong *wrongQuery
	var unsaved *unsaved
	switch {
	case errors.As(err, &unsaved):
		p.Status, p.Code, p.Detail = http.StatusBadRequest, "view", unsaved.text
	case errors.As(err, &wrong):
		p.Status, p.Code, p.Detail, p.Position = http.StatusBadRequest, "query", wrong.Text, &wrong.Pos
	case errors.Is(err, access.ErrDenied):
		p.Status, p.Code = http.StatusForbidden, "denied"
	case errors.Is(err, activitylog.ErrNotFound):
		p.Status, p.Code = http.StatusNotFound, "not_found"
	case errors.Is(err, activitylog.ErrCursor):
		p.Status, p.Code = http.StatusBadRequest, "cursor"
	case errors.Is(err, context.DeadlineExceeded):
		p.Status, p.Code = http.StatusGatewayTimeout, "timeout"
	case v.left(err):
	default:
		v.report(err)
	}
	p.Title = http.StatusText(p.Status)
	v.json(p.Status, "application/problem+json", p)
}

// wrongQuery is a mistake in what was typed, which the API refuses where a page goes on without it.
type wrongQuery struct{ *problem }

func (w *wrongQuery) Error() string { return w.Text }

// apiAsk is the filter of a call and a reader of what it means.
func (v *visit) apiAsk() (asked, access.Reader, error) {
	a, err := v.ask(v.h.opts.Now())
	if err == nil && a.wrong != nil {
		err = &wrongQuery{a.wrong}
	}
	return a, v.reader.About(a.filter), err
}

func (v *visit) apiEvents(string) (any, error) {
	a, about, err := v.apiAsk()
	if err != nil {
		return nil, err
	}
	q := activitylog.Query{Limit: v.params.limit}
	if q.Cursor, err = activitylog.ParseCursor(v.params.cursor); err != nil {
		return nil, err
	}
	page, err := about.Page(v.r.Context(), q)
	if err != nil {
		return nil, err
	}
	pin := func(c activitylog.Cursor) string {
		if c.IsZero() {
			return ""
		}
		return c.String() + "." + strconv.FormatInt(v.params.pinned.Unix(), 36)
	}
	if page.Events == nil {
		page.Events = []activitylog.Event{}
	}
	for i := range page.Events {
		v.unnumbered(&page.Events[i])
	}
	return apiPage{page.Events, pin(page.Next), pin(page.Prev), v.examined(page.Examined), a.filter.String()}, nil
}

func (v *visit) apiEvent(id string) (any, error) {
	parsed, err := uuid.Parse(id)
	if err != nil {
		return nil, activitylog.ErrNotFound
	}
	e, err := v.reader.Get(v.r.Context(), parsed)
	v.unnumbered(&e)
	return e, err
}
