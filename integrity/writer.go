package integrity

import (
	"crypto/rand"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/activitylog/activitylog"
)

// Writer makes the evidence of events while they are recorded:
//
//	w := integrity.NewWriter(keys)
//	log, err := activitylog.New(store, &activitylog.Options{Stamp: w.Stamp, Number: w.Number})
//
// A Writer belongs to one Log. It needs no access to the database.
type Writer struct {
	keys WriterKeys
	id   [8]byte

	rooms   sync.Pool     // of *stamping
	waiting atomic.Int64  // stamped since a sealer was woken
	wake    chan struct{} // wakes a sealer

	mu   sync.Mutex
	macs *macs
	last uint64   // number given
	void []uint64 // that were given to what was not stored, or not surely
}

// NewWriter returns a writer with an identity of its own.
func NewWriter(keys WriterKeys) *Writer {
	w := &Writer{keys: keys, wake: make(chan struct{}, 1), macs: keys.macs()}
	w.rooms.New = func() any { return &stamping{macs: keys.macs()} }
	rand.Read(w.id[:])
	return w
}

// Stamp has the form of activitylog.Options.Stamp: it gives each event a leaf and an opening.
func (w *Writer) Stamp(events []activitylog.Event) error {
	random := make([]byte, len(events)*groups*saltSize)
	rand.Read(random)
	room := w.rooms.Get().(*stamping)
	defer w.rooms.Put(room)
	for i := range events {
		var salts [groups][saltSize]byte
		for g := range groups {
			random = random[copy(salts[g][:], random):]
		}
		if err := w.stamp(&events[i], &salts, room); err != nil {
			return err
		}
	}
	w.waiting.Add(int64(len(events)))
	return nil
}

// stamping is room for the evidence of one event after the other.
type stamping struct {
	scratch
	macs *macs
}

// stored wakes the sealer when many events wait for it.
func (w *Writer) stored() {
	if n := w.waiting.Load(); n >= wakeAt && w.waiting.CompareAndSwap(n, 0) {
		select {
		case w.wake <- struct{}{}:
		default: // it is awake already
		}
	}
}

// wakeAt is how many events are worth a seal before its time.
const wakeAt = 1000

func (w *Writer) stamp(e *activitylog.Event, salts *[groups][saltSize]byte, room *stamping) error {
	l := Leaf{
		Version: 1, Stream: room.macs.stream(e.Org), ID: e.ID, Recorded: e.Recorded.UnixMicro(), Time: e.Time.UnixMicro(),
		Category: e.Category, Action: e.Action, Outcome: string(e.Outcome), Severity: string(e.Severity), Retention: e.Retention,
		Kept: room.kept(e), Void: []uint64{},
	}
	var mask byte
	room.groupValues(e, func(g int, value []byte) {
		mask |= 1 << g
		l.Commitments[g] = commitment(salts[g][:], g, value)
	})
	for g := range l.Commitments {
		if l.Commitments[g] == nil {
			l.Commitments[g] = []byte{}
		}
	}
	l.Writer = w.id
	b, err := l.Append(make([]byte, 0, 512))
	if err != nil {
		return err
	}
	if len(b) > maxLeaf-voidRoom {
		return fmt.Errorf("the leaf of event %s would have %d bytes; category, action and retention class are too long", e.ID, len(b))
	}
	e.Leaf, e.Opening = append(b, room.macs.mac("row", b)...), openingOf(mask, salts)
	return nil
}

const (
	maxVoid  = 32             // numbers that one leaf calls void
	voidRoom = 9*maxVoid + 16 // bytes that they may take
)

// unnumbered is how a leaf without number and void numbers ends.
var unnumbered = []byte{0x00, 0x80}

// Number has the form of activitylog.Options.Number: it numbers events that are stored once or never, so that a row
// that is missing before it was sealed leaves a hole. Numbers that came to nothing are called void by the next leaf.
func (w *Writer) Number(events []activitylog.Event) func(error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	first := w.last + 1
	for i := range events {
		e := &events[i]
		body, ok := numberless(e.Leaf)
		if !ok {
			continue // stamped by somebody else
		}
		w.last++
		n := min(len(w.void), maxVoid)
		void := append([]uint64{}, w.void[:n]...)
		w.void = w.void[n:]
		b := must(appendRecord(slices.Clone(body), "", w.last))
		b = must(appendRecord(b, "", void))
		e.Leaf = append(b, w.macs.mac("row", b)...)
	}
	last := w.last
	return func(err error) {
		if err == nil {
			w.stored()
			return
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		for n := first; n <= last; n++ {
			w.void = append(w.void, n)
		}
	}
}

// numberless returns a stamped leaf without its ending, if it has no number.
func numberless(leaf []byte) ([]byte, bool) {
	end := len(leaf) - macSize - len(unnumbered)
	if end < len(leafPrefix) || string(leaf[end:end+len(unnumbered)]) != string(unnumbered) {
		return nil, false
	}
	return leaf[:end], true
}

// numberIn returns the number that a stamped leaf got, and from whom; 0: none.
func numberIn(leaf []byte) (writer [8]byte, n uint64) {
	body, _, _ := splitMAC(leaf)
	if l, err := ParseLeaf(body); err == nil {
		return l.Writer, l.Number
	}
	return writer, 0
}

// splitMAC takes the row MAC off what stands in Event.Leaf.
func splitMAC(b []byte) (leaf, mac []byte, ok bool) {
	n := len(b) - macSize
	if n < 0 {
		return nil, nil, false
	}
	return b[:n:n], b[n:], true
}
