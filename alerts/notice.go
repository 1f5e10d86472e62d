package alerts

import (
	"time"

	"github.com/activitylog/activitylog"
	"github.com/google/uuid"
)

// Notice tells people of an alert. It is delivered at least once: whoever gets it twice knows it by its ID.
type Notice struct {
	ID         uuid.UUID // of the event in the log that decided it
	Time       time.Time // of that event
	Transition Transition
	Org        string
	Finding    Brief
}

// Transition says what became of an alert.
type Transition string

// The transitions of which people get a notice.
const (
	Opened   Transition = "open"   // it is new
	Reopened Transition = "reopen" // it was over, and is back
	Raised   Transition = "raise"  // it became more severe, or went on after it was snoozed
)

// Brief is what the log keeps of a finding: enough to understand it, and to find its events.
type Brief struct {
	Fingerprint   string               `json:"fingerprint"`
	Rule          string               `json:"rule"`
	Version       int                  `json:"version"`
	Kind          string               `json:"kind"`
	Severity      activitylog.Severity `json:"severity"`
	Score         int                  `json:"score"`
	Subject       string               `json:"subject"`
	SubjectType   string               `json:"subject_type"`
	Window        Window               `json:"window"`
	Observed      float64              `json:"observed"`
	Expected      float64              `json:"expected"`
	Unit          string               `json:"unit"`
	Count         int64                `json:"count"`
	Affected      []string             `json:"affected,omitempty"` // at most 20
	AffectedTotal int                  `json:"affected_total"`
	Filter        string               `json:"filter,omitempty"` // empty: too long to keep
	Explanation   string               `json:"explanation"`
}

const (
	briefAffected = 20
	briefFilter   = 4 << 10 // bytes
)

// Brief is f without its details.
func (f *Finding) Brief() Brief {
	b := Brief{
		Fingerprint: f.Fingerprint, Rule: f.Rule, Version: f.Version, Kind: f.Kind, Severity: f.Severity, Score: f.Score,
		Subject: f.Subject.ID, SubjectType: f.Subject.Type, Window: f.Window, Observed: f.Observed, Expected: f.Expected, Unit: f.Unit,
		Count: f.Count, Affected: f.Affected[:min(len(f.Affected), briefAffected)], AffectedTotal: f.AffectedTotal,
		Filter: f.Filter.String(), Explanation: f.Explanation,
	}
	if len(b.Filter) > briefFilter {
		b.Filter = ""
	}
	return b
}
