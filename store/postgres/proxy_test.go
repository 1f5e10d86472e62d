package postgres_test

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/lib/pq"
	"github.com/stretchr/testify/require"
)

// proxy stands between clients and a server and cuts a connection in place of passing on what a test says.
type proxy struct {
	network, address string // of the server
	dsn              string // through the proxy

	mu    sync.Mutex
	side  side
	text  []byte // nil: cut nothing
	conns []net.Conn
	pumps sync.WaitGroup
}

// side is who sends something.
type side int

const (
	client side = iota
	server
)

// newProxy starts a proxy to the server of a DSN.
func newProxy(t testing.TB, dsn string) *proxy {
	t.Helper()
	cfg, err := pq.NewConfig(dsn)
	require.NoError(t, err)
	p := &proxy{network: "tcp", address: net.JoinHostPort(cfg.Host, fmt.Sprint(cfg.Port))}
	if strings.HasPrefix(cfg.Host, "/") {
		p.network, p.address = "unix", filepath.Join(cfg.Host, fmt.Sprint(".s.PGSQL.", cfg.Port))
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	u := url.URL{Scheme: "postgres", User: url.UserPassword(cfg.User, cfg.Password), Host: listener.Addr().String(), Path: cfg.Database, RawQuery: "sslmode=disable"}
	p.dsn = u.String()
	p.pumps.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			p.serve(conn)
		}
	})
	t.Cleanup(func() {
		listener.Close()
		p.mu.Lock()
		for _, conn := range p.conns {
			conn.Close()
		}
		p.mu.Unlock()
		p.pumps.Wait()
	})
	return p
}

func (p *proxy) serve(from net.Conn) {
	to, err := net.Dial(p.network, p.address)
	if err != nil {
		from.Close()
		return
	}
	p.mu.Lock()
	p.conns = append(p.conns, from, to)
	p.mu.Unlock()
	p.pumps.Go(func() { p.pump(client, from, to) })
	p.pumps.Go(func() { p.pump(server, to, from) })
}

var errCut = errors.New("cut")

// pump passes on what one side sends, until one of them or the test has enough.
func (p *proxy) pump(s side, from, to net.Conn) {
	defer from.Close()
	defer to.Close()
	buf := make([]byte, 1<<16)
	for {
		n, err := from.Read(buf)
		if err == nil && p.isCut(s, buf[:n]) {
			err = errCut
		}
		if err == nil {
			_, err = to.Write(buf[:n])
		}
		if err != nil {
			return
		}
	}
}

// cut makes the proxy cut the next connection on which a side sends text, before passing it on.
func (p *proxy) cut(s side, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.side, p.text = s, []byte(text)
}

func (p *proxy) isCut(s side, sent []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.text == nil || p.side != s || !bytes.Contains(sent, p.text) {
		return false
	}
	p.text = nil
	return true
}

// done tells whether the cut was made.
func (p *proxy) done() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text == nil
}
