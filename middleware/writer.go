package middleware

import (
	"bufio"
	"io"
	"net"
	"net/http"
)

// writer notes the status of a response. What else the server's writer can do is reached by Unwrap, and by the methods
// that older code asserts; dress offers exactly those that are there.
type writer struct {
	http.ResponseWriter
	x      *exchange
	status int // 0: the response has not begun
}

// begin notes that the response begins.
func (w *writer) begin(status int) {
	if w.status == 0 {
		w.status = status
		w.x.announce(status)
	}
}

// WriteHeader notes a final status; informational ones but the switch of protocols are not final.
func (w *writer) WriteHeader(status int) {
	if status >= 200 || status == http.StatusSwitchingProtocols {
		w.begin(status)
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *writer) Write(b []byte) (int, error) {
	w.begin(http.StatusOK)
	return w.ResponseWriter.Write(b)
}

// WriteString implements io.StringWriter.
func (w *writer) WriteString(s string) (int, error) {
	w.begin(http.StatusOK)
	return io.WriteString(w.ResponseWriter, s)
}

// ReadFrom implements io.ReaderFrom, by which a server sends files without copying them.
func (w *writer) ReadFrom(src io.Reader) (int64, error) {
	w.begin(http.StatusOK)
	return io.Copy(w.ResponseWriter, src)
}

// Unwrap is for http.ResponseController.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// dress returns w with the methods of the server's writer that code may assert.
func (w *writer) dress() http.ResponseWriter {
	_, flushes := w.ResponseWriter.(http.Flusher)
	_, hijacks := w.ResponseWriter.(http.Hijacker)
	_, pushes := w.ResponseWriter.(http.Pusher)
	switch {
	case flushes && hijacks:
		return hijacker{flusher{w}}
	case flushes && pushes:
		return pusher{flusher{w}}
	case flushes:
		return flusher{w}
	}
	return w
}

type flusher struct{ *writer }

// FlushError is what http.ResponseController calls.
func (w flusher) FlushError() error {
	w.begin(http.StatusOK)
	return http.NewResponseController(w.ResponseWriter).Flush()
}

func (w flusher) Flush() {
	w.begin(http.StatusOK)
	w.ResponseWriter.(http.Flusher).Flush()
}

// CloseNotify tells when the client has gone, if the server's writer can tell; some frameworks still ask.
func (w flusher) CloseNotify() <-chan bool {
	if n, ok := w.ResponseWriter.(interface{ CloseNotify() <-chan bool }); ok {
		return n.CloseNotify()
	}
	return nil
}

// hijacker is a writer of HTTP/1.
type hijacker struct{ flusher }

// Hijack leaves the connection to the handler. The request counts as a switch of protocols unless it was answered before.
func (w hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := w.ResponseWriter.(http.Hijacker).Hijack()
	if err == nil {
		w.begin(http.StatusSwitchingProtocols)
	}
	return conn, rw, err
}

// pusher is a writer of HTTP/2.
type pusher struct{ flusher }

func (w pusher) Push(target string, opts *http.PushOptions) error {
	return w.ResponseWriter.(http.Pusher).Push(target, opts)
}
