package e2e_test

import (
	"fmt"
	"testing"
)

// A page keeps within its number of nodes, with all figures around its rows.
func TestNodes(t *testing.T) {
	tb := open(t, demoSite(t))
	tb.look(1440, 1000, "light")
	for rows, most := range map[int]int{50: 2500, 200: 7000} {
		tb.open(fmt.Sprintf("?range=all&limit=%d", rows))
		tb.until("document.querySelector('#facets li') && document.querySelector('#chart .table')")
		if n := eval[int](tb, "document.querySelectorAll('.rowlink').length"); n != rows {
			t.Fatalf("%d rows, want %d", n, rows)
		}
		if n := eval[int](tb, "document.querySelectorAll('*').length"); n > most {
			t.Errorf("%d rows take %d nodes, want at most %d", rows, n, most)
		} else {
			t.Logf("%d rows: %d nodes", rows, n)
		}
	}
}
