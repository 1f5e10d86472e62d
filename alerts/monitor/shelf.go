package monitor

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
)

// The blocks of one part stand on levels, each twice as large as the one below. A new block is merged into the lowest
// level; what outgrows its level is merged into the next. So an event is rewritten as often as there are levels, however
// many come in one hour, and a part is never more than some dozen rows. Levels are told by their size alone.

// level is where a block of that size stands: below 2 KiB on the lowest.
func level(size int) byte { return byte(bits.Len(uint(size) >> 11)) }

const maxLevel = 63

// Keys of rows: 'r', generation, organization, a zero byte, which no organization holds, family, bucket, level. All
// organizations that have rows stand under 'o', generation.
func orgPrefix(generation uint32, org string) []byte {
	key := binary.BigEndian.AppendUint32([]byte{'r'}, generation)
	return append(append(key, org...), 0)
}

func partPrefix(generation uint32, org string, p alerts.Part) []byte {
	key := append(orgPrefix(generation, org), byte(p.Family))
	return binary.BigEndian.AppendUint32(key, uint32(p.Bucket)^1<<31) // in order, below zero too
}

func orgKey(generation uint32, org string) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{'o'}, generation), org...)
}

// behind is the first key after all that begin with a prefix, which does not end in 0xff.
func behind(prefix []byte) []byte {
	end := append([]byte(nil), prefix...)
	end[len(end)-1]++
	return end
}

// changes are rows to write, made of what the space held.
type changes struct {
	generation uint32
	rows       map[string][]byte // nil: delete
	hot        hotRows
}

func newChanges(generation uint32) *changes {
	return &changes{generation: generation, rows: map[string][]byte{}}
}

// hotRows are rows of the lowest level as they were written last, nil for those that are not there. They are true as
// long as the head did not move otherwise.
type hotRows map[string][]byte

const maxHot = 4096 // some 10 MB

func (h *hotRows) keep(c *changes) {
	if *h == nil || len(*h) > maxHot {
		*h = hotRows{}
	}
	for key, v := range c.rows {
		if key[0] == 'r' && key[len(key)-1] == 0 {
			(*h)[key] = v
		}
	}
}

// plan finds out which rows change when figures are added.
func (c *changes) plan(tx activitylog.SpaceTx, figures map[string]*alerts.Figures, l *ledger) error {
	c.hot = l.hot
	for org, f := range figures {
		if !l.orgs[org] {
			c.rows[string(orgKey(c.generation, org))] = []byte{}
		}
		for p, block := range f.Parts() {
			if err := c.add(tx, partPrefix(c.generation, org, p), block); err != nil {
				return err
			}
		}
	}
	return nil
}

// add merges a block into a part.
func (c *changes) add(tx activitylog.SpaceTx, part, block []byte) error {
	for at := level(len(block)); ; {
		key := string(append(part[:len(part):len(part)], at))
		old, ok, err := c.get(tx, key)
		if err != nil {
			return err
		}
		if ok {
			if block, err = merge(old, block); err != nil {
				return fmt.Errorf("roll-ups of %q: %w; rebuild them", part, err)
			}
		}
		up := level(len(block))
		if !ok || up <= at {
			c.rows[key] = block
			return nil
		}
		c.rows[key] = nil
		at = up
	}
}

func (c *changes) get(tx activitylog.SpaceTx, key string) ([]byte, bool, error) {
	for _, known := range []map[string][]byte{c.rows, c.hot} {
		if v, ok := known[key]; ok {
			return v, v != nil, nil
		}
	}
	return tx.Get([]byte(key))
}

func merge(a, b []byte) ([]byte, error) {
	var f alerts.Figures
	if err := f.AddBlock(a); err != nil {
		return nil, err
	}
	if err := f.AddBlock(b); err != nil {
		return nil, err
	}
	return f.AppendBlock(nil), nil
}

// write does what was planned.
func (c *changes) write(tx activitylog.SpaceTx) error {
	for key, v := range c.rows {
		var err error
		if v == nil {
			err = tx.Delete([]byte(key))
		} else {
			err = tx.Put([]byte(key), v)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
