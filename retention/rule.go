package retention

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/activitylog/activitylog"
)

// Days is an age in days of 24 hours. Zero means that there is no bound.
type Days int

const day = 24 * time.Hour

// Duration returns the age as a duration.
func (d Days) Duration() time.Duration { return time.Duration(d) * day }

// maxDays is beyond any law, and far from what overflows.
const maxDays = 40_000

// Rule says how long events stay. See the package comment for how several go together.
type Rule struct {
	Name   string             // unique within one list
	Filter activitylog.Filter // which events: by category, retention class, severity, organization or anything else
	Min    Days               // they stay at least this long
	Max    Days               // they go once they are older, unless another rule or a hold keeps them; 0: never by this rule
	Note   string             // why, such as the law
}

// keeps is how long the rule keeps an event at least.
func (r Rule) keeps() Days { return max(r.Min, r.Max) }

func checkRules(rules []Rule) error {
	for i, r := range rules {
		bad := ""
		switch {
		case r.Name == "":
			bad = "has no name"
		case slices.ContainsFunc(rules[:i], func(o Rule) bool { return o.Name == r.Name }):
			bad = "stands there twice"
		case r.Min < 0 || r.Max < 0 || r.keeps() > maxDays:
			bad = fmt.Sprintf("needs ages of 0 to %d days", maxDays)
		case r.Min == 0 && r.Max == 0:
			bad = "has neither a minimum nor a maximum"
		case r.Max > 0 && r.Max < r.Min:
			bad = fmt.Sprintf("removes after %d days what must stay %d", r.Max, r.Min)
		}
		if bad == "" {
			bad = unwritable(r.Filter)
		}
		if bad != "" {
			return fmt.Errorf("retention: %w: rule %q %s", activitylog.ErrInvalid, r.Name, bad)
		}
	}
	return nil
}

// unwritable says why a filter cannot be kept as text: the text must mean the same when it is read again.
func unwritable(f activitylog.Filter) string {
	again, err := activitylog.ParseFilter(f.String())
	if err != nil || again.String() != f.String() {
		return "has a filter that is too long or too deep to be kept"
	}
	return ""
}

// ruleJSON is the form in which a rule is recorded.
type ruleJSON struct {
	Name   string `json:"name"`
	Filter string `json:"filter"`
	Min    Days   `json:"min_days,omitempty"`
	Max    Days   `json:"max_days,omitempty"`
	Note   string `json:"note,omitempty"`
}

// MarshalJSON writes the filter as text and the ages as min_days and max_days.
func (r Rule) MarshalJSON() ([]byte, error) {
	return json.Marshal(ruleJSON{r.Name, r.Filter.String(), r.Min, r.Max, r.Note})
}

// UnmarshalJSON reads what MarshalJSON wrote. A field that it does not know is an error: half a rule is another one.
func (r *Rule) UnmarshalJSON(b []byte) error {
	var j ruleJSON
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&j); err != nil {
		return err
	}
	f, err := activitylog.ParseFilter(j.Filter)
	if err != nil {
		return fmt.Errorf("rule %q: %w", j.Name, err)
	}
	*r = Rule{j.Name, f, j.Min, j.Max, j.Note}
	return nil
}

// changes are what differs between two lists of rules.
func changes(before, after []Rule) []activitylog.Change {
	var list []activitylog.Change
	text := func(rules []Rule, name string) any {
		for _, r := range rules {
			if r.Name == name {
				return fmt.Sprintf("{%s} min %d max %d days", r.Filter, r.Min, r.Max)
			}
		}
		return nil
	}
	for i, r := range slices.Concat(before, after) {
		if i >= len(before) && text(before, r.Name) != nil {
			continue
		}
		if old, now := text(before, r.Name), text(after, r.Name); old != now {
			list = append(list, activitylog.Change{Path: r.Name, Old: old, New: now})
		}
	}
	return list
}
