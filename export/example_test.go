package export_test

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/export"
	"github.com/activitylog/activitylog/store/memory"
)

func Example() {
	ctx := context.Background()
	log, err := activitylog.New(memory.New(), &activitylog.Options{DefaultOrg: "acme"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, file := range []string{"plan.pdf", `=HYPERLINK("http://evil.example")`} {
		if _, err := log.Record(ctx, activitylog.Event{
			Action:  "data.view",
			Actor:   activitylog.Actor{ID: "u1", Name: "Ana"},
			Targets: []activitylog.Target{{Type: "file", Name: file}},
		}); err != nil {
			fmt.Println(err)
			return
		}
	}

	var out strings.Builder
	w, err := export.NewCSV(&out, &export.CSVOptions{Columns: []string{"actor_name", "action", "target_name"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	rows, err := export.Copy(w, log.Org("acme").Events(ctx, activitylog.Query{Order: activitylog.Oldest}))
	if err == nil {
		err = w.Close()
	}
	fmt.Println(rows, "events,", err)
	fmt.Print(strings.ReplaceAll(out.String(), "\r\n", "\n"))
	// Output:
	// 2 events, <nil>
	// actor_name,action,target_name
	// Ana,data.view,plan.pdf
	// Ana,data.view,"'=HYPERLINK(""http://evil.example"")"
}

func ExampleNewNDJSON() {
	w := export.NewNDJSON(os.Stdout)
	if err := w.Write(&activitylog.Event{Org: "acme", Action: "auth.login", Actor: activitylog.Actor{ID: "u1"}}); err != nil {
		fmt.Println(err)
	}
	if err := w.Close(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {"schema":1,"org":"acme","action":"auth.login","actor":{"id":"u1"}}
}
