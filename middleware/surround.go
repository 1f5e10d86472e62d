package middleware

import (
	"context"
	"crypto/rand"
	"net/http"
	"strings"

	"github.com/activitylog/activitylog"
)

// surround returns ctx with what the events of r have in common. route is the path of its rule, if it has one.
func (m *Middleware) surround(ctx context.Context, r *http.Request, route string) context.Context {
	request := activitylog.Request{ID: m.requestID(r), Method: r.Method, Route: routeOf(r), Origin: m.opts.Origin}
	if request.Route == "" {
		request.Route = route
	}
	if m.opts.Trace != nil {
		request.TraceID, request.SpanID = m.opts.Trace(ctx)
	}
	if request.TraceID == "" {
		request.TraceID, request.SpanID = traceParent(r.Header)
	}
	if m.opts.Identify != nil {
		who := m.opts.Identify(r)
		if who.Org != "" {
			ctx = activitylog.WithOrg(ctx, who.Org, who.Project)
		}
		if who.Actor.ID == "" && who.Actor.Type == "" {
			who.Actor.Type = activitylog.Anonymous
		}
		ctx = activitylog.WithActor(ctx, who.Actor, who.OnBehalfOf...)
		request.SessionID, request.CredentialID = who.SessionID, who.CredentialID
		if who.Origin != "" {
			request.Origin = who.Origin
		}
	}
	ctx = activitylog.WithClient(ctx, m.opts.Proxies.Client(r))
	return activitylog.WithRequest(ctx, request)
}

// routeOf is the pattern by which net/http, or a router that follows it, found the handler; empty before that.
func routeOf(r *http.Request) string {
	if _, path, ok := strings.Cut(r.Pattern, " "); ok {
		return path
	}
	return r.Pattern
}

const maxRequestID = 128

func (m *Middleware) requestID(r *http.Request) string {
	id := r.Header.Get(m.opts.RequestIDHeader)
	if id == "" || len(id) > maxRequestID {
		return rand.Text()
	}
	for _, c := range []byte(id) {
		if !isAlphanumeric(c) && strings.IndexByte("._-:/+=@", c) < 0 {
			return rand.Text()
		}
	}
	return id
}

func isAlphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// traceParent reads the trace and span of a W3C traceparent header. Both are empty if it is absent or malformed.
func traceParent(h http.Header) (trace, span string) {
	lines := h["Traceparent"]
	if len(lines) != 1 {
		return "", ""
	}
	s := lines[0] // 00-<32 digits>-<16 digits>-<2 digits>; versions to come may append
	const length = 55
	if len(s) < length || s[2] != '-' || s[35] != '-' || s[52] != '-' {
		return "", ""
	}
	version, trace, span := s[:2], s[3:35], s[36:52]
	switch {
	case !isHex(version) || !isHex(trace) || !isHex(span) || !isHex(s[53:length]),
		version == "ff",
		version == "00" && len(s) != length,
		len(s) > length && s[length] != '-',
		strings.Trim(trace, "0") == "",
		strings.Trim(span, "0") == "":
		return "", ""
	}
	return trace, span
}

func isHex(s string) bool {
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
