package alerts

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/activitylog/activitylog"
)

// scope is where failures are counted: all actions of one kind, or a part of them.
type scope struct {
	kind string // the first word of the actions
	by   string // "", model, provider, user or integration
	id   string
}

// ratios are the attempts and failures of one scope, by quarters of an hour.
type ratios struct {
	scope
	quarters []tally // in order
}

type tally struct {
	quarter      int32
	n, failed    int64
	failures     Sum
	allN, allBad int64 // up to and including
}

// failing is a scope in one hour.
type failing struct {
	*ratios
	hour     Window
	n, k     int64
	usual    float64
	tail     float64
	baseN    int64
	failures Sum
}

func (f *failing) excess() float64 { return float64(f.k) - float64(f.n)*f.usual }

// judgeErrors finds hours in which operations of a kind fail far more often than they used to, where the last quarter of
// the hour says the same, and blames the narrowest scope that explains it. Refusals are no errors, and sign-ins have a
// rule of their own.
func judgeErrors(v *view) []Finding {
	byHour := map[int32][]failing{}
	var hours []int32
	all := map[string]*ratios{}
	for _, r := range v.ratios() {
		if r.by == "" {
			all[r.kind] = r // before its parts
		}
		for _, f := range v.failing(r, all[r.kind]) {
			q := quarterOf(f.hour.To)
			if byHour[q] == nil {
				hours = append(hours, q)
			}
			byHour[q] = append(byHour[q], f)
		}
	}
	slices.Sort(hours)
	var list []Finding
	for _, q := range hours {
		for _, f := range v.blamed(byHour[q]) {
			list = append(list, v.errorFound(f))
		}
	}
	return joined(list)
}

// scopeKey is a scope by the numbers of its names.
type scopeKey struct {
	kind uint32
	by   byte
	id   uint32
}

// The parts that attempts of a kind are counted by.
const (
	byAll byte = iota
	byProvider
	byModel
	byUser
	byIntegration
)

var scopeNames = [...]string{byAll: "", byProvider: "provider", byModel: "model", byUser: "user", byIntegration: "integration"}

// counting counts attempts and failures by scope.
type counting struct {
	*view
	own      names             // of kinds and integrations
	kinds    map[uint32]uint32 // of actions; sign-ins are left out
	integral map[uint32][]uint32
	failed   map[scopeKey]int64
}

// ratios count the attempts of every scope with enough failures to be judged.
func (v *view) ratios() []*ratios {
	c := counting{view: v, kinds: map[uint32]uint32{}, integral: map[uint32][]uint32{}, failed: map[scopeKey]int64{}}
	for _, ref := range v.cells {
		if ref.key.outcome == c.failure {
			c.each(ref.key, func(s scopeKey) { c.failed[s] += ref.sum.Count })
		}
	}
	builders := map[scopeKey]map[int32]*tally{}
	for s, n := range c.failed {
		if n >= v.c.Errors.Support {
			builders[s] = map[int32]*tally{}
		}
	}
	for _, ref := range v.cells {
		c.each(ref.key, func(s scopeKey) {
			quarters := builders[s]
			if quarters == nil || v.c.Planned != nil && v.c.planned(ErrorRates, c.scope(s).subject(), Window{timeOf(ref.key.quarter), timeOf(ref.key.quarter + 1)}) {
				return
			}
			t := quarters[ref.key.quarter]
			if t == nil {
				t = &tally{quarter: ref.key.quarter}
				quarters[ref.key.quarter] = t
			}
			t.n += ref.sum.Count
			if ref.key.outcome == c.failure {
				t.failed += ref.sum.Count
				t.failures.add(ref.sum)
			}
		})
	}
	var list []*ratios
	for s, quarters := range builders {
		r := &ratios{scope: c.scope(s)}
		for _, t := range quarters {
			r.quarters = append(r.quarters, *t)
		}
		slices.SortFunc(r.quarters, func(a, b tally) int { return cmp.Compare(a.quarter, b.quarter) })
		n, bad := int64(0), int64(0)
		for i := range r.quarters {
			n, bad = n+r.quarters[i].n, bad+r.quarters[i].failed
			r.quarters[i].allN, r.quarters[i].allBad = n, bad
		}
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b *ratios) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.by, b.by), cmp.Compare(a.id, b.id))
	})
	return list
}

