package access

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/settings"
)

// Rules say which rights a role of the host brings. They are settings of the log: every change is an event with before
// and after.
type Rules map[string]Right

// Of returns the rights of somebody with the roles.
func (r Rules) Of(roles ...string) Right {
	var all Right
	for _, role := range roles {
		all |= r[role]
	}
	return all
}

const settingName = "access"

// Rules returns the rules of an organization, or those of the platform for the empty org. Without any it returns none.
func (g *Guard) Rules(ctx context.Context, org string) (Rules, error) {
	rules, _, err := g.rules(ctx, org)
	return rules, err
}

func (g *Guard) rules(ctx context.Context, org string) (Rules, activitylog.Event, error) {
	rules := Rules{}
	e, err := settings.Get(ctx, g.log, org, settingName, &rules)
	if err != nil {
		return nil, e, fmt.Errorf("access: rules: %w", err)
	}
	return rules, e, nil
}

// SetRules replaces the rules of an organization, or those of the platform for the empty org. The actor of ctx is who
// did it; whether they may is for the host to decide.
func (g *Guard) SetRules(ctx context.Context, org string, rules Rules, reason string) error {
	before, event, err := g.rules(ctx, org)
	if err != nil {
		return err
	}
	for role, rights := range rules {
		if role == "" || rights&^AllRights != 0 {
			return fmt.Errorf("access: %w: rules need roles with a name and the rights of this package", activitylog.ErrInvalid)
		}
	}
	both := maps.Clone(before)
	maps.Copy(both, rules)
	var changes []activitylog.Change
	for _, role := range slices.Sorted(maps.Keys(both)) {
		c := activitylog.Change{Path: role}
		if rights, ok := before[role]; ok {
			c.Old = rights.String()
		}
		if rights, ok := rules[role]; ok {
			c.New = rights.String()
		}
		if c.Old != c.New {
			changes = append(changes, c)
		}
	}
	if rules == nil {
		rules = Rules{}
	}
	if err := settings.Set(ctx, g.log, g.now(), event, org, settingName, rules, changes, reason); err != nil {
		return fmt.Errorf("access: set rules: %w", err)
	}
	return nil
}

// MarshalJSON writes the names of the rights.
func (r Right) MarshalJSON() ([]byte, error) {
	names := []string{}
	if r != 0 {
		names = strings.Split(r.String(), ", ")
	}
	return json.Marshal(names)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (r *Right) UnmarshalJSON(b []byte) error {
	var names []string
	if err := json.Unmarshal(b, &names); err != nil {
		return err
	}
	*r = 0
	for _, name := range names {
		i := slices.Index(rightNames, name)
		if i < 0 {
			return fmt.Errorf("access: %w: there is no right %q; use %s", activitylog.ErrInvalid, name, AllRights)
		}
		*r |= 1 << i
	}
	return nil
}
