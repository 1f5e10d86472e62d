package middleware_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"net/netip"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/middleware"
	"github.com/activitylog/activitylog/store/memory"
)

func Example() {
	activity, err := activitylog.New(memory.New(), nil)
	if err != nil {
		log.Fatal(err)
	}
	m, err := middleware.New(activity, &middleware.Options{
		Identify: func(r *http.Request) middleware.Identity { // from the session of the application
			return middleware.Identity{Org: "acme", Actor: activitylog.Actor{ID: r.Header.Get("X-User")}}
		},
		Proxies: middleware.Proxies{Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}},
		Rules: []middleware.Rule{
			{Methods: []string{"DELETE"}, Path: "/projects/{id}", Action: "project.delete", Targets: []string{"project:{id}"}, Project: "id"},
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("DELETE /projects/{id}", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-User") != "ana" {
			middleware.Change(r.Context(), func(e *activitylog.Event) { e.Reason = "not an admin" })
			w.WriteHeader(http.StatusForbidden)
		}
	})

	for _, user := range []string{"leo", "ana"} {
		r := httptest.NewRequest(http.MethodDelete, "/projects/p7", nil)
		r.RemoteAddr = "10.0.0.1:4711"
		r.Header.Set("X-Forwarded-For", "6.6.6.6, 192.0.2.7") // the left one is the client's claim
		r.Header.Set("X-User", user)
		m.Wrap(mux).ServeHTTP(httptest.NewRecorder(), r)
	}

	for e, err := range activity.Org("acme").Events(context.Background(), activitylog.Query{Order: activitylog.Oldest}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(e.Client.IP, e.Outcome, e.Message)
	}
	// Output:
	// 192.0.2.7 denied leo was not allowed to delete the project project p7: not an admin
	// 192.0.2.7 success ana deleted the project project p7
}
