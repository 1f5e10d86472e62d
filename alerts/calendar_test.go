package alerts_test

import (
	"strings"
	"testing"

	"github.com/activitylog/activitylog/alerts"
)

func TestCalendarValidate(t *testing.T) {
	t.Parallel()
	days := [7]string{1: "09:00-18:00"}
	tests := []struct {
		name     string
		calendar alerts.Calendar
		want     string // a part of the error; empty: none
	}{
		{"fine", alerts.Calendar{Zone: "Asia/Kathmandu", Days: days, Holidays: []string{"2026-12-25"}}, ""},
		{"an offset", alerts.Calendar{Zone: "+05:45", Days: days}, ""},
		{"to midnight", alerts.Calendar{Days: [7]string{"00:00-24:00"}}, ""},
		{"no such zone", alerts.Calendar{Zone: "Mars/Base"}, `zone "Mars/Base" is not known; name it as Europe/Berlin`},
		{"the machine's zone", alerts.Calendar{Zone: "Local"}, "another one on each machine"},
		{"half an offset", alerts.Calendar{Zone: "+5"}, "write an offset as +05:45"},
		{"backwards", alerts.Calendar{Days: [7]string{"18:00-09:00"}}, `Sunday: hours "18:00-09:00": write them as 09:00-18:00`},
		{"no hours", alerts.Calendar{Days: [7]string{"all day"}}, "write them as"},
		{"too late", alerts.Calendar{Days: [7]string{"09:00-24:01"}}, "write them as"},
		{"a holiday of another form", alerts.Calendar{Holidays: []string{"25.12.2026"}}, "write it as 2026-12-25"},
	}
	for _, tt := range tests {
		err := tt.calendar.Validate()
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v, not %q", tt.name, err, tt.want)
		}
	}
}
