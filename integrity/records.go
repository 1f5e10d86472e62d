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

// record is one entry of the root log: exactly one of these.
type record struct {
	seal  *sealRecord
	beat  *beatRecord
	next  *keyRecord
	prune *pruneRecord
}

// made is when it was made, and under which key.
func (r *record) made() (at int64, key uint32) {
	switch {
	case r.seal != nil:
		return r.seal.At, r.seal.Key
	case r.beat != nil:
		return r.beat.At, r.beat.Key
	case r.prune != nil:
		return r.prune.At, r.prune.Key
	}
	return r.next.At, r.next.Key
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
	case bytes.HasPrefix(b, []byte(keyPrefix)):
		r.next = &keyRecord{}
		err = parseRecord(b, keyPrefix, r.next)
	case bytes.HasPrefix(b, []byte(prunePrefix)):
		r.prune = &pruneRecord{}
		err = parseRecord(b, prunePrefix, r.prune)
	default:
		err = errors.New("no record of the root log")
	}
	if err != nil {
		return record{}, fmt.Errorf("entry of the root log: %w", err)
	}
	return r, nil
}

func micro(us int64) time.Time { return time.UnixMicro(us).UTC() }
