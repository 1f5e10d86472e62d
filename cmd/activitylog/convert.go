package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/activitylog/activitylog"
)

// converter makes events of lines.
type converter struct {
	org     string
	ownOrgs bool
	time    time.Time // for lines that have none
	action  string    // likewise
	catalog *activitylog.Catalog
}

// place is where a line stands.
type place struct {
	file string
	line int
}

// lineError tells what is wrong with one line.
type lineError struct {
	place
	reason error
}

func (e *lineError) Error() string { return fmt.Sprintf("%s:%d: %v", e.file, e.line, e.reason) }
func (e *lineError) Unwrap() error { return e.reason }

// imported is an event and the line that it came from.
type imported struct {
	activitylog.Event
	place
}

// events yields the events of all inputs. A *lineError does not end them; any other error does.
func (i *importer) events(ctx context.Context, inputs []*input) iter.Seq2[imported, error] {
	return func(yield func(imported, error) bool) {
		// A log over nothing refuses exactly what the real one would.
		probe, err := activitylog.New(nowhere{}, nil)
		if err != nil {
			yield(imported{}, err)
			return
		}
		for _, in := range inputs {
			before := map[uint64]uint32{} // how often a line came before, by the beginning of its hash
			for n, line := range in.lines() {
				if line.err == nil {
					line.err = ctx.Err()
				}
				if line.err != nil && !errors.Is(line.err, errLongLine) {
					yield(imported{}, line.err)
					return
				}
				e, at := activitylog.Event{}, place{in.name, n}
				err := line.err
				if err == nil {
					e, err = i.conv.event(line.text, before)
				}
				if err == nil {
					_, err = probe.Record(ctx, e)
				}
				if err != nil {
					err = &lineError{at, err}
				}
				if !yield(imported{e, at}, err) {
					return
				}
			}
		}
	}
}

// event makes an event of a line.
func (c *converter) event(line []byte, before map[uint64]uint32) (activitylog.Event, error) {
	sum := sha256.Sum256(line)
	short := binary.BigEndian.Uint64(sum[:])
	occurrence := before[short]
	before[short]++

	f, err := parseFields(line)
	if err != nil {
		return activitylog.Event{}, err
	}
	if _, ours := f["schema"].(json.Number); ours {
		return c.own(line)
	}
	e, err := c.foreign(f)
	if err != nil {
		return e, err
	}
	e.ID = derivedID(e.Org, line, occurrence, e.Time)
	return e, nil
}

// own reads a line that an export wrote. Evidence stays behind: it belongs to the log that sealed it.
func (c *converter) own(line []byte) (activitylog.Event, error) {
	var e activitylog.Event
	if err := json.Unmarshal(line, &e); err != nil {
		return e, errors.New(strings.TrimPrefix(err.Error(), "activitylog: "))
	}
	switch {
	case e.ID == uuid.Nil || e.Time.IsZero():
		return e, errors.New("an exported event without id or time")
	case e.Org == "":
		e.Org = c.org
	case e.Org != c.org && !c.ownOrgs:
		return e, errors.New("belongs to another organization; --all-orgs lets every event keep its own")
	}
	e.Backfill, e.Leaf, e.Opening = true, nil, nil
	return e, nil
}

// parseFields reads a line as one JSON object.
func parseFields(line []byte) (fields, error) {
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	var f fields
	if err := d.Decode(&f); err != nil || f == nil {
		return nil, errors.New("no JSON object")
	}
	if d.More() {
		return nil, errors.New("more than one JSON object")
	}
	return f, nil
}

// derivedID is the id of an imported event: the same for the same line, and close in the index to events of its time.
func derivedID(org string, line []byte, occurrence uint32, t time.Time) uuid.UUID {
	h := sha256.New()
	h.Write([]byte("activitylog/import/v1\x00"))
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(len(org)))
	h.Write(n[:])
	h.Write([]byte(org))
	binary.BigEndian.PutUint64(n[:], uint64(occurrence))
	h.Write(n[:])
	h.Write(line)
	id := uuid.UUID(h.Sum(nil)[:16])
	binary.BigEndian.PutUint64(n[:], uint64(max(t.UnixMilli(), 0))<<16)
	copy(id[:6], n[:6])
	id[6] = 0x80 | id[6]&0x0f // version 8: made by a rule of our own
	id[8] = 0x80 | id[8]&0x3f
	return id
}
