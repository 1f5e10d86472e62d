package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
)

const (
	// mostFollows is how many scopes and filters one stream of the mount is about.
	mostFollows = 16
	// mountKind is the kind of its places; those of scopes end with a slash.
	mountKind = "mount"
)

// follow is a scope and a filter that a stream is about, held to the grant of that scope.
type follow struct {
	*visit
	sees func(*activitylog.Event) bool // nil: it ended, or never began
}

// errOver is why nothing can come: the range of the filter is over.
var errOver = errors.New("the range is over")

// follow begins to follow what the address of the visit means. It is recorded like a view.
func (v *visit) follow() (*follow, error) {
	a, err := v.ask(v.h.opts.Now())
	switch {
	case err != nil:
		return nil, err
	case a.wrong != nil:
		return nil, &wrongQuery{a.wrong}
	case !a.to.IsZero() && a.to.Before(v.h.opts.Now()):
		return nil, errOver
	}
	sees, err := v.reader.Follow(v.r.Context(), a.filter)
	if err != nil {
		return nil, err
	}
	return &follow{v, sees}, nil
}

// stream sends the events of one scope.
func (v *visit) stream() {
	f, err := v.follow()
	switch {
	case errors.Is(err, errOver):
		v.w.WriteHeader(http.StatusNoContent) // which a browser takes as the end
		return
	case err != nil:
		v.apiFail(err)
		return
	}
	s := &live{visit: v, follows: []*follow{f}, kind: v.route.scope.path()}
	s.run()
}

// streams sends which events each of several pages sees, so that a browser needs one stream for all of them. It does not
// send the events: nobody has to weigh what the scope of one page hides and that of another shows.
func (v *visit) streams() {
	list := v.r.URL.Query()["follow"]
	if n := len(list); n == 0 || n > mostFollows {
		v.apiFail(&wrongQuery{&problem{Text: "give follow once for each page, at most " + strconv.Itoa(mostFollows) + " times"}})
		return
	}
	s, none := &live{visit: v, several: true, kind: mountKind}, true
	for _, address := range list {
		f, err := v.page(address)
		var wrong *wrongQuery
		switch {
		case err == nil:
			none = false
		case errors.As(err, &wrong), errors.Is(err, errOver), errors.Is(err, access.ErrDenied), errors.Is(err, activitylog.ErrNotFound):
			f = &follow{} // whatever is the matter, it looks as if there were none, and the others go on
		default:
			v.apiFail(err)
			return
		}
		s.follows = append(s.follows, f)
	}
	if none {
		v.apiFail(activitylog.ErrNotFound)
		return
	}
	s.run()
}

// page follows what a list shows, by its address seen from the mount.
func (v *visit) page(address string) (*follow, error) {
	u, err := url.Parse("/" + address)
	if err != nil || u.Host != "" {
		return nil, activitylog.ErrNotFound
	}
	p := &visit{h: v.h, w: v.w, r: v.r.WithContext(v.r.Context()), grants: v.grants}
	p.r.URL = u
	var ok bool
	if p.route, ok = parse(p.r); !ok || p.route.scope.kind == "" || p.route.slash || !p.at("") {
		return nil, activitylog.ErrNotFound
	}
	if p.grant, ok = p.route.scope.grant(v.grants); !ok {
		return nil, activitylog.ErrNotFound
	}
	p.reader = v.h.guard.Reader(p.grant)
	if p.params, err = parseParams(u.Query(), p.zone()); err != nil {
		return nil, &wrongQuery{&problem{Text: err.Error()}}
	}
	return p.follow()
}

// holds tells whether a follow still has its rights.
func (f *follow) holds(grants []access.Grant) error {
	g, ok := f.route.scope.grant(grants)
	switch {
	case !ok, g.Rights()&access.View == 0:
		return access.ErrDenied
	case g.Rights() != f.grant.Rights(), g.Actor().ID != f.grant.Actor().ID, g.Actor().Type != f.grant.Actor().Type:
		return errChanged // the next stream has the new ones
	}
	return nil
}

// allowed asks the host again whether the follows may go on, unless it said so a moment ago. fewer tells that some of
// several may not.
func (s *live) allowed(age time.Duration) (fewer bool, err error) {
	if time.Since(s.checked) < age {
		return false, nil
	}
	grants, err := s.h.authorize(s.r)
	if err != nil {
		return false, err
	}
	s.checked = time.Now()
	var lost []int
	for i, f := range s.follows {
		if f.sees == nil {
			continue
		}
		switch err := f.holds(grants); {
		case err != nil && !(s.several && errors.Is(err, access.ErrDenied)):
			return false, err
		case err != nil:
			f.sees = nil
			lost = append(lost, i)
		}
	}
	if len(s.ended()) == len(s.follows) {
		return false, access.ErrDenied
	}
	s.sayGone(lost)
	return len(lost) > 0, nil
}

// ended are the follows that have.
func (s *live) ended() []int {
	var list []int
	for i, f := range s.follows {
		if f.sees == nil {
			list = append(list, i)
		}
	}
	return list
}

// sighting is what a stream about several follows says of them, by their numbers in the order of the request.
type sighting struct {
	Follows []int  `json:"follows"`
	ID      string `json:"id,omitempty"` // of the event that they see
}

// sight is what the stream says of an event; nil: nobody sees it.
func (s *live) sight(event activitylog.Event) []byte {
	if !s.several {
		f := s.follows[0]
		if !f.sees(&event) {
			return nil
		}
		f.unnumbered(&event)
		return event.AppendJSON(nil)
	}
	var seen []int
	for i, f := range s.follows {
		e := event // of which it hides what the grant does not show
		if f.sees != nil && f.sees(&e) {
			seen = append(seen, i)
		}
	}
	if seen == nil {
		return nil
	}
	return sighting{seen, event.ID.String()}.json()
}

func (s sighting) json() []byte {
	b, _ := json.Marshal(s) // numbers and a text never fail
	return b
}

// sayGone says that follows end, and not why.
func (s *live) sayGone(list []int) {
	if len(list) > 0 {
		s.message("gone", sighting{Follows: list}.json())
	}
}
