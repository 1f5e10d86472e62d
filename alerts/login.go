package alerts

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/activitylog/activitylog"
)

// logins are the sign-ins before an instant, as the shapes of an attack look at them.
type logins struct {
	*view
	all       []attempt // in the order of time
	bySource  map[string][]int
	byAccount map[string][]int
	sources   []string // sorted keys
	accounts  []string
	actions   []string // that are sign-ins here
	found     []Finding
	bursts    map[string][]Window // of sources, so that accounts and waves they explain are not told again
}

type attempt struct {
	*Mark
	failed   bool     // and counts as an attempt at a secret
	accounts []string // who signs in: the actor, and users among the targets
}

func newLogins(v *view) *logins {
	l := &logins{view: v, bySource: map[string][]int{}, byAccount: map[string][]int{}, bursts: map[string][]Window{}}
	actions := map[string]bool{}
	for _, m := range v.marks {
		if m.Class&login == 0 {
			continue
		}
		refused := m.Outcome == activitylog.Failure || m.Outcome == activitylog.Denied
		a := attempt{Mark: m, failed: refused && !m.Expected, accounts: slices.Clone(m.Users)}
		if m.Actor != "" && !slices.Contains(a.accounts, m.Actor) {
			a.accounts = append(a.accounts, m.Actor)
		}
		i := len(l.all)
		l.all = append(l.all, a)
		actions[m.Action] = true
		if m.Source != "" {
			l.bySource[m.Source] = append(l.bySource[m.Source], i)
		}
		for _, account := range a.accounts {
			l.byAccount[account] = append(l.byAccount[account], i)
		}
	}
	l.sources, l.accounts = slices.Sorted(maps.Keys(l.bySource)), slices.Sorted(maps.Keys(l.byAccount))
	l.actions = slices.Sorted(maps.Keys(actions))
	return l
}

// judgeLogins finds the shapes that refused sign-ins take, those of a source first: one attacker is one finding, not one
// for each account that it tries.
func judgeLogins(v *view) []Finding {
	l := newLogins(v)
	for _, source := range l.sources {
		l.sourceBurst(source)
		l.spray(source)
	}
	for _, account := range l.accounts {
		l.successAfter(account)
		l.accountBurst(account)
		l.distributed(account)
	}
	l.wave()
	return l.found
}

// known tells whether an account had signed in before t: others are guesses of somebody who does not know the names.
func (l *logins) known(account string, t time.Time) bool { return l.f.before(t, ofLogin, account, "") }

func (l *logins) anyKnown(accounts []string, t time.Time) bool {
	return slices.ContainsFunc(accounts, func(a string) bool { return l.known(a, t) })
}

// failures are those of a list that count as attempts.
func (l *logins) failures(list []int) []int {
	var out []int
	for _, i := range list {
		if l.all[i].failed {
			out = append(out, i)
		}
	}
	return out
}

// run is a stretch of a list, by indexes in it: all that follows within a day of each other.
type run struct {
	start int // of the stretch
	first int // of the attempts that were enough
	at    int // the one that made them enough
	last  int // of the stretch
}

// runs are the stretches of a list in which n lie within a window.
func (l *logins) runs(list []int, n int, window time.Duration) (out []run) {
	for i, end := 0, 0; i < len(list); i = end {
		for end = i + 1; end < len(list) && l.all[list[end]].Time.Sub(l.all[list[end-1]].Time) < 24*time.Hour; end++ {
		}
		for j := i + n - 1; j < end; j++ {
			if l.all[list[j]].Time.Sub(l.all[list[j-n+1]].Time) < window {
				out = append(out, run{start: i, first: j - n + 1, at: j, last: end - 1})
				break
			}
		}
	}
	return out
}

func (l *logins) sourceBurst(source string) {
	// To be locked out says nothing about one account's secret, but all about a source that tries them.
	failed := slices.DeleteFunc(slices.Clone(l.bySource[source]), func(i int) bool { return !l.all[i].failed && !l.all[i].Locked })
	kind := "source_burst"
	runs := l.runs(failed, l.c.Logins.Burst, l.c.Logins.BurstWindow)
	if len(runs) == 0 && !l.everSucceeded(source) {
		kind = "source_slow"
		runs = l.runs(failed, l.c.Logins.Slow, l.c.Logins.SlowWindow)
	}
	for _, r := range runs {
		part := failed[r.start : r.last+1]
		w := l.window(part)
		l.bursts[source] = append(l.bursts[source], w)
		accounts := l.accountsOf(part)
		f := l.finding(kind, Subject{"ip", address(source)}, w, part, l.all[failed[r.at]].Time)
		f.Severity = activitylog.Low
		if l.anyKnown(accounts, w.From) {
			f.Severity = activitylog.Medium
		} else {
			f.Reasons = append(f.Reasons, "unknown_accounts")
		}
		f.Expected, f.Bound = 0, float64(l.c.Logins.Burst-1)
		f.Explanation = sentence("%s failed to sign in %s in %s, as %s; %s is the most that this organization lets pass in %s.",
			address(source), plural(len(part), "time", "times"), span(w.To.Sub(w.From)), some(accounts), figure(f.Bound), span(l.c.Logins.BurstWindow))
		if kind == "source_slow" {
			f.Bound = float64(l.c.Logins.Slow - 1)
			f.Explanation = sentence("%s failed to sign in %s in %s, as %s, and never succeeded.",
				address(source), plural(len(part), "time", "times"), span(w.To.Sub(w.From)), some(accounts))
		}
		l.add(f, l.fromSource(source), refused())
	}
}

