package activitytest

import (
	"sync"
	"time"
)

// Clock is a clock that a test moves. It is safe for concurrent use. The zero value shows the zero time.
//
//	clock := activitytest.NewClock(time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC))
//	r := activitytest.New(t, &activitylog.Options{Now: clock.Now})
//	clock.Advance(time.Hour)
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock returns a clock that shows a time.
func NewClock(at time.Time) *Clock { return &Clock{now: at} }

// Now returns the time that it shows. It has the form of activitylog.Options.Now.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock, back if d is negative, and returns what it shows then.
func (c *Clock) Advance(d time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	return c.now
}

// Set makes the clock show another time.
func (c *Clock) Set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = at
}
