package integrity

import (
	"bytes"

	"github.com/activitylog/activitylog"
)

// getter, putter and getPutter are what sealing needs of a transaction.
type (
	getter interface {
		Get(key []byte) (value []byte, ok bool, err error)
	}
	putter interface {
		Put(key, value []byte) error
	}
	getPutter interface {
		getter
		putter
	}
)

// draft is a transaction that is yet to be: it reads what a View shows and what was put, and keeps what is put.
// Hashing and signing take most of a seal, and on SQLite nobody records while somebody changes a space.
type draft struct {
	below getter
	puts  []activitylog.Pair
	at    map[string]int // where a key stands in puts
}

func (d *draft) Get(key []byte) ([]byte, bool, error) {
	if i, ok := d.at[string(key)]; ok {
		return d.puts[i].Value, true, nil
	}
	return d.below.Get(key)
}

func (d *draft) Put(key, value []byte) error {
	if i, ok := d.at[string(key)]; ok {
		d.puts[i].Value = bytes.Clone(value)
		return nil
	}
	d.at[string(key)] = len(d.puts)
	d.puts = append(d.puts, activitylog.Pair{Key: bytes.Clone(key), Value: bytes.Clone(value)})
	return nil
}

// putTo puts all of it, so often as the transaction is tried.
func (d *draft) putTo(tx putter) error {
	for _, p := range d.puts {
		if err := tx.Put(p.Key, p.Value); err != nil {
			return err
		}
	}
	return nil
}
