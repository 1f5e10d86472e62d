package webhook_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/activitylog/activitylog/alerts/webhook"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// A receiver checks what it gets with any library of Standard Webhooks.
func Example() {
	checker, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		panic(err)
	}
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if err := checker.Verify(body, r.Header); err != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Println("got", r.Header.Get("webhook-id"))
	}))
	defer receiver.Close()

	hook, err := webhook.New(receiver.URL, secret, nil)
	if err != nil {
		panic(err)
	}
	fmt.Println(hook.Notify(context.Background(), notice))
	// Output:
	// got 0198a2d0-0000-7000-8000-000000000001
	// <nil>
}
