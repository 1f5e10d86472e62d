package redact_test

import (
	"context"
	"fmt"
	"log"
	"net/netip"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/redact"
	"github.com/activitylog/activitylog/store/memory"
)

func Example() {
	policy, err := redact.New(&redact.Options{IP: redact.Prefix, Keys: []string{"iban"}})
	if err != nil {
		log.Fatal(err)
	}
	activity, err := activitylog.New(memory.New(), &activitylog.Options{Redact: policy.Redact})
	if err != nil {
		log.Fatal(err)
	}
	id, err := activity.Record(context.Background(), activitylog.Event{
		Org: "acme", Action: "integration.connect", Actor: activitylog.Actor{ID: "u1", Name: "Ana"},
		Reason:   "dial postgres://app:hunter2@db/x",
		Client:   activitylog.Client{IP: netip.MustParseAddr("192.0.2.77")},
		Metadata: map[string]any{"iban": "DE00 1234", "webhookSecret": "abc", "attempts": 3},
	})
	if err != nil {
		log.Fatal(err)
	}
	e, err := activity.Org("acme").Get(context.Background(), id)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(e.Reason)
	fmt.Println(e.Client.IP, e.Client.IPKind)
	fmt.Println(e.Metadata)
	// Output:
	// dial postgres://app:[redacted:password]@db/x
	// 192.0.2.0 prefix
	// map[attempts:3 iban:[redacted:iban] webhookSecret:[redacted:secret]]
}
