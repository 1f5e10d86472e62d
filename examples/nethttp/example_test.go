package nethttp_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"net/netip"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/store/memory"
)

// surroundings puts into the context what all events of a request have in common. Who is asking comes from the session
// of the application; here a header stands for it.
func surroundings(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := activitylog.WithOrg(r.Context(), "acme", "")
		ctx = activitylog.WithActor(ctx, activitylog.Actor{ID: r.Header.Get("X-User")})
		client := activitylog.Client{UserAgent: r.UserAgent()}
		if from, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
			client.IP = from.Addr()
		}
		ctx = activitylog.WithClient(ctx, client)
		ctx = activitylog.WithRequest(ctx, activitylog.Request{ID: r.Header.Get("X-Request-Id"), Method: r.Method, Route: r.Pattern, Origin: "api"})
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// deleteProject records before it answers: what is not on record did not happen.
func deleteProject(activity *activitylog.Log) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		e := activitylog.Event{Action: "project.delete", Targets: []activitylog.Target{{Type: "project", ID: r.PathValue("id"), Name: "Website"}}}
		status := http.StatusNoContent
		if r.Header.Get("X-User") != "ana" {
			status, e.Outcome, e.Reason = http.StatusForbidden, activitylog.Denied, "not an admin"
		}
		if _, err := activity.Record(r.Context(), e); err != nil {
			http.Error(w, "cannot record", http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(status)
	}
}

func Example() {
	activity, err := activitylog.New(memory.New(), nil)
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("DELETE /projects/{id}", surroundings(deleteProject(activity)))

	for i, user := range []string{"leo", "ana"} {
		r := httptest.NewRequest(http.MethodDelete, "/projects/p7", nil)
		r.RemoteAddr = "192.0.2.7:4711"
		r.Header.Set("X-User", user)
		r.Header.Set("X-Request-Id", fmt.Sprintf("req-%d", i+1))
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		fmt.Println(w.Code)
	}

	for e, err := range activity.Org("acme").Events(context.Background(), activitylog.Query{Order: activitylog.Oldest}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(e.Request.ID, e.Client.IP, e.Request.Route, e.Outcome, e.Message)
	}
	// Output:
	// 403
	// 204
	// req-1 192.0.2.7 DELETE /projects/{id} denied leo was not allowed to delete the project Website: not an admin
	// req-2 192.0.2.7 DELETE /projects/{id} success ana deleted the project Website
}
