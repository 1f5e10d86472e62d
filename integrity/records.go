package integrity

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// The entries of the root log. Each tells when it was made, so that time is under the signature too.
const (
	sealPrefix = "activitylog/seal/v1\n"
	beatPrefix = "activitylog/beat/v1\n"
)

// sealRecord tells that a tree was sealed.
type sealRecord struct {
	_        struct{} `cbor:",toarray"`
	Version  uint8
	Stream   [16]byte
	Size     int64
	Hash     tlog.Hash
	Previous int64  // size before
	At       int64  // microseconds since 1970, UTC
	Key      uint32 // hash of the key that signs
	Min      int64  // entries below it may be gone
	Gone     int64  // rows that purges may have removed, so far
}

// beatRecord tells that there was nothing to seal.
type beatRecord struct {
	_       struct{} `cbor:",toarray"`
	Version uint8
	At      int64
	Key     uint32
}

// record is one entry of the root log: exactly one of the two.
type record struct {
	seal *sealRecord
	beat *beatRecord
}

func (r *record) at() int64 {
	if r.seal != nil {
		return r.seal.At
	}
	return r.beat.At
}

func parseRootEntry(b []byte) (record, error) {
	var r record
	var err error
	switch {
	case bytes.HasPrefix(b, []byte(sealPrefix)):
		r.seal = &sealRecord{}
		err = parseRecord(b, sealPrefix, r.seal)
	case bytes.HasPrefix(b, []byte(beatPrefix)):
		r.beat = &beatRecord{}
		err = parseRecord(b, beatPrefix, r.beat)
	default:
		err = errors.New("no record of the root log")
	}
	if err != nil {
		return record{}, fmt.Errorf("entry of the root log: %w", err)
	}
	return r, nil
}

func micro(us int64) time.Time { return time.UnixMicro(us).UTC() }
