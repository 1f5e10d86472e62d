// Package chi joins middleware to the router chi: Router.Use takes Middleware.Wrap, and Route tells it the route that chi
// found.
//
//	r := chi.NewRouter()
//	r.Use(chimiddleware.Recoverer, m.Wrap, chiactivity.Route, signIn)
//
// Behind a Recoverer the middleware sees panics; around one it sees their status.
package chi

import (
	"net/http"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/middleware"
	"github.com/go-chi/chi/v5"
)

// Route gives the event of a request the route by which chi found its handler, through all routers that are mounted.
func Route(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { // known in the end, also after a panic
			if route := chi.RouteContext(r.Context()); route != nil && route.RoutePattern() != "" {
				pattern := route.RoutePattern() // chi uses the context again
				middleware.Change(r.Context(), func(e *activitylog.Event) { e.Request.Route = pattern })
			}
		}()
		next.ServeHTTP(w, r)
	})
}
