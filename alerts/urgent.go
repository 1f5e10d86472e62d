package alerts

import (
	"slices"

	"github.com/activitylog/activitylog"
)

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

// Urgent tells whether an urgent rule looks at e.
func Urgent(e *activitylog.Event) bool {
	if e.Outcome == activitylog.InProgress {
		return false
	}
	_, ok := markOf(e)
	return ok
}

// NeedsMore tells of which events Figures.Add and Urgent look at more than their short form, see activitylog.Event.Brief.
// It looks at Category and Action alone.
func NeedsMore(e *activitylog.Event) bool {
	return e.Category == "audit" || isLogin(e.Action) || byAction[e.Action] != 0 || byLastWord[lastWord(e.Action)] != 0
}
