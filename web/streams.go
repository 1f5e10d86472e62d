package web

import (
	"context"
	"sync"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
)

// The bounds of streams: for one person, who may have several browsers, and for all.
const (
	mostStreams  = 4
	totalStreams = 1024
)

// streams are the open streams of a handler.
type streams struct {
	log    *activitylog.Log
	failed func(error) // is told why nothing can be followed any more
	places *places
	ending chan struct{} // closed by Shutdown

	mu       sync.Mutex
	closed   bool
	open     map[principal]int
	total    int
	follower *follower // nil: nobody listens
}

// principal is who a session belongs to, whatever it looks at.
type principal struct {
	kind      activitylog.ActorType
	id        string
	scope     string
	org, part string
}

func principalOf(g access.Grant) principal {
	a := g.Actor()
	p := principal{kind: a.Type, id: a.ID}
	p.scope, p.org, p.part = g.Scope()
	return p
}

func newStreams(log *activitylog.Log, failed func(error)) *streams {
	return &streams{log: log, failed: failed, places: newPlaces(log), ending: make(chan struct{}), open: map[principal]int{}}
}

// join takes one of somebody's places among the streams. A nil follower without an error: there is none left. A slow
// log keeps nobody waiting but who joins.
func (s *streams) join(ctx context.Context, who principal) (*follower, error) {
	if err := s.places.load(ctx); err != nil {
		return nil, err
	}
	f := s.enter(who)
	if f == nil {
		return nil, nil
	}
	var err error
	select {
	case <-f.ready:
		err = f.ended()
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		s.leave(who)
		return nil, err
	}
	return f, nil
}

// enter takes a place, and has the log followed if nobody did.
func (s *streams) enter(who principal) *follower {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.total >= totalStreams || s.open[who] >= mostStreams {
		return nil
	}
	if s.follower == nil || s.follower.ended() != nil {
		s.follower = newFollower(s.log, s.failed)
	}
	s.open[who]++
	s.total++
	return s.follower
}

// leave gives the place back. With the last one nobody follows the log any more.
func (s *streams) leave(who principal) {
	if last := s.exit(who); last != nil {
		last.stop()
	}
}

// exit gives the place back, and the follower that nobody needs any more.
func (s *streams) exit(who principal) (last *follower) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.total--
	if s.open[who]--; s.open[who] == 0 {
		delete(s.open, who)
	}
	if s.total == 0 {
		last, s.follower = s.follower, nil
	}
	return last
}

func (s *streams) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.closed = true
		close(s.ending)
	}
}
