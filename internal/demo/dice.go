package demo

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"
)

// dice is the chance of one thing on one day. What it yields depends on nothing else, so that one more event here
// changes no event there.
type dice struct{ *rand.Rand }

// roll returns the dice of the thing called name, on the n-th day or for the n-th time.
func roll(seed uint64, name string, n int64) dice {
	h := hash(name)
	return dice{rand.New(rand.NewPCG(seed^h*0x9e3779b97f4a7c15, h+uint64(n)*0xd1342543de82ef95))}
}

// hash is FNV-1a, the same on every machine.
func hash(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

func (r dice) chance(p float64) bool { return r.Float64() < p }

func (r dice) between(lo, hi float64) float64 { return lo + r.Float64()*(hi-lo) }

// count is how often something happens that happens mean times on average. It strays less from the mean than independent
// events would, so that the usual days are calm.
func (r dice) count(mean float64) int { return int(mean*r.between(0.8, 1.2) + r.Float64()) }

// around is a positive number near median; spread is the deviation of its logarithm.
func (r dice) around(median, spread float64) float64 {
	return median * math.Exp(spread*r.NormFloat64())
}

// span is a length of time between two numbers of seconds.
func (r dice) span(lo, hi float64) time.Duration {
	return time.Duration(r.between(lo, hi) * float64(time.Second)).Truncate(time.Microsecond)
}

func one[T any](r dice, list []T) T { return list[r.IntN(len(list))] }

// alphabet has no letters that are easily taken for digits.
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// token is a random identifier.
func (r dice) token(prefix string, n int) string { return spell(prefix, n, r.Uint64) }

// nameToken is the identifier of the thing called name: the same in every log.
func nameToken(prefix, name string) string {
	h := hash(name)
	return spell(prefix, 8, func() uint64 { h = h*6364136223846793005 + 1442695040888963407; return h >> 11 })
}

func spell(prefix string, n int, next func() uint64) string {
	b := make([]byte, len(prefix), len(prefix)+n)
	copy(b, prefix)
	for i := range n {
		b = append(b, alphabet[next()>>uint(3*(i%4))&31])
	}
	return string(b)
}

const hexDigits = "0123456789abcdef"

// hex is a random hexadecimal number of n digits.
func (r dice) hex(n int) string {
	b := make([]byte, n)
	var x uint64
	for i := range b {
		if i%16 == 0 {
			x = r.Uint64()
		}
		b[i] = hexDigits[x&15]
		x >>= 4
	}
	return string(b)
}

// eventID is a UUIDv7 that holds t to the microsecond, as the Log mints them (RFC 9562, section 6.2, method 3).
func (r dice) eventID(t time.Time) uuid.UUID {
	us := t.UnixMicro()
	ms, sub := us/1000, us%1000
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:8], uint64(ms)<<16|7<<12|uint64(sub*4096+999)/1000)
	binary.BigEndian.PutUint64(id[8:], r.Uint64()>>2|1<<63)
	return id
}
