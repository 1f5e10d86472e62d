package web

import (
	"context"
	"iter"
	"regexp"
	"sync"
	"sync/atomic"
	"time"

	"github.com/activitylog/activitylog"
)

// The bounds of what is remembered of exports: how many of one person, how many in all, and for how long after the end.
const (
	mostExports   = 16
	totalExports  = 1024
	exportsRemain = 5 * time.Minute
)

// tokenForm is that of the names that browsers give to their exports.
var tokenForm = regexp.MustCompile(`^[0-9A-Za-z]{16,64}$`)

// exports are those under way whose address had a token, and those that ended a moment ago. They are known to the
// process that sends them alone.
type exports struct {
	mu   sync.Mutex
	list map[exportKey]*sending
}

// exportKey keeps a token from meaning anything to others, or in another scope.
type exportKey struct {
	who   principal
	scope scope
	token string
}

// sending is one export.
type sending struct {
	rows, bytes atomic.Int64
	cancel      context.CancelFunc

	mu    sync.Mutex
	state string // running, done, failed or cancelled
	ended time.Time
}

type apiProgress struct {
	Rows  int64  `json:"rows"`
	Bytes int64  `json:"bytes"`
	State string `json:"state"` // running, done, failed or cancelled
}

// begin remembers an export. Without a token, or where too many are remembered, it goes on unnamed.
func (x *exports) begin(k exportKey, cancel context.CancelFunc, now time.Time) *sending {
	s := &sending{cancel: cancel, state: "running"}
	if !tokenForm.MatchString(k.token) {
		return s
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	mine := 0
	for key, old := range x.list {
		if old.over(now) {
			delete(x.list, key)
		} else if key.who == k.who {
			mine++
		}
	}
	if x.list[k] == nil && mine < mostExports && len(x.list) < totalExports {
		if x.list == nil {
			x.list = map[exportKey]*sending{}
		}
		x.list[k] = s
	}
	return s
}

func (x *exports) find(k exportKey) *sending {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.list[k]
}

// over tells whether it ended so long ago that nobody asks any more.
func (s *sending) over(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.ended.IsZero() && now.Sub(s.ended) > exportsRemain
}

// end notes how it ended, unless it was cancelled before.
func (s *sending) end(err error, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = now
	switch {
	case s.state == "cancelled":
	case err != nil:
		s.state = "failed"
	default:
		s.state = "done"
	}
}

// stop ends an export that is under way.
func (s *sending) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == "running" {
		s.state = "cancelled"
		s.cancel()
	}
}

// counted are events that are counted on their way.
func (s *sending) counted(events iter.Seq2[activitylog.Event, error]) iter.Seq2[activitylog.Event, error] {
	return func(yield func(activitylog.Event, error) bool) {
		for e, err := range events {
			if err == nil {
				s.rows.Add(1)
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

func (s *sending) now() apiProgress {
	s.mu.Lock()
	defer s.mu.Unlock()
	return apiProgress{s.rows.Load(), s.bytes.Load(), s.state}
}

func (v *visit) exportKey(token string) exportKey {
	return exportKey{principalOf(v.grants[0]), v.route.scope, token}
}

func (v *visit) apiProgress(token string) (any, error) {
	s := v.h.exports.find(v.exportKey(token))
	if s == nil {
		return nil, activitylog.ErrNotFound
	}
	return s.now(), nil
}

// cancelExport ends an export of the reader's own.
func (v *visit) cancelExport(token string) (any, error) {
	s := v.h.exports.find(v.exportKey(token))
	if s == nil {
		return nil, activitylog.ErrNotFound
	}
	s.stop()
	return s.now(), nil
}
