package chi_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/activitylog/activitylog"
	chiactivity "github.com/activitylog/activitylog/contrib/chi"
	"github.com/activitylog/activitylog/middleware"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/go-chi/chi/v5"
)

// signIn stands for the authentication of the application, which runs behind the middleware.
func signIn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user := r.Header.Get("X-User")
		ctx := middleware.WithOrg(r.Context(), "acme", "")
		ctx = middleware.WithActor(ctx, activitylog.Actor{ID: user})
		if user != "ana" {
			http.Error(w, "not an admin", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// recoverer answers a panic, as that of chi does, without writing it out.
func recoverer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if recover() != nil {
				w.WriteHeader(http.StatusInternalServerError)
			}
		}()
		next.ServeHTTP(w, r)
	})
}

func newRouter(activity *activitylog.Log) (http.Handler, error) {
	m, err := middleware.New(activity, &middleware.Options{
		EventIDHeader: "X-Activity-Id",
		Rules: []middleware.Rule{
			{Methods: []string{"GET"}, Path: "/health"},
			{Methods: []string{"DELETE"}, Path: "/projects/{id}", Action: "project.delete", Targets: []string{"project:{id}"}, Project: "id"},
			{Path: "/{path...}", Action: "data.view"},
		},
	})
	if err != nil {
		return nil, err
	}
	r := chi.NewRouter()
	r.Use(recoverer, m.Wrap, chiactivity.Route, signIn) // a panic is recorded before it is recovered
	r.Get("/health", func(http.ResponseWriter, *http.Request) {})
	r.Get("/panic", func(http.ResponseWriter, *http.Request) { panic("boom") })
	r.Get("/stream", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "data: 1\n\n")
		if err := http.NewResponseController(w).Flush(); err != nil {
			log.Print(err)
		}
	})
	r.Route("/projects/{projectID}", func(r chi.Router) {
		r.Delete("/", func(w http.ResponseWriter, r *http.Request) {
			_, err := activity.Record(r.Context(), activitylog.Event{Action: "data.delete"}) // what the handler knows itself
			if err != nil {
				http.Error(w, "cannot record", http.StatusServiceUnavailable)
				return
			}
			w.WriteHeader(http.StatusNoContent)
		})
	})
	return r, nil
}

func Example() {
	activity, err := activitylog.New(memory.New(), nil)
	if err != nil {
		log.Fatal(err)
	}
	router, err := newRouter(activity)
	if err != nil {
		log.Fatal(err)
	}
	for _, call := range [][3]string{
		{"leo", "DELETE", "/projects/p7"}, {"ana", "DELETE", "/projects/p7"}, {"ana", "GET", "/health"},
		{"ana", "GET", "/stream"}, {"ana", "GET", "/panic"}, {"ana", "GET", "/nowhere"},
	} {
		r := httptest.NewRequest(call[1], call[2], nil)
		r.RemoteAddr = "192.0.2.7:4711"
		r.Header.Set("X-User", call[0])
		w := httptest.NewRecorder()
		router.ServeHTTP(w, r)
		fmt.Println(call[1], call[2], w.Code, w.Flushed, w.Header().Get("X-Activity-Id") != "")
	}
	for e, err := range activity.Org("acme").Events(context.Background(), activitylog.Query{Order: activitylog.Oldest}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(e.Action, e.Actor.ID, e.Client.IP, e.Request.Route, e.ErrorCode, e.Outcome)
	}
	// Output:
	// DELETE /projects/p7 403 false true
	// DELETE /projects/p7 204 false true
	// GET /health 200 false false
	// GET /stream 200 true true
	// GET /panic 500 false false
	// GET /nowhere 404 false true
	// project.delete leo 192.0.2.7 /projects/{id} 403 denied
	// project.delete ana 192.0.2.7 /projects/{projectID}  success
	// data.delete ana 192.0.2.7 /projects/{id}  success
	// data.view ana 192.0.2.7 /stream  success
	// data.view ana 192.0.2.7 /panic panic failure
	// data.view ana 192.0.2.7 /{path...} 404 failure
}
