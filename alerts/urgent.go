package alerts

import "slices"

// urgent are the rules that look at marks and first times alone, and that nobody wants to wait an hour for.
var urgent = []string{LoginFailures, PrivilegeEscalation, MassDeletion, MassExport, Impersonation, GuardrailRemoved, LogGap}

// Urgent is c for the rules alone that need no more than the families Marked and Known. They are cheap enough to be
// judged as events come; what they find is what all rules find, but for silences of the log.
func (c Config) Urgent() Config {
	c.Off = slices.Clone(c.Off)
	for _, rule := range Rules() {
		if !slices.Contains(urgent, rule) {
			c.Off = append(c.Off, rule)
		}
	}
	return c
}

// NeedsMore tells of which actions Figures.Add looks at more than the short form of their events, see
// activitylog.Event.UnmarshalBrief.
func NeedsMore(action string) bool {
	return senseOf(action).class != 0
}
