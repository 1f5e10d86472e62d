package needs_test

import (
	"errors"
	"runtime"
	"sync"
	"testing"

	"github.com/activitylog/activitylog/internal/needs"
)

// told is how a test was ended.
type told struct {
	testing.TB
	how string
}

func (*told) Helper() {}

func (t *told) Fatal(...any) { t.end("failed") }

func (t *told) Skip(...any) { t.end("skipped") }

func (t *told) end(how string) {
	t.how = how
	runtime.Goexit()
}

func TestMissing(t *testing.T) {
	for _, x := range []struct {
		require string
		err     error
		want    string
	}{
		{"", nil, ""}, {"1", nil, ""}, {"", errors.New("no such thing"), "skipped"},
		{"0", errors.New("no such thing"), "skipped"}, {"1", errors.New("no such thing"), "failed"},
	} {
		t.Setenv("ACTIVITYLOG_REQUIRE", x.require)
		got := &told{TB: t}
		var ended sync.WaitGroup
		ended.Go(func() { needs.Missing(got, x.err) })
		ended.Wait()
		if got.how != x.want {
			t.Errorf("required %q, error %v: %q", x.require, x.err, got.how)
		}
	}
}
