package web

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
)

const (
	// beatTime is how often a stream that has nothing to say shows that it lives, and asks whether it still may.
	beatTime = 15 * time.Second
	// checkTime is for how long an answer of the Authorizer holds while events are sent.
	checkTime = time.Second
	// paceTime is the least time between two sendings, so that a busy log costs a stream no more than four in a second.
	paceTime = 250 * time.Millisecond
	// sendSize is how many bytes a stream gathers before it sends them.
	sendSize = 16 << 10
	// mostBehind is how many reads of the log somebody who resumes may cost; who is further behind loads the page again.
	mostBehind = 50
)

// Shutdown ends the streams of live events, which the server would wait for, and takes no new ones. Hand it to
// http.Server.RegisterOnShutdown. Browsers connect again, to the next server. All else goes on.
func (h *Handler) Shutdown() { h.streams.end() }

// live is one open stream. Its messages are activity, with an event, beat, lagged, where too much lies between what was
// seen and now, gone, where one of several follows ends, and bye, with why all end. The id of each is the place to go on
// from.
type live struct {
	*visit
	control *http.ResponseController
	follows []*follow
	several bool   // messages name the follows that they are for, and one that ends leaves the others
	kind    string // of its places
	from    *follower
	at      activitylog.Position // behind which events are still to be sent
	checked time.Time            // when the rights were last asked for
	sent    time.Time            // when something was last sent
	out     bytes.Buffer
}

// run sends what the follows see as it is committed, until the reader, their rights or the server go away.
func (s *live) run() {
	who := principalOf(s.grants[0])
	f, err := s.h.streams.join(s.r.Context(), who)
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		s.problem(http.StatusNotImplemented, "unsupported", "this log cannot be followed")
		return
	case err != nil:
		s.apiFail(err)
		return
	case f == nil:
		s.w.Header().Set("Retry-After", "15")
		s.problem(http.StatusTooManyRequests, "streams", "too many streams are open")
		return
	}
	defer s.h.streams.leave(who)
	now := time.Now()
	s.control, s.from, s.at, s.checked, s.sent = http.NewResponseController(s.w), f, f.head(), now, now
	s.send()
}

// send writes the answer of a stream that has its place.
func (s *live) send() {
	head := s.w.Header()
	head.Set("Content-Type", "text/event-stream")
	head.Set("X-Accel-Buffering", "no")
	s.w.WriteHeader(http.StatusOK)
	if s.r.Method == http.MethodHead {
		return
	}
	again := s.r.Header.Get("Last-Event-ID")
	if again == "" {
		again = s.r.URL.Query().Get("after")
	}
	if again != "" {
		at, ok := s.h.streams.places.open(s.kind, again)
		if s.at = at; !ok {
			s.lagged()
		}
	}
	s.sayGone(s.ended())
	flows := !errors.Is(s.flush(), errors.ErrUnsupported)
	if flows {
		s.message("beat", nil)
	} else {
		s.out.WriteString("retry: 5000\n\n") // they get what there is now, and ask again
	}
	for rounds := 0; ; rounds++ {
		more, moved, err := s.collect(rounds)
		switch {
		case err != nil:
			s.goodbye(err)
			return
		case !flows && !more:
			s.message("beat", nil)
			_, _ = s.out.WriteTo(s.w) // whoever went away needs no more
			return
		case flows && s.out.Len() > 0 && s.flush() != nil:
			return
		case more:
			continue
		}
		rounds = 0
		if err := s.wait(moved); err != nil {
			s.goodbye(err)
			return
		}
	}
}

// collect writes the next events that a follow sees. more tells that the log has others already.
func (s *live) collect(rounds int) (more bool, moved <-chan struct{}, err error) {
	events, next, more, moved, err := s.from.after(s.r.Context(), s.at)
	if err != nil {
		return false, nil, err
	}
	if more && rounds >= mostBehind {
		s.lagged()
		s.message("beat", nil)
		return true, moved, nil
	}
	for i := range events {
		data := s.sight(events[i].Event)
		if data == nil {
			continue
		}
		switch fewer, err := s.allowed(checkTime); {
		case err != nil:
			return false, nil, err
		case fewer:
			if data = s.sight(events[i].Event); data == nil {
				continue
			}
		}
		s.at = events[i].Position
		s.message("activity", data)
		if s.out.Len() > sendSize {
			if err := s.flush(); err != nil && !errors.Is(err, errors.ErrUnsupported) {
				return false, nil, err
			}
		}
	}
	s.at = next
	return more, moved, nil
}

// wait waits for the log to move, and beats meanwhile.
func (s *live) wait(moved <-chan struct{}) error {
	pace, beat := time.After(paceTime), time.NewTimer(time.Until(s.sent.Add(beatTime)))
	defer beat.Stop()
	select {
	case <-moved:
	case <-beat.C:
		s.message("beat", nil)
		_, err := s.allowed(0)
		return err
	case <-s.r.Context().Done():
		return s.r.Context().Err()
	case <-s.h.streams.ending:
		return errEnding
	}
	select {
	case <-pace:
	case <-s.r.Context().Done():
		return s.r.Context().Err()
	case <-s.h.streams.ending:
		return errEnding
	}
	return nil
}

var (
	errEnding  = errors.New("the server ends")
	errChanged = errors.New("the rights changed")
)

// lagged says that some events are left out, and goes on with what comes now.
func (s *live) lagged() {
	s.at = s.from.head()
	s.message("lagged", nil)
}

// goodbye says why the stream ends, so that a browser knows whether to come again.
func (s *live) goodbye(err error) {
	why := "failed"
	switch {
	case s.r.Context().Err() != nil:
		return
	case errors.Is(err, ErrSignedOut):
		why = "signed_out"
	case errors.Is(err, access.ErrDenied):
		why = "denied"
	case errors.Is(err, errChanged):
		why = "changed"
	case errors.Is(err, errEnding), errors.Is(err, activitylog.ErrClosed), errors.Is(err, context.Canceled):
		why = "ending"
	case errors.Is(err, errUnfollowed): // of which the host was told once
	default:
		s.report(err)
	}
	s.message("bye", []byte(why))
	_ = s.flush() // whoever went away needs no farewell
}

// message adds one message. JSON and the names of reasons hold no line breaks.
func (s *live) message(event string, data []byte) {
	s.out.WriteString("id: " + s.h.streams.places.seal(s.kind, s.at) + "\nevent: " + event + "\ndata: ")
	s.out.Write(data)
	s.out.WriteString("\n\n")
}

// flush sends what was added. Each sending has its own time.
func (s *live) flush() error {
	s.sent = time.Now()
	_ = s.control.SetWriteDeadline(s.sent.Add(chunkTime)) // not all servers can
	_, err := s.out.WriteTo(s.w)
	if err == nil {
		err = s.control.Flush()
	}
	if s.out.Reset(); s.out.Cap() > 2*sendSize {
		s.out = bytes.Buffer{}
	}
	return err
}
