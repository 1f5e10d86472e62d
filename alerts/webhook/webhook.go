package webhook

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// Options are the choices of a host. The zero value is ready to use.
type Options struct {
	// Also are further secrets with which each notice is signed, while the receiver exchanges one for another.
	Also []string
	// Transport makes the requests; nil: a default of its own, so that no other use of HTTP shares its connections.
	Transport http.RoundTripper
	// Timeout bounds one attempt; default 10 seconds.
	Timeout time.Duration
	// Attempts is how often one call of Notify tries; default 4.
	Attempts int
	// Wait is how long to wait after the first attempt; each further one doubles it, with chance on top. Default 500ms.
	Wait time.Duration
	// Now is the clock of the signatures; default time.Now.
	Now func() time.Time
}

// Webhook is a receiver of notices. It is safe for concurrent use.
type Webhook struct {
	url     string
	signers []*standardwebhooks.Webhook
	client  *http.Client
	opts    Options
}

// New returns a receiver at an address. The secret is "whsec_" with 24 to 64 bytes in Base64. Addresses are https; http
// is taken for this machine alone, since a notice names people.
func New(address, secret string, opts *Options) (*Webhook, error) {
	w := &Webhook{url: address}
	if opts != nil {
		w.opts = *opts
	}
	if err := checkAddress(address); err != nil {
		return nil, err
	}
	for _, s := range append([]string{secret}, w.opts.Also...) {
		signer, err := newSigner(s)
		if err != nil {
			return nil, err
		}
		w.signers = append(w.signers, signer)
	}
	o := &w.opts
	if min(o.Timeout, o.Wait) < 0 || o.Attempts < 0 {
		return nil, invalid("durations and numbers in Options must not be negative")
	}
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Second
	}
	if o.Attempts == 0 {
		o.Attempts = 4
	}
	if o.Wait == 0 {
		o.Wait = 500 * time.Millisecond
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Transport == nil {
		o.Transport = &http.Transport{Proxy: http.ProxyFromEnvironment, TLSHandshakeTimeout: o.Timeout, MaxIdleConns: 4, IdleConnTimeout: time.Minute}
	}
	w.client = &http.Client{Transport: o.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return errRedirect }}
	return w, nil
}

var errRedirect = errors.New("the receiver redirects, which is refused: give the address that it redirects to")

func invalid(format string, args ...any) error {
	return fmt.Errorf("webhook: %w: %s", activitylog.ErrInvalid, fmt.Sprintf(format, args...))
}

// checkAddress does not repeat the address in its errors: it may hold a token.
func checkAddress(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return invalid("the address is no URL")
	}
	ip := net.ParseIP(u.Hostname())
	local := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme != "https" && (u.Scheme != "http" || !local) {
		return invalid("the address must be https")
	}
	return nil
}

func newSigner(secret string) (*standardwebhooks.Webhook, error) {
	text, ok := strings.CutPrefix(secret, "whsec_")
	key, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil || len(key) < 24 || len(key) > 64 {
		return nil, invalid("a secret must be whsec_ with 24 to 64 bytes in Base64")
	}
	return standardwebhooks.NewWebhookRaw(key)
}

// Notify sends a notice until the receiver answers with a status of 200 to 299. It tries again where that can help:
// after errors of the network, timeouts, and the statuses 408, 425, 429 and from 500 on.
func (w *Webhook) Notify(ctx context.Context, n alerts.Notice) error {
	body, err := payload(n)
	if err != nil {
		return fmt.Errorf("webhook: %w", err)
	}
	for attempt := 1; ; attempt++ {
		err := w.send(ctx, n.ID.String(), body)
		if err == nil {
			return nil
		}
		err = fmt.Errorf("webhook: attempt %d: %w", attempt, err)
		if attempt == w.opts.Attempts || !again(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(w.wait(attempt, err)):
		}
	}
}
