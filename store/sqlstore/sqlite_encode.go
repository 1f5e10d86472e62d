package sqlstore

import (
	"slices"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/terms"
)

// encoding holds the rows of a batch in ascending order of keys, which keeps both the table and the text index from
// splitting pages. Larger batches are encoded while their first rows are already being written.
type encoding struct {
	rows chan encodedRow
	quit chan struct{}
}

type encodedRow struct {
	index int // among the events
	args  []any
	text  string
}

// encodeAhead is the size of a batch from which encoding it beside the writing pays, and how far it may be ahead.
const encodeAhead = 64

func encode(events []activitylog.Event) *encoding {
	order := make([]int, len(events))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		return activitylog.KeyOf(&events[i]).Compare(activitylog.KeyOf(&events[j]))
	})
	x := &encoding{rows: make(chan encodedRow, encodeAhead), quit: make(chan struct{})}
	produce := func() {
		defer close(x.rows)
		for _, i := range order {
			args := appendValues(make([]any, 2, columnCount+3), &events[i], events[i].ID[:])
			select {
			case x.rows <- encodedRow{i, args, terms.Of(&events[i])}:
			case <-x.quit:
				return
			}
		}
	}
	if len(events) <= encodeAhead {
		produce()
	} else {
		go produce()
	}
	return x
}

// stop ends the encoding of rows that nobody will take. It waits, since the events are the caller's.
func (x *encoding) stop() {
	close(x.quit)
	for range x.rows {
	}
}
