// Package rfc3161 anchors a log with a timestamp authority of RFC 3161, as many companies and states run one. Its
// tokens prove to anybody who trusts the authority that a checkpoint, and all events before it, were there at a time.
//
//	tsa, err := rfc3161.New("https://tsa.example/tsr", roots, nil)
//	sealer, err := integrity.NewSealer(log, store, keys, &integrity.SealerOptions{Anchors: []integrity.Anchor{tsa}, AnchorEvery: time.Hour})
//
// An authority remembers nothing: that the database was set back shows only if its tokens were kept elsewhere too. The
// newest token and its checkpoint stand in integrity.Report.Anchors, and openssl can check them:
//
//	openssl ts -verify -token_in -in TOKEN -data CHECKPOINT -CAfile ROOTS
package rfc3161

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/integrity"
	"github.com/digitorus/pkcs7"
	"github.com/digitorus/timestamp"
)

// Authority is an integrity.Anchor and an integrity.Attester. Its receipts are tokens in DER, each with the chain of its
// certificate. It is safe for concurrent use.
type Authority struct {
	at     *url.URL
	roots  *x509.CertPool
	client *http.Client
}

// New returns the authority at a URL, whose certificates must lead to one of the roots. client may be nil: then a
// request has ten seconds. The URL without its scheme is part of the name of the anchor.
func New(at string, roots *x509.CertPool, client *http.Client) (*Authority, error) {
	u, err := url.Parse(at)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return nil, fmt.Errorf("rfc3161: %w: write the URL as https://HOST/PATH", activitylog.ErrInvalid)
	case u.User != nil:
		return nil, fmt.Errorf("rfc3161: %w: the URL stands in the log and must hold no password; let the client add it", activitylog.ErrInvalid)
	case roots == nil:
		return nil, fmt.Errorf("rfc3161: %w: say by which roots the authority is to be believed", activitylog.ErrInvalid)
	}
	if client == nil {
		client = &http.Client{Timeout: 10 * time.Second}
	}
	return &Authority{at: u, roots: roots, client: client}, nil
}

// Name implements integrity.Anchor and integrity.Attester.
func (a *Authority) Name() string { return "rfc3161 " + a.at.Host + a.at.Path }

// maxAnswer is more than any token with its certificates takes.
const maxAnswer = 64 << 10

// Anchor implements integrity.Anchor.
func (a *Authority) Anchor(ctx context.Context, c *integrity.Checkpoint) ([]byte, error) {
	token, err := a.ask(ctx, c.Note)
	if err != nil {
		return nil, fmt.Errorf("rfc3161: %s: %w", a.at.Host, err)
	}
	return token, nil
}

func (a *Authority) ask(ctx context.Context, checkpoint []byte) ([]byte, error) {
	nonce, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 64))
	if err != nil {
		return nil, err
	}
	query, err := timestamp.CreateRequest(bytes.NewReader(checkpoint), &timestamp.RequestOptions{Hash: crypto.SHA256, Certificates: true, Nonce: nonce})
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, a.at.String(), bytes.NewReader(query))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/timestamp-query")
	answer, err := a.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	reply, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it answers %s: %.200q", answer.Status, reply)
	}
	token, err := timestamp.ParseResponse(reply)
	if err != nil {
		return nil, fmt.Errorf("its answer: %w", err)
	}
	if token.Nonce == nil || token.Nonce.Cmp(nonce) != 0 {
		return nil, errors.New("it answers another question")
	}
	if _, err := a.Attest(checkpoint, token.RawToken); err != nil {
		return nil, err
	}
	return token.RawToken, nil
}

// Attest implements integrity.Attester. The certificates must have been valid at the time of the token; whether they
// were revoked later is not asked.
func (a *Authority) Attest(checkpoint, receipt []byte) (time.Time, error) {
	token, err := timestamp.Parse(receipt)
	if err != nil {
		return time.Time{}, fmt.Errorf("the token: %w", err)
	}
	signed, err := pkcs7.Parse(receipt)
	if err != nil {
		return time.Time{}, fmt.Errorf("the token: %w", err)
	}
	sum := sha256.Sum256(checkpoint)
	if token.HashAlgorithm != crypto.SHA256 || !bytes.Equal(token.HashedMessage, sum[:]) {
		return time.Time{}, errors.New("the token is one of something else")
	}
	chain := x509.NewCertPool()
	for _, c := range signed.Certificates {
		chain.AddCert(c)
	}
	err = signed.VerifyWithOpts(x509.VerifyOptions{
		Roots: a.roots, Intermediates: chain, CurrentTime: token.Time, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping},
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("the token is signed by none of the authorities that are believed: %w", err)
	}
	return token.Time.UTC(), nil
}
