package access_test

import (
	"bytes"
	"context"
	"fmt"
	"log"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/activitylog/activitylog/export"
	"github.com/activitylog/activitylog/store/memory"
)

func Example() {
	ctx := context.Background()
	events, err := activitylog.New(memory.New(), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer events.Close(ctx)
	guard, err := access.New(events, nil)
	if err != nil {
		log.Fatal(err)
	}
	_, err = events.Record(ctx, activitylog.Event{
		Org: "acme", Action: "member.invite", Actor: activitylog.Actor{ID: "u1", Name: "Ana", Email: "ana@acme.example"},
	})
	if err != nil {
		log.Fatal(err)
	}

	// What the session of a request says.
	auditor := activitylog.Actor{ID: "u9", Name: "Rui"}
	reader := guard.Reader(access.Org(auditor, "acme", access.View|access.Export))
	page, err := reader.Page(ctx, activitylog.Query{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(page.Events[0].Actor.Name, page.Events[0].Actor.Email)

	columns := &export.CSVOptions{Columns: []string{"actor_name", "action"}}
	var file bytes.Buffer
	sent, err := reader.Export(ctx, &file, activitylog.Query{Filter: activitylog.CategoryIs("member")}, export.AsCSV(columns))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(sent.Rows, "row with", sent.Bytes, "bytes")
	for e := range events.Org("acme").Events(ctx, activitylog.Query{Order: activitylog.Oldest}) {
		fmt.Println(e.Actor.Name, e.Action, e.Outcome)
	}
	// Output:
	// Ana [hidden]
	// 1 row with 38 bytes
	// Ana member.invite success
	// Rui audit.view success
	// Rui audit.export pending
	// Rui audit.export success
}
