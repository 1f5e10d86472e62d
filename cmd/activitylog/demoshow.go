package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/demo"
)

// demoFilters are worth a look in the demo.
var demoFilters = []struct{ filter, about string }{
	{"action:ai.message.*", "what was sent to models"},
	{"outcome:failure,denied", "what went wrong or was refused"},
	{"action:ai.model.switch", "who changed models"},
	{"action:member.*,access.*,auth.mfa.*,apikey.*", "who may do what"},
	{"severity:>=high", "what a person should look at"},
	{"category:ai cost:>=0.5", "expensive messages"},
	{"actor_type:agent -outcome:success", "agents that did not get through"},
	{"action:auth.login outcome:failure", "sign-ins that failed"},
}

// show prints what the demo holds and commands to go on with.
func (d *demoLog) show(ctx context.Context, s streams) (err error) {
	db, err := readDatabase(ctx, d.path)
	if err != nil {
		return err
	}
	defer db.closeInto(&err)
	var b strings.Builder
	fmt.Fprintf(&b, "The demo is in %s\n\n", d.path)
	fmt.Fprintf(&b, "organizations\n")
	orgs := demo.Orgs()
	for _, o := range orgs {
		n, err := db.Org(o.ID).Count(ctx, activitylog.Filter{}, 0)
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "  %-16s %9s  %s\n", o.ID, grouped(n), o.Name)
	}
	largest := db.Org(orgs[0].ID)
	fmt.Fprintf(&b, "\nevents of %s by category\n", orgs[0].ID)
	for c, err := range largest.Aggregate(ctx, activitylog.Aggregation{By: []string{"category"}}) {
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "  %-16s %9s\n", c.Values[0], grouped(c.Count))
	}
	mark, ok, err := markOf(ctx, db)
	if err != nil {
		return err
	}
	if ok {
		if err := d.showAlerts(ctx, &b, db, mark.Time); err != nil {
			return err
		}
	}
	fmt.Fprintf(&b, "\ntry\n")
	command := func(name, filter string) string {
		return fmt.Sprintf("activitylog %s --db %s --org %s %s", name, shellQuoted(d.path), orgs[0].ID, shellQuoted(filter))
	}
	first := ""
	for _, f := range demoFilters {
		parsed, err := activitylog.ParseFilter(f.filter)
		if err != nil {
			return err
		}
		n, err := largest.Count(ctx, parsed, 0)
		if err != nil {
			return err
		}
		if n == 0 {
			continue
		}
		if first == "" {
			first = f.filter
		}
		fmt.Fprintf(&b, "  # %s: %s\n  %s\n", f.about, plural(n, "event"), command("query", f.filter))
	}
	fmt.Fprintf(&b, "  # the alerts in full, with how to see the events of each\n  activitylog alerts --db %s --org %s --zone %s\n", shellQuoted(d.path), orgs[0].ID, orgs[0].Zone)
	fmt.Fprintf(&b, "  # the same as a file for a spreadsheet\n  %s --out demo.csv\n", command("export", first))
	_, err = fmt.Fprint(s.out, b.String())
	return err
}

// shellQuoted writes s so that a shell takes it as one word.
func shellQuoted(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@%+=,") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