// each calls f with every scope that an attempt belongs to. Refusals and sign-ins are no attempts.
func (c *counting) each(k cellKey, f func(scopeKey)) {
	if k.outcome == c.refused {
		return
	}
	kind, ok := c.kinds[k.action]
	if !ok {
		if action := c.f.names.text(k.action); !isLogin(action) && kindOf(action) != "auth" {
			kind = c.own.number(kindOf(action))
		}
		c.kinds[k.action] = kind
	}
	if kind == 0 {
		return
	}
	f(scopeKey{kind, byAll, 0})
	if k.provider != 0 {
		f(scopeKey{kind, byProvider, k.provider})
	}
	if k.model != 0 {
		f(scopeKey{kind, byModel, k.model})
	}
	if k.actor != 0 {
		f(scopeKey{kind, byUser, k.actor})
	}
	if k.targets == 0 {
		return
	}
	ids, ok := c.integral[k.targets]
	if !ok {
		for _, id := range distinct(c.f.names.text(k.targets)) {
			ids = append(ids, c.own.number(id))
		}
		c.integral[k.targets] = ids
	}
	for _, id := range ids {
		f(scopeKey{kind, byIntegration, id})
	}
}

// outcome is the number of an outcome, or one that no cell has.
func (v *view) outcome(o activitylog.Outcome) uint32 {
	if n, ok := v.f.names.find(string(o)); ok {
		return n
	}
	return math.MaxUint32
}

func (c *counting) scope(s scopeKey) scope {
	id := c.f.names.text
	if s.by == byIntegration {
		id = c.own.text
	}
	return scope{c.own.text(s.kind), scopeNames[s.by], id(s.id)}
}

// subject is the id under which findings tell of a scope.
func (s scope) subject() string {
	if s.by == "" {
		return s.kind
	}
	return s.id
}

// kindOf is what an action is about: its first word.
func kindOf(action string) string {
	kind, _, _ := strings.Cut(action, ".")
	return kind
}

func lastWord(action string) string { return action[strings.LastIndexByte(action, '.')+1:] }

func distinct(lines string) []string {
	list := strings.Split(strings.TrimSuffix(lines, "\n"), "\n")
	slices.Sort(list)
	return slices.Compact(list)
}

// failing are the hours, each ending with a quarter in which something failed, that pass all gates.
// A part is held against its own past or that of its kind, whichever was worse.
func (v *view) failing(r, kind *ratios) []failing {
	c := v.c.Errors
	length := int32(c.History) * 24 * 4
	var list []failing
	base, lo := 0, 0
	for i := range r.quarters {
		t := &r.quarters[i]
		if t.failed == 0 || timeOf(t.quarter+1).Before(v.from) {
			continue
		}
		for r.quarters[lo].quarter <= t.quarter-4 {
			lo++
		}
		for r.quarters[base].quarter < t.quarter-3-length {
			base++
		}
		f := failing{ratios: r, hour: Window{timeOf(t.quarter - 3), timeOf(t.quarter + 1)}}
		before := r.upTo(lo)
		f.n, f.k = t.allN-before.allN, t.allBad-before.allBad
		if f.k < c.Support {
			continue
		}
		old := r.upTo(base)
		f.baseN = before.allN - old.allN
		f.usual = usualPart(before.allBad-old.allBad, f.baseN)
		if kind != r {
			n, bad := kind.between(t.quarter-3-length, t.quarter-3)
			f.usual = max(f.usual, usualPart(bad, n))
		}
		least := max(c.Ratio*f.usual, c.Part)
		if float64(f.k) < least*float64(f.n) || float64(t.failed) < least*float64(t.n) {
			continue
		}
		f.tail = binomialTail(f.k, f.n, f.usual)
		if f.tail >= c.Tail && !(r.by != "user" && f.k == f.n && f.usual < 0.5 && f.tail < 1e-3) {
			continue
		}
		for j := lo; j <= i; j++ {
			if r.quarters[j].failed > 0 {
				f.failures.add(&r.quarters[j].failures)
			}
		}
		list = append(list, f)
	}
	return list
}

// usualPart is the part that failed, with a prior of Beta(1, 19): where nothing is known it is 5 %.
func usualPart(failed, n int64) float64 { return (float64(failed) + 1) / (float64(n) + 20) }

// between are the attempts and failures from one quarter up to another, which is left out.
func (r *ratios) between(from, to int32) (n, failed int64) {
	find := func(q int32) tally {
		i, _ := slices.BinarySearchFunc(r.quarters, q, func(t tally, q int32) int { return cmp.Compare(t.quarter, q) })
		return r.upTo(i)
	}
	a, b := find(from), find(to)
	return b.allN - a.allN, b.allBad - a.allBad
}

// upTo are the sums before the i-th quarter.
func (r *ratios) upTo(i int) tally {
	if i == 0 {
		return tally{}
	}
	return r.quarters[i-1]
}

// blamed are the scopes to be told of one hour: for each kind the narrowest that explains what fails.
func (v *view) blamed(list []failing) []failing {
	slices.SortFunc(list, func(a, b failing) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.n, b.n), cmp.Compare(a.by, b.by), cmp.Compare(a.id, b.id))
	})
	var out []failing
	for i := 0; i < len(list); {
		end := i
		for end < len(list) && list[end].kind == list[i].kind {
			end++
		}
		most := 0.0
		for _, f := range list[i:end] {
			most = max(most, f.excess())
		}
		for _, f := range list[i:end] { // narrowest first
			if f.excess() >= v.c.Errors.Explains*most {
				out = append(out, f)
				break
			}
		}
		i = end
	}
	return out
}

