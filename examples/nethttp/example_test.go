package nethttp_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/middleware"
	"github.com/activitylog/activitylog/store/memory"
)

// whoIsAsking comes from the session of the application; here a header stands for it.
func whoIsAsking(r *http.Request) middleware.Identity {
	return middleware.Identity{Org: "acme", Actor: activitylog.Actor{ID: r.Header.Get("X-User")}, Origin: "api"}
}

// rules name what is recorded without a line in the handlers.
var rules = []middleware.Rule{
	{Methods: []string{"POST"}, Path: "/projects/{id}/archive", Action: "project.archive", Targets: []string{"project:{id}"}, Project: "id"},
}

// archiveProject leaves recording to the rules.
func archiveProject(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }

// deleteProject records by itself before it answers: what is not on record did not happen.
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
	m, err := middleware.New(activity, &middleware.Options{Identify: whoIsAsking, Rules: rules})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /projects/{id}/archive", archiveProject)
	mux.Handle("DELETE /projects/{id}", deleteProject(activity))
	handler := m.Wrap(mux)

	for i, call := range [][3]string{
		{"ana", "POST", "/projects/p7/archive"}, {"leo", "DELETE", "/projects/p7"}, {"ana", "DELETE", "/projects/p7"},
	} {
		r := httptest.NewRequest(call[1], call[2], nil)
		r.RemoteAddr = "192.0.2.7:4711"
		r.Header.Set("X-User", call[0])
		r.Header.Set("X-Request-Id", fmt.Sprintf("req-%d", i+1))
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Println(w.Code)
	}

	for e, err := range activity.Org("acme").Events(context.Background(), activitylog.Query{Order: activitylog.Oldest}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(e.Request.ID, e.Client.IP, e.Outcome, e.Message)
	}
	// Output:
	// 204
	// 403
	// 204
	// req-1 192.0.2.7 success ana archived the project project p7
	// req-2 192.0.2.7 denied leo was not allowed to delete the project Website: not an admin
	// req-3 192.0.2.7 success ana deleted the project Website
}
