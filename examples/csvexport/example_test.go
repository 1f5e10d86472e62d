package csvexport_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/export"
	"github.com/activitylog/activitylog/store/memory"
)

// download answers with the events that the filter in ?q= means. The organization comes from the session of the
// application, never from the request.
func download(activity *activitylog.Log, org string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		filter, err := activitylog.ParseFilter(r.FormValue("q"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "text/csv; charset=utf-8")
		w.Header().Set("Content-Disposition", `attachment; filename="activity.csv"`)
		out, err := export.NewCSV(w, &export.CSVOptions{Columns: []string{"time", "actor_name", "action", "outcome", "target_name"}})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		events := activity.Org(org).Events(r.Context(), activitylog.Query{Filter: filter, Order: activitylog.Oldest})
		if _, err = export.Copy(out, events); err == nil {
			err = out.Close()
		}
		if err != nil {
			log.Print(err)
			panic(http.ErrAbortHandler) // the status is sent already; the client sees that the download broke off
		}
	}
}

func Example() {
	ctx := context.Background()
	activity, err := activitylog.New(memory.New(), nil)
	if err != nil {
		log.Fatal(err)
	}
	for i, file := range []string{"plan.pdf", "=cmd|' /C calc'!A0"} {
		if _, err := activity.Record(ctx, activitylog.Event{
			Org: "acme", Action: "data.export", Actor: activitylog.Actor{ID: "u1", Name: "Torres, Ana"},
			Time:    time.Date(2026, 5, 4, 9, 30, i, 0, time.UTC),
			Targets: []activitylog.Target{{Type: "file", ID: fmt.Sprint(i), Name: file}},
		}); err != nil {
			log.Fatal(err)
		}
	}

	server := httptest.NewServer(download(activity, "acme"))
	defer server.Close()
	response, err := http.Get(server.URL + "?q=category:data")
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(strings.ReplaceAll(string(body), "\r\n", "\n"))
	// Output:
	// time,actor_name,action,outcome,target_name
	// 2026-05-04T09:30:00.000000Z,"Torres, Ana",data.export,success,plan.pdf
	// 2026-05-04T09:30:01.000000Z,"Torres, Ana",data.export,success,"'=cmd|' /C calc'!A0"
}
