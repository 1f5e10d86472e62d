package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/activitylog/activitylog/alerts"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// payload is the body in the form that Standard Webhooks recommend.
func payload(n alerts.Notice) ([]byte, error) {
	type data struct {
		Org     string       `json:"org"`
		Finding alerts.Brief `json:"finding"`
	}
	return json.Marshal(struct {
		Type      string    `json:"type"`
		Timestamp time.Time `json:"timestamp"`
		Data      data      `json:"data"`
	}{"alert." + string(n.Transition), n.Time.UTC(), data{n.Org, n.Finding}})
}

// StatusError says that the receiver answered, but did not take the notice.
type StatusError struct {
	Status     int           // of HTTP
	RetryAfter time.Duration // what it asked for; 0: nothing
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("the receiver answered with status %d", e.Status)
}

// send makes one attempt.
func (w *Webhook) send(ctx context.Context, id string, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, w.opts.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	now := w.opts.Now()
	var signatures []string
	for _, s := range w.signers {
		signature, err := s.Sign(id, now, body)
		if err != nil {
			return err
		}
		signatures = append(signatures, signature)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "activitylog-webhook")
	req.Header.Set(standardwebhooks.HeaderWebhookID, id)
	req.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	req.Header.Set(standardwebhooks.HeaderWebhookSignature, strings.Join(signatures, " "))
	resp, err := w.client.Do(req)
	if err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err // without the address, which may hold a token
		}
		return err
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // so that the connection can be used again
	if resp.StatusCode >= 200 && resp.StatusCode < 300 {
		return nil
	}
	seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
	return &StatusError{Status: resp.StatusCode, RetryAfter: time.Duration(min(max(seconds, 0), 24*60*60)) * time.Second}
}

// again tells whether another attempt can help.
func again(err error) bool {
	if errors.Is(err, errRedirect) {
		return false
	}
	var status *StatusError
	if !errors.As(err, &status) {
		return true
	}
	switch status.Status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return status.Status >= 500
}

// longest is how long one call waits at most between attempts; who wants to wait longer calls again.
const longest = 10 * time.Second

// wait is how long to wait after an attempt: twice as long as before, and up to half of that more by chance, so that
// many who failed together do not come back together. A receiver may ask for more.
func (w *Webhook) wait(attempt int, err error) time.Duration {
	d := min(w.opts.Wait<<min(attempt-1, 10), longest)
	d += rand.N(d/2 + 1)
	var status *StatusError
	if errors.As(err, &status) {
		d = max(d, status.RetryAfter)
	}
	return min(d, longest)
}
