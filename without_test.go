package activitylog_test

import (
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/stretchr/testify/require"
)

func TestWithout(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ filter, without string }{
		{"", ""},
		{"at:>=2026-01-01", ""},
		{"actor:ana at:>=2026-01-01 at:<2026-02-01", "actor:ana"},
		{"actor:ana (at:<2026-01-01 or action:x.y)", "actor:ana"}, // one side could be anything
		{"actor:ana (outcome:failure at:<2026-01-01 or action:x.y)", "actor:ana (outcome:failure or action:x.y)"},
		{"-at:<2026-01-01 -action:x.y", "-action:x.y"},
		{"-(at:<2026-01-01 action:x.y)", "-action:x.y"},
		{"leo at:<2026-01-01", "leo"},
	} {
		f, err := activitylog.ParseFilter(tt.filter)
		require.NoError(t, err)
		want, err := activitylog.ParseFilter(tt.without)
		require.NoError(t, err)
		require.Equal(t, want.String(), f.Without("time", "id").String(), tt.filter)
		require.Equal(t, f.String(), f.Without("cost").String(), tt.filter)
	}
	require.Equal(t, activitylog.Any().String(), activitylog.Any().Without("time").String(), "no event at no time")
}
