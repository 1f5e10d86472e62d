package integrity

import "github.com/activitylog/activitylog"

// StampWith is Stamp with salts that a test knows.
func (w *Writer) StampWith(e *activitylog.Event, salt byte) error {
	var salts [groups][saltSize]byte
	for g := range salts {
		for i := range salts[g] {
			salts[g][i] = salt + byte(g)
		}
	}
	return w.stamp(e, &salts, &stamping{macs: w.keys.macs()})
}

// NewWriterAs is NewWriter with an identity that a test knows.
func NewWriterAs(keys WriterKeys, id [8]byte) *Writer {
	w := NewWriter(keys)
	w.id = id
	return w
}

// The parsers, for fuzzing.
var (
	ParseEntry     = func(b []byte) error { _, err := parseEntry(b); return err }
	ParseRootEntry = func(b []byte) error { _, err := parseRootEntry(b); return err }
	SplitSegment   = splitSegment
	OpenCheckpoint = openCheckpoint
	OpenZip        = openZip
)

// BeginsAs is how sealing knows whose leaf it has.
var BeginsAs = beginsAs
