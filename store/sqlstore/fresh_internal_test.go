package sqlstore

import (
	"fmt"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/stretchr/testify/require"
)

// What is kept has no gap, whatever commits are told in whatever order, and is bounded.
func TestFreshHasNoGap(t *testing.T) {
	t.Parallel()
	x := &fresh{}
	commit := func(from, to int64) {
		var events []activitylog.Event
		var places []place
		for seq := from + 1; seq <= to; seq++ {
			events = append(events, activitylog.Event{Org: fmt.Sprint(seq)})
			places = append(places, place{len(events) - 1, seq})
		}
		x.add(from, events, places)
	}
	check := func(after, from, to int64) {
		t.Helper()
		last := after
		at, served := x.tail(numberPosition(after), 1<<20, func(e *activitylog.Event, at activitylog.Position) {
			last++
			require.Equal(t, fmt.Sprint(last), e.Org)
			require.Equal(t, numberPosition(last), at)
		})
		require.Equal(t, int(to-from), served)
		if served > 0 {
			require.Equal(t, from, after)
			require.Equal(t, to, last)
		}
		require.Equal(t, numberPosition(last), at)
	}
	commit(0, 10)
	check(0, 0, 0) // nobody had asked before
	commit(10, 20)
	check(9, 0, 0)
	check(10, 10, 20)
	check(15, 15, 20)
	check(20, 0, 0)
	commit(25, 30) // another one committed 21 to 25
	check(10, 0, 0)
	check(24, 0, 0)
	check(25, 25, 30)
	commit(20, 25) // unless that one was this process, and tells it late
	check(20, 0, 0)
	check(25, 25, 30)
	commit(30, 30) // nothing but retries
	commit(30, 40)
	check(25, 25, 40)
	x.forget()
	check(39, 0, 0)
	commit(40, 50)
	check(40, 40, 50)

	rows := x.behind(45, 2)
	for from := int64(50); from < 20_000; from += 100 {
		commit(from, from+100)
		require.LessOrEqual(t, len(x.rows), freshMost)
	}
	require.Equal(t, []string{"46", "47"}, []string{rows[0].org, rows[1].org}, "what was handed out stays")
	check(20_050-freshMost-1, 0, 0)
	check(20_050-freshMost, 20_050-freshMost, 20_050)
	for _, other := range []struct {
		x     *fresh
		after activitylog.Position
		limit int
	}{{x, "20000", -1}, {x, "20000", 0}, {x, activitylog.End, 10}, {x, "wrong", 10}, {nil, "20000", 10}} {
		at, served := other.x.tail(other.after, other.limit, nil)
		require.Zero(t, served)
		require.Equal(t, other.after, at)
	}
}
