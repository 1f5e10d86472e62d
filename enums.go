package activitylog

// Outcome says how the act ended. Unknown values are kept as given.
type Outcome string

// The outcomes.
const (
	Success    Outcome = "success"
	Failure    Outcome = "failure" // it was tried and went wrong
	Denied     Outcome = "denied"  // it was refused
	InProgress Outcome = "pending" // it has begun; another event will complete it
	Unknown    Outcome = "unknown" // nobody can tell any more
)

// Severity says how soon a person should look at the event. Unknown values are kept as given and rank below Info.
type Severity string

// The severities, lowest first.
const (
	Info     Severity = "info"
	Low      Severity = "low"
	Medium   Severity = "medium"
	High     Severity = "high"
	Critical Severity = "critical"
)

var severities = [...]Severity{Info, Low, Medium, High, Critical}

// rank is the place of s among severities, -1 for unknown ones.
func (s Severity) rank() int {
	for i, known := range severities {
		if s == known {
			return i
		}
	}
	return -1
}

// raised is the next severity up; Critical and unknown ones stay.
func (s Severity) raised() Severity {
	if i := s.rank(); i >= 0 && i+1 < len(severities) {
		return severities[i+1]
	}
	return s
}
