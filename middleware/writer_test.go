package middleware_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/middleware"
	"github.com/stretchr/testify/require"
)

// server serves h behind the middleware and over a real connection.
func server(t *testing.T, l *activitylog.Log, http2 bool, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(wrap(t, l, middleware.Options{Rules: everything, EventIDHeader: "X-Activity-Id"}, h))
	s.EnableHTTP2 = http2
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// TestStreams holds that each part arrives before the handler goes on, by every way that code has to flush.
func TestStreams(t *testing.T) {
	t.Parallel()
	flushes := map[string]func(w http.ResponseWriter) error{
		"by the controller": func(w http.ResponseWriter) error { return http.NewResponseController(w).Flush() },
		"by assertion": func(w http.ResponseWriter) error {
			w.(http.Flusher).Flush()
			return nil
		},
	}
	for name, flush := range flushes {
		for _, http2 := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, HTTP/2 %v", name, http2), func(t *testing.T) {
				t.Parallel()
				l := newLog(t)
				next := make(chan bool)
				s := server(t, l, http2, func(w http.ResponseWriter, r *http.Request) {
					if http2 != (r.ProtoMajor == 2) {
						t.Errorf("protocol %s", r.Proto)
					}
					for i := range 3 {
						fmt.Fprintf(w, "data: %d\n", i)
						if err := flush(w); err != nil {
							t.Errorf("flush: %v", err)
						}
						<-next
					}
				})
				resp, err := s.Client().Get(s.URL)
				require.NoError(t, err)
				defer resp.Body.Close()
				body := bufio.NewReader(resp.Body)
				for i := range 3 {
					line, err := body.ReadString('\n')
					require.NoError(t, err)
					require.Equal(t, fmt.Sprintf("data: %d\n", i), line)
					next <- true
				}
				_, err = body.ReadByte()
				require.ErrorIs(t, err, io.EOF) // so that the handler has returned
				if e := only(t, l); e.Outcome != activitylog.Success || resp.Header.Get("X-Activity-Id") != e.ID.String() {
					t.Errorf("got %s and header %q", e.AppendJSON(nil), resp.Header.Get("X-Activity-Id"))
				}
			})
		}
	}
}

func TestHijack(t *testing.T) {
	t.Parallel()
	hijacks := map[string]func(w http.ResponseWriter) (net.Conn, *bufio.ReadWriter, error){
		"by the controller": func(w http.ResponseWriter) (net.Conn, *bufio.ReadWriter, error) {
			return http.NewResponseController(w).Hijack()
		},
		"by assertion": func(w http.ResponseWriter) (net.Conn, *bufio.ReadWriter, error) { return w.(http.Hijacker).Hijack() },
	}
	for name, hijack := range hijacks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLog(t)
			returned := make(chan bool)
			h := wrap(t, l, middleware.Options{Rules: everything}, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				conn, rw, err := hijack(w)
				if err != nil {
					t.Errorf("hijack: %v", err)
					return
				}
				defer conn.Close()
				io.WriteString(rw, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
				rw.Flush()
				line, _ := rw.ReadString('\n')
				io.WriteString(rw, line)
				rw.Flush()
			}))
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				h.ServeHTTP(w, r)
				close(returned)
			}))
			defer s.Close()
			conn, err := net.Dial("tcp", s.Listener.Addr().String())
			require.NoError(t, err)
			defer conn.Close()
			io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nhello\n")
			answer, err := io.ReadAll(conn)
			require.NoError(t, err)
			if !strings.HasSuffix(string(answer), "\r\n\r\nhello\n") {
				t.Errorf("got %q", answer)
			}
			<-returned
			if e := only(t, l); e.Outcome != activitylog.Success || e.ErrorCode != "" {
				t.Errorf("got %s", e.AppendJSON(nil))
			}
		})
	}
}

// TestOlderInterfaces holds that code which asserts what a writer can do finds what the server's can, by protocol.
func TestOlderInterfaces(t *testing.T) {
	t.Parallel()
	for _, http2 := range []bool{false, true} {
		s := server(t, newLog(t), http2, func(w http.ResponseWriter, r *http.Request) {
			_, hijacks := w.(http.Hijacker)
			pusher, pushes := w.(http.Pusher)
			if hijacks == http2 || pushes != http2 {
				t.Errorf("%s: hijacks %v, pushes %v", r.Proto, hijacks, pushes)
			}
			if pushes {
				if err := pusher.Push("/style.css", nil); err != http.ErrNotSupported { // by this client
					t.Errorf("push: %v", err)
				}
			}
			if n, ok := w.(interface{ CloseNotify() <-chan bool }); !ok || n.CloseNotify() == nil {
				t.Errorf("%s: nobody tells when the client has gone", r.Proto)
			}
		})
		resp, err := s.Client().Get(s.URL)
		require.NoError(t, err)
		resp.Body.Close()
	}
	h := wrap(t, newLog(t), middleware.Options{Rules: everything}, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if w.(interface{ CloseNotify() <-chan bool }).CloseNotify() != nil {
			t.Error("a writer that cannot tell when the client has gone says so")
		}
	}))
	serve(h, http.MethodGet, "/")
}