func (v *view) errorFound(x failing) Finding {
	subject := Subject{cmp.Or(x.by, "kind"), x.subject()}
	ratio := float64(x.k) / float64(x.n)
	f := Finding{
		Rule: ErrorRates, Kind: x.kind, Severity: activitylog.Medium, Score: surprise(x.tail), Subject: subject, Window: x.hour, Raised: x.hour.To,
		Observed: ratio, Expected: x.usual, Bound: max(v.c.Errors.Ratio*x.usual, v.c.Errors.Part), Unit: "part of attempts that failed",
		Baseline: Baseline{Method: "part of attempts of the same kind that failed, with a prior of 1 in 20", Size: int(x.baseN), From: x.hour.From.AddDate(0, 0, -v.c.Errors.History), To: x.hour.From, Mature: x.baseN >= 100},
		Filter:   activitylog.All(x.filter(), activitylog.OutcomeIs(activitylog.Failure), activitylog.Since(x.hour.From), activitylog.Before(x.hour.To), notAudit, v.notLogins(x.kind)),
	}
	if x.k == x.n {
		f.Reasons = append(f.Reasons, "all_failing")
	}
	if x.by != "user" && (x.k == x.n || ratio >= 0.5) && x.k >= 20 {
		f.Severity = activitylog.High
	}
	f.events(&x.failures)
	v.errorShares(&f, x)
	who := map[string]string{"": "all of them", "model": "the model " + x.id, "provider": "the provider " + x.id, "user": x.id, "integration": "the integration " + x.id}[x.by]
	f.Explanation = fmt.Sprintf("%s of %s %s of %s failed in the hour up to %s UTC, which is %s; %s is usual.",
		thousands(x.k), thousands(x.n), x.kind+" operations", who, x.hour.To.Format("15:04 on 2 January 2006"), percent(ratio), percent(x.usual))
	return f
}

func (s scope) filter() activitylog.Filter {
	kind := activitylog.ActionUnder(s.kind)
	switch s.by {
	case "model":
		return kind.And(activitylog.ModelIs(s.id))
	case "provider":
		return kind.And(activitylog.ProviderIs(s.id))
	case "user":
		return kind.And(activitylog.ActedBy(s.id))
	case "integration":
		return kind.And(activitylog.TargetIs("integration", s.id))
	}
	return kind
}

// notLogins leaves out the sign-ins of a kind, which have a rule of their own.
func (v *view) notLogins(kind string) activitylog.Filter {
	var names []string
	for _, a := range v.f.names.list {
		if kindOf(a) == kind && isLogin(a) {
			names = append(names, a)
		}
	}
	if names == nil {
		return activitylog.Filter{}
	}
	slices.Sort(names)
	return activitylog.Not(activitylog.ActionIs(names...))
}

// errorShares says whose the failures of an hour were.
func (v *view) errorShares(f *Finding, x failing) {
	users, models := map[string]float64{}, map[string]float64{}
	from, to := quarterOf(x.hour.From), quarterOf(x.hour.To)
	for _, c := range v.cells {
		if c.key.quarter < from || c.key.quarter >= to || v.f.names.text(c.key.outcome) != string(activitylog.Failure) ||
			kindOf(v.f.names.text(c.key.action)) != x.kind || !x.holds(v, c.key) {
			continue
		}
		if c.key.actor != 0 {
			users[v.f.names.text(c.key.actor)] += float64(c.sum.Count)
		}
		if c.key.model != 0 {
			models[v.f.names.text(c.key.model)] += float64(c.sum.Count)
		}
	}
	var list []string
	for id := range users {
		list = append(list, id)
	}
	f.affect(list...)
	f.contribute("model", models)
	f.contribute("user", users)
}

func (s scope) holds(v *view, k cellKey) bool {
	switch s.by {
	case "model":
		return v.f.names.text(k.model) == s.id
	case "provider":
		return v.f.names.text(k.provider) == s.id
	case "user":
		return v.f.names.text(k.actor) == s.id
	case "integration":
		return slices.Contains(distinct(v.f.names.text(k.targets)), s.id)
	}
	return true
}

// joined drops the findings of hours that overlap one already told of the same scope.
func joined(list []Finding) []Finding {
	last := map[Subject]Finding{}
	var out []Finding
	for _, f := range list {
		if before, ok := last[f.Subject]; ok && before.Kind == f.Kind && f.Window.From.Before(before.Window.To) && rank(f.Severity) <= rank(before.Severity) {
			continue
		}
		last[f.Subject] = f
		out = append(out, f)
	}
	return out
}
