package web

import (
	"testing"
)

func TestAmount(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		x          float64
		unit, want string
	}{
		{1, "exports", "1 export"}, {2, "exports", "2 exports"}, {1, "acts as somebody else", "1 act as somebody else"},
		{1, "first uses", "1 first use"}, {1, "addresses that failed", "1 address that failed"}, {1, "settings changed", "1 setting changed"},
		{1234, "messages", "1,234 messages"}, {0, "events", "0 events"},
	} {
		if got := (&Handler{}).amount(tt.x, tt.unit); got != tt.want {
			t.Errorf("%v %s: %q, want %q", tt.x, tt.unit, got, tt.want)
		}
	}
}
