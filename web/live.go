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

// stream sends the events of the filter as they are committed, until the reader, their rights or the server go away.
// Its messages are activity, with an event, beat, lagged, where too much lies between what was seen and now, and bye,
// with why it ends. The id of each is the place to go on from.
func (v *visit) stream() {
	a, err := v.ask(v.h.opts.Now())
	switch {
	case err != nil:
		v.apiFail(err)
		return
	case a.wrong != nil:
		v.apiFail(&wrongQuery{a.wrong})
		return
	case !a.to.IsZero() && a.to.Before(v.h.opts.Now()):
		v.w.WriteHeader(http.StatusNoContent) // nothing can come, which a browser takes as the end
		return
	}
	sees, err := v.reader.Follow(v.r.Context(), a.filter)
	if err != nil {
		v.apiFail(err)
		return
	}
	who := principalOf(v.grants[0])
	f, err := v.h.streams.join(v.r.Context(), who)
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		v.problem(http.StatusNotImplemented, "unsupported", "this log cannot be followed")
		return
	case err != nil:
		v.apiFail(err)
		return
	case f == nil:
		v.w.Header().Set("Retry-After", "15")
		v.problem(http.StatusTooManyRequests, "streams", "too many streams are open")
		return
	}
	defer v.h.streams.leave(who)
	now := time.Now()
	s := &live{visit: v, control: http.NewResponseController(v.w), sees: sees, from: f, at: f.head(), checked: now, sent: now}
	s.run()
}

// live is one open stream.
type live struct {
	*visit
	control *http.ResponseController
	sees    func(*activitylog.Event) bool
	from    *follower
	at      activitylog.Position // behind which events are still to be sent
	checked time.Time            // when the rights were last asked for
	sent    time.Time            // when something was last sent
	out     bytes.Buffer
}

func (s *live) run() {
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
		at, ok := s.h.streams.places.open(s.route.scope, again)
		if s.at = at; !ok {
			s.lagged()
		}
	}
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

// collect writes the next events that the reader sees. more tells that the log has others already.
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
		e := events[i].Event
		if !s.sees(&e) {
			continue
		}
		if err := s.allowed(checkTime); err != nil {
			return false, nil, err
		}
		s.at = events[i].Position
		s.unnumbered(&e)
		s.message("activity", e.AppendJSON(nil))
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
		return s.allowed(0)
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

// allowed asks the host again whether the reader may go on, unless it said so a moment ago.
func (s *live) allowed(age time.Duration) error {
	if time.Since(s.checked) < age {
		return nil
	}
	grants, err := s.h.authorize(s.r)
	if err != nil {
		return err
	}
	s.checked = time.Now()
	g, ok := s.route.scope.grant(grants)
	switch {
	case !ok, g.Rights()&access.View == 0:
		return access.ErrDenied
	case g.Rights() != s.grant.Rights(), g.Actor().ID != s.grant.Actor().ID, g.Actor().Type != s.grant.Actor().Type:
		return errChanged // the next stream has the new ones
	}
	return nil
}

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
	s.out.WriteString("id: " + s.h.streams.places.seal(s.route.scope, s.at) + "\nevent: " + event + "\ndata: ")
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
