package web

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"

	"github.com/activitylog/activitylog"
)

// places turns positions in the log into ids for readers and back. A position is one in the log of all organizations: it
// tells how much others record, and may even name one of them. Readers get it encrypted and bound to the kind of their
// stream: the path of its scope, or that of the mount.
type places struct {
	log *activitylog.Log

	turn chan struct{} // has one place, of who loads the key
	aead cipher.AEAD   // nil: not loaded yet
}

func newPlaces(log *activitylog.Log) *places { return &places{log: log, turn: make(chan struct{}, 1)} }

// placeSpace keeps the key, so that a stream can be resumed by another process and after a restart.
const placeSpace = "activitylog/web"

// load gets the key, and makes it where there is none. A log that cannot keep one has ids of this process alone.
func (p *places) load(ctx context.Context) error {
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if p.aead != nil {
		return nil
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	space, err := p.log.Space(placeSpace)
	if err == nil {
		err = space.Update(ctx, func(tx activitylog.SpaceTx) error {
			name := []byte("place key")
			kept, ok, err := tx.Get(name)
			if err != nil || ok && len(kept) == len(key) {
				copy(key, kept)
				return err
			}
			return tx.Put(name, key)
		})
	}
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	block, err := aes.NewCipher(key)
	if err == nil {
		p.aead, err = cipher.NewGCMWithRandomNonce(block)
	}
	return err
}

// seal is the id of a position for streams of one kind.
func (p *places) seal(kind string, at activitylog.Position) string {
	return base64.RawURLEncoding.EncodeToString(p.aead.Seal(nil, nil, []byte(at), []byte(kind)))
}

// open is the position that an id of the same kind means.
func (p *places) open(kind, id string) (activitylog.Position, bool) {
	const most = 1 << 10
	if len(id) > most {
		return "", false
	}
	b, err := base64.RawURLEncoding.DecodeString(id)
	if err != nil {
		return "", false
	}
	at, err := p.aead.Open(nil, nil, b, []byte(kind))
	return activitylog.Position(at), err == nil
}