// TestNothingIsPromised holds that a writer offers by assertion only what the server's writer can do.
func TestNothingIsPromised(t *testing.T) {
	t.Parallel()
	type plain struct{ http.ResponseWriter }
	l := newLog(t)
	h := wrap(t, l, middleware.Options{Rules: everything}, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, flushes := w.(http.Flusher)
		_, hijacks := w.(http.Hijacker)
		_, pushes := w.(http.Pusher)
		if flushes || hijacks || pushes {
			t.Errorf("offers to flush %v, hijack %v, push %v", flushes, hijacks, pushes)
		}
		if err := http.NewResponseController(w).Flush(); err == nil {
			t.Error("flushed what cannot be flushed")
		}
	}))
	h.ServeHTTP(plain{httptest.NewRecorder()}, httptest.NewRequest(http.MethodGet, "/", nil))
}

func TestBodies(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "f.txt")
	require.NoError(t, os.WriteFile(file, []byte("content"), 0o600))
	tests := []struct {
		name    string
		handler http.HandlerFunc
		status  int
		body    string
		outcome activitylog.Outcome
	}{
		{"nothing", func(http.ResponseWriter, *http.Request) {}, 200, "", activitylog.Success},
		{"write", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("content")) }, 200, "content", activitylog.Success},
		{"string", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "content") }, 200, "content", activitylog.Success},
		{"file", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, file) }, 200, "content", activitylog.Success},
		{"error", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusBadGateway) }, 502, "no\n", activitylog.Failure},
		{"first status counts", func(w http.ResponseWriter, _ *http.Request) {
			w.Write([]byte("content"))
			w.WriteHeader(500)
		}, 200, "content", activitylog.Success},
		{"early hints do not", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusForbidden)
		}, 403, "", activitylog.Denied},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := newLog(t)
			s := server(t, l, false, tt.handler)
			s.Config.ErrorLog = nil
			resp, err := s.Client().Get(s.URL)
			require.NoError(t, err)
			body, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			resp.Body.Close()
			e := only(t, l)
			if resp.StatusCode != tt.status || string(body) != tt.body || e.Outcome != tt.outcome {
				t.Errorf("got %d %q, recorded %s", resp.StatusCode, body, e.Outcome)
			}
			if resp.Header.Get("X-Activity-Id") != e.ID.String() {
				t.Errorf("the header names %q, the event is %s", resp.Header.Get("X-Activity-Id"), e.ID)
			}
		})
	}
}

func TestPanicsAreRecordedAndGoOn(t *testing.T) {
	t.Parallel()
	cause := fmt.Errorf("the password is hunter2")
	tests := []struct {
		name  string
		panic any
		want  string
	}{
		{"error", cause, "the handler panicked with a *fmt.wrapError"},
		{"text", "boom", "the handler panicked with a string"},
		{"abort", http.ErrAbortHandler, "the handler aborted the response"},
	}
	tests[0].want = fmt.Sprintf("the handler panicked with a %T", cause)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := newLog(t)
			h := wrap(t, l, middleware.Options{Rules: everything}, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusOK)
				panic(tt.panic)
			}))
			func() {
				defer func() {
					if got := recover(); got != tt.panic {
						t.Errorf("the panic went on as %v", got)
					}
				}()
				serve(h, http.MethodPost, "/")
				t.Error("the panic ended")
			}()
			e := only(t, l)
			if e.Outcome != activitylog.Failure || e.Reason != tt.want || e.ErrorCode != "panic" {
				t.Errorf("recorded %s, %q, %q", e.Outcome, e.Reason, e.ErrorCode)
			}
		})
	}
}

func TestHandlerThatEndsItsGoroutine(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	h := wrap(t, l, middleware.Options{Rules: everything}, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { runtime.Goexit() }))
	done := make(chan bool)
	go func() {
		defer close(done)
		serve(h, http.MethodPost, "/")
	}()
	<-done
	if e := only(t, l); e.Outcome != activitylog.Failure || e.Reason != "the handler ended its goroutine" {
		t.Errorf("recorded %s, %q", e.Outcome, e.Reason)
	}
}