func (l *logins) everSucceeded(source string) bool {
	return slices.ContainsFunc(l.bySource[source], func(i int) bool { return l.all[i].Outcome == activitylog.Success })
}

// accountBurst is many failures of one known account, unless one source that is told already explains them.
func (l *logins) accountBurst(account string) {
	failed := l.failures(l.byAccount[account])
	for _, r := range l.runs(failed, l.c.Logins.Burst, l.c.Logins.BurstWindow) {
		part := failed[r.first : r.last+1]
		w := l.window(part)
		if !l.known(account, w.From) || l.explained(part, w) {
			continue
		}
		f := l.finding("account_burst", Subject{"user", account}, w, part, l.all[failed[r.at]].Time)
		f.Severity = activitylog.Medium
		if l.privileged(part) {
			f.Severity = activitylog.High
			f.Reasons = append(f.Reasons, "privileged_account")
		}
		f.Bound = float64(l.c.Logins.Burst - 1)
		f.Explanation = sentence("%s failed to sign in %s in %s, from %s; %s is the most that this organization lets pass in %s.",
			account, plural(len(part), "time", "times"), span(w.To.Sub(w.From)), places(l.sourcesOf(part)), figure(f.Bound), span(l.c.Logins.BurstWindow))
		l.add(f, l.ofAccount(account), refused())
	}
}

// explained tells whether 80 % of the attempts come from one source that has a finding at that time.
func (l *logins) explained(part []int, w Window) bool {
	n := map[string]int{}
	for _, i := range part {
		n[l.all[i].Source]++
	}
	for source, k := range n {
		if 10*k < 8*len(part) {
			continue
		}
		for _, b := range l.bursts[source] {
			if b.From.Before(w.To) && w.From.Before(b.To) {
				return true
			}
		}
	}
	return false
}

func (l *logins) privileged(part []int) bool {
	return slices.ContainsFunc(part, func(i int) bool { return slices.ContainsFunc(l.all[i].Roles, isPrivileged) })
}

// window reaches from the first to the last of a list.
func (l *logins) window(part []int) Window {
	return Window{l.all[part[0]].Time, l.all[part[len(part)-1]].Time.Add(time.Microsecond)}
}

func (l *logins) accountsOf(part []int) []string {
	var list []string
	for _, i := range part {
		list = append(list, l.all[i].accounts...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func (l *logins) sourcesOf(part []int) []string {
	var list []string
	for _, i := range part {
		if s := l.all[i].Source; s != "" {
			list = append(list, address(s))
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// finding begins one about attempts.
func (l *logins) finding(kind string, s Subject, w Window, part []int, raised time.Time) Finding {
	f := Finding{
		Rule: LoginFailures, Kind: kind, Subject: s, Window: w, Raised: raised.Add(time.Microsecond), Unit: "failed sign-ins",
		Observed: float64(len(part)), Score: min(100, 10*len(part)), Baseline: Baseline{Method: "fixed count", Mature: true},
	}
	f.affect(l.accountsOf(part)...)
	accounts, sources := map[string]float64{}, map[string]float64{}
	for _, i := range part {
		for _, a := range l.all[i].accounts {
			accounts[a]++
		}
		if l.all[i].Source != "" {
			sources[address(l.all[i].Source)]++
		}
	}
	f.contribute("ip", sources)
	f.contribute("user", accounts)
	return f
}

// test is a condition of a finding's filter: for the log, and for the attempts at hand.
type test struct {
	filter activitylog.Filter
	match  func(*attempt) bool
}

// add completes a finding: its filter means the sign-ins in its window that pass all tests, and its count is theirs.
func (l *logins) add(f Finding, tests ...test) {
	filters := []activitylog.Filter{activitylog.ActionIs(l.actions...)}
	for _, t := range tests {
		filters = append(filters, t.filter)
	}
	f.Filter = activitylog.All(append(filters, activitylog.Since(f.Window.From), activitylog.Before(f.Window.To))...)
	var list []*Mark
	i, _ := slices.BinarySearchFunc(l.all, f.Window.From, func(a attempt, t time.Time) int { return cmp.Or(a.Time.Compare(t), 0) })
	for ; i < len(l.all) && l.all[i].Time.Before(f.Window.To); i++ {
		if !slices.ContainsFunc(tests, func(t test) bool { return !t.match(&l.all[i]) }) {
			list = append(list, l.all[i].Mark)
		}
	}
	f.marks(list)
	l.found = append(l.found, f)
}

func refused() test {
	return test{activitylog.OutcomeIs(activitylog.Failure, activitylog.Denied), func(a *attempt) bool {
		return a.Outcome == activitylog.Failure || a.Outcome == activitylog.Denied
	}}
}

func (l *logins) fromSource(source string) test {
	p, _ := netip.ParsePrefix(source) // written by netip
	return test{activitylog.IPIn(p), func(a *attempt) bool { return a.Source == source }}
}

func (l *logins) ofAccount(account string) test {
	return test{activitylog.Any(activitylog.ActedBy(account), activitylog.TargetIs("user", account)), func(a *attempt) bool {
		return slices.Contains(a.accounts, account)
	}}
}

func either(a, b test) test {
	return test{activitylog.Any(a.filter, b.filter), func(x *attempt) bool { return a.match(x) || b.match(x) }}
}

// address is a source without the length of a whole address of IPv4.
func address(source string) string {
	if p, err := netip.ParsePrefix(source); err == nil && p.IsSingleIP() {
		return p.Addr().String()
	}
	return source
}
