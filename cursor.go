package activitylog

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Cursor is a place in the pages of one query. It is opaque and survives as text in URLs. It carries no right: the
// scope belongs to the Reader. The zero value stands for the first page.
type Cursor struct {
	key      Key
	backward bool // the page that ends before key, rather than the one that begins after it
	sum      [8]byte
	set      bool
}

// IsZero tells whether c stands for the first page.
func (c Cursor) IsZero() bool { return !c.set }

// checksum binds a cursor to its query, so that a place is never carried over to another one.
func (c Cursor) checksum(scope string, q Query) [8]byte {
	h := sha256.New()
	fmt.Fprintf(h, "activitylog/cursor/v1\n%d\n%q\n%q\n", q.Order, scope, q.Filter.String())
	h.Write(c.payload())
	return [8]byte(h.Sum(nil))
}

func (c Cursor) payload() []byte {
	b := make([]byte, 0, 64)
	if c.backward {
		b = append(b, 1)
	} else {
		b = append(b, 0)
	}
	b = binary.BigEndian.AppendUint64(b, uint64(c.key.Time.UnixMicro()))
	b = append(b, c.key.ID[:]...)
	return append(b, c.key.Org...)
}

// String returns the text form: letters, digits, "-" and "_"; "" for the zero value.
func (c Cursor) String() string {
	if !c.set {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(append(c.sum[:], c.payload()...))
}

// ParseCursor reads what Cursor.String wrote. Whether it belongs to a query is checked where it is used.
func ParseCursor(s string) (Cursor, error) {
	if s == "" {
		return Cursor{}, nil
	}
	const head = 8 + 1 + 8 + 16
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || strings.ContainsAny(s, "\r\n") || len(b) < head || len(b) > head+4096 || b[8] > 1 {
		return Cursor{}, fmt.Errorf("activitylog: %w: it is damaged", ErrCursor)
	}
	return Cursor{
		set:      true,
		sum:      [8]byte(b),
		backward: b[8] == 1,
		key: Key{
			Time: time.UnixMicro(int64(binary.BigEndian.Uint64(b[9:]))).UTC(),
			ID:   uuid.UUID(b[17:33]),
			Org:  string(b[33:]),
		},
	}, nil
}

// MarshalText returns the form of String.
func (c Cursor) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads the form of String.
func (c *Cursor) UnmarshalText(b []byte) error {
	parsed, err := ParseCursor(string(b))
	if err == nil {
		*c = parsed
	}
	return err
}
