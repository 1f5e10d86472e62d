package sqlstore

import (
	"context"
	"math"
	"net/netip"
	"slices"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/terms"
)

type netipPrefix = netip.Prefix

// plan is how a query will be answered.
type plan struct {
	org    string
	scope  string // of the org; empty over all organizations
	order  activitylog.Order
	filter activitylog.Filter
	expr   activitylog.Expr
	need   *need // what the terms must fulfil; nil: walk
	never  bool  // no event can match
	exact  bool  // the SQL conditions say exactly what the filter means
	since  int64 // bounds of time that hold for every match, in microseconds
	before int64
	// windowed tells that a part of the filter is served by no index, so that one query could look at everything.
	windowed bool
	// walked and rare are what a search on PostgreSQL has found out so far.
	walked, rare bool
}

// maxScopes bounds over how many organizations a query of all spreads its terms. Above, it walks.
const maxScopes = 256

func (s *Store) plan(ctx context.Context, q activitylog.StoreQuery) (*plan, error) {
	p := &plan{
		org: q.Org, order: q.Order, filter: q.Filter, expr: q.Filter.Expr(),
		since: math.MinInt64, before: math.MaxInt64,
	}
	p.exact = exact(p.expr)
	all := conjuncts(p.expr)
	for _, x := range all {
		c, ok := x.(activitylog.Cond)
		switch {
		case !ok:
		case c.Field == "org" && len(c.Values) == 1 && p.org == "":
			p.org = c.Values[0]
		case c.Field == "time" && c.Op == ">=":
			p.since = max(p.since, c.Number)
		case c.Field == "time":
			p.before = min(p.before, c.Number)
		}
	}
	if p.org != "" {
		p.scope = terms.Scope(p.org)
	}
	if err := s.findNeed(ctx, p); err != nil {
		return nil, err
	}
	p.need, p.never = p.need.simplified()
	whole := p.need.leaves()
	p.need = p.need.within()
	p.windowed = p.need.leaves() < whole || slices.ContainsFunc(all, func(x activitylog.Expr) bool { return !s.served(p, x) })
	return p, nil
}

func conjuncts(x activitylog.Expr) []activitylog.Expr {
	if all, ok := x.(activitylog.AndExpr); ok {
		return all
	}
	return []activitylog.Expr{x}
}

func (s *Store) needer(scope string, oneOrg bool) needer {
	return needer{scope: scope, skip: func(c activitylog.Cond) bool { return s.back.indexed(c, oneOrg) }}
}

// anyScope stands for the scope of an organization where only the shape of a need matters.
const anyScope = "aaaaaa"

func (s *Store) findNeed(ctx context.Context, p *plan) error {
	if p.scope != "" {
		p.need = s.needer(p.scope, true).of(p.expr)
		return nil
	}
	p.need = s.needer(terms.Everywhere, false).of(p.expr)
	sample := s.needer(anyScope, false).of(p.expr)
	if sample.leaves() == p.need.leaves() {
		return nil
	}
	orgs, err := s.orgs(ctx, maxScopes+1)
	if err != nil || len(orgs) > maxScopes {
		return err
	}
	parts := make([]*need, len(orgs))
	for i, org := range orgs {
		parts[i] = s.needer(terms.Scope(org), false).of(p.expr)
	}
	p.need = anyOf(parts)
	return nil
}

// orgs returns up to n organizations that have events.
func (s *Store) orgs(ctx context.Context, n int) ([]string, error) {
	w := s.back.newBuilder()
	w.write("SELECT org FROM activitylog_orgs LIMIT ?", n)
	rows, err := s.query(ctx, w)
	return collect(rows, err, scanText)
}

// served tells whether x costs nothing for events that do not match: an index finds them, or it only bounds a walk.
func (s *Store) served(p *plan, x activitylog.Expr) bool {
	oneOrg := p.org != ""
	if c, ok := x.(activitylog.Cond); ok {
		if c.Field == "time" || c.Field == "id" || c.Field == "org" && len(c.Values) == 1 || s.back.indexed(c, oneOrg) {
			return true
		}
	}
	scope := p.scope
	if !oneOrg {
		scope = terms.Everywhere
		if p.need.leaves() != s.needer(scope, false).of(p.expr).leaves() {
			scope = anyScope // spread over the organizations: any term serves
		}
	}
	return s.needer(scope, oneOrg).of(x) != nil
}
