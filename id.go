package activitylog

import (
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/google/uuid"
)

// minter makes UUIDv7 that grow within one process and hold their time to the microsecond, so that a retry that
// knows only the id gets the same time again.
type minter struct {
	mu   sync.Mutex
	last int64 // microseconds
}

// mint returns an id for an event at now. Two calls in one microsecond get different, growing times.
func (m *minter) mint(now time.Time) uuid.UUID {
	us := now.UnixMicro()
	m.mu.Lock()
	if us <= m.last && m.last-us < int64(time.Second/time.Microsecond) {
		us = m.last + 1
	}
	m.last = us
	m.mu.Unlock()
	return idAt(us, rand.Uint64())
}

// idAt builds a UUIDv7: milliseconds, then the fraction of the millisecond in 1/4096 (RFC 9562, section 6.2, method 3).
func idAt(us int64, random uint64) uuid.UUID {
	ms, sub := us/1000, us%1000
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:8], uint64(ms)<<16|7<<12|uint64(sub*4096+999)/1000)
	binary.BigEndian.PutUint64(id[8:], random>>2|1<<63)
	return id
}

// idTime is the time inside a UUIDv7 in microseconds; other versions have none.
func idTime(id uuid.UUID) (time.Time, bool) {
	if id.Version() != 7 || id.Variant() != uuid.RFC4122 {
		return time.Time{}, false
	}
	head := binary.BigEndian.Uint64(id[:8])
	us := int64(head>>16)*1000 + int64(head&0xfff)*1000/4096
	return time.UnixMicro(us).UTC(), true
}

// derivedID is the id of an event that follows from another one: the same for every process that concludes it.
func derivedID(id uuid.UUID, role string) uuid.UUID {
	sum := uuid.NewSHA1(id, []byte("activitylog/"+role))
	copy(sum[:6], id[:6]) // close in the index, since it is close in time
	sum[6] = 0x70 | sum[6]&0x0f
	return sum
}
