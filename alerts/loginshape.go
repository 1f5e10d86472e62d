package alerts

import (
	"fmt"
	"slices"
	"sort"
	"time"

	"github.com/activitylog/activitylog"
)

func sentence(format string, args ...any) string { return fmt.Sprintf(format, args...) }

// successAfter is the sequence that matters most: failures of an account, and then its success; or many failures of one
// source, and then the success of an account that it had tried, or that never signed in from there.
func (l *logins) successAfter(account string) {
	c := l.c.Logins
	list := l.byAccount[account]
	var quiet time.Time // the same account is told once a day
	for n, i := range list {
		a := &l.all[i]
		if a.Outcome != activitylog.Success || a.Time.Before(quiet) || a.Time.Before(l.from) {
			continue // one before the time that is judged ends a window that began before it
		}
		var own []int
		for j := n - 1; j >= 0 && a.Time.Sub(l.all[list[j]].Time) <= c.SuccessWindow; j-- {
			if l.all[list[j]].Outcome == activitylog.Success && l.sameSource(l.all[list[j]].Source, a.Source) {
				break // the tries before it ended with that one
			}
			if l.all[list[j]].failed {
				own = append(own, list[j])
			}
		}
		slices.Reverse(own)
		part, tests, who := own, l.ofAccount(account), account
		if len(own) < c.SuccessAfter {
			if part = l.guesses(a, account); part == nil {
				continue
			}
			tests = either(l.fromSource(a.Source), l.ofAccount(account))
			who = address(a.Source)
		}
		w := Window{l.all[part[0]].Time, a.Time.Add(time.Microsecond)}
		if !l.began(w) {
			continue
		}
		quiet = a.Time.Add(24 * time.Hour)
		f := l.finding("success_after_failures", Subject{"user", account}, w, part, a.Time)
		f.affect(append(l.accountsOf(part), account)...)
		f.Severity, f.Score, f.Bound = activitylog.High, 100, float64(c.SuccessAfter-1)
		if len(part) < 10 && l.habitual(a, account, w.From) {
			f.Severity = activitylog.Low // mistyped at the usual place
			f.Reasons = append(f.Reasons, "usual_network")
		}
		f.Explanation = sentence("%s signed in at %s UTC after %s of %s within %s, from %s; %s is the most that this organization lets pass before a success.",
			account, a.Time.UTC().Format("15:04:05 on 2 January 2006"), plural(len(part), "failed sign-in", "failed sign-ins"), who,
			span(w.To.Sub(w.From)), places(l.sourcesOf(append(slices.Clone(part), i))), figure(f.Bound))
		l.add(f, tests)
	}
}

func (l *logins) sameSource(a, b string) bool { return a != "" && a == b }

// guesses are the failures of the source of a success, if there are enough of them, more accounts failed than signed in
// there, and this account was among the tried or is new at that source.
func (l *logins) guesses(a *attempt, account string) []int {
	if a.Source == "" {
		return nil
	}
	var part []int
	failed, succeeded := map[string]bool{}, map[string]bool{account: true}
	list := l.bySource[a.Source]
	end := sort.Search(len(list), func(i int) bool { return l.all[list[i]].Time.After(a.Time) }) // an office is thousands of sign-ins
	for _, i := range slices.Backward(list[:end]) {
		b := &l.all[i]
		if a.Time.Sub(b.Time) > l.c.Logins.SuccessWindow {
			break
		}
		for _, x := range b.accounts {
			if b.failed {
				failed[x] = true
			} else if b.Outcome == activitylog.Success {
				succeeded[x] = true
			}
		}
		if b.failed {
			part = append(part, i)
		}
	}
	if len(part) < l.c.Logins.SuccessAfterSource || len(failed) < len(succeeded) {
		return nil
	}
	if !failed[account] && l.f.before(a.Time, ofNetwork, account, wider(a.Source)) {
		return nil
	}
	slices.Reverse(part)
	return part
}

// habitual tells whether an account had signed in before from that network, with that family of user agents.
func (l *logins) habitual(a *attempt, account string, t time.Time) bool {
	return a.Source != "" && l.f.before(t, ofNetwork, account, wider(a.Source)) && (a.Agent == "" || l.f.before(t, ofAgent, account, a.Agent))
}

// spray is one source that tries many accounts a few times each, where more accounts fail than sign in.
func (l *logins) spray(source string) {
	c := l.c.Logins
	list := l.bySource[source]
	var quiet time.Time
	for hi, lo := 0, 0; hi < len(list); hi++ {
		for l.all[list[hi]].Time.Sub(l.all[list[lo]].Time) >= c.SprayWindow {
			lo++
		}
		if !l.all[list[hi]].failed || l.all[list[hi]].Time.Before(quiet) {
			continue
		}
		sprayed := l.sprayed(list[lo : hi+1])
		if sprayed < c.SprayAccounts {
			continue
		}
		if most := l.mostAccounts(list[:lo], l.all[list[hi]].Time); float64(sprayed) < c.SprayRatio*float64(most) {
			continue
		}
		quiet = l.all[list[hi]].Time.Add(24 * time.Hour)
		// All that follows within the window belongs to it.
		end := hi
		for end+1 < len(list) && l.all[list[end+1]].Time.Sub(l.all[list[lo]].Time) < c.SprayWindow {
			end++
		}
		part := l.failures(list[lo : end+1])
		w := l.window(part)
		accounts := l.accountsOf(part)
		l.bursts[source] = append(l.bursts[source], w)
		f := l.finding("spray", Subject{"ip", address(source)}, w, part, l.all[list[hi]].Time)
		f.Observed, f.Bound, f.Unit = float64(len(accounts)), float64(c.SprayAccounts-1), "accounts that failed"
		f.Severity = activitylog.Low
		if l.anyKnown(accounts, w.From) {
			f.Severity = activitylog.Medium
		} else {
			f.Reasons = append(f.Reasons, "unknown_accounts")
		}
		f.Explanation = sentence("%s tried %s in %s, with %s in all: %s; %s is the most that this organization lets pass from one address in %s.",
			address(source), plural(len(accounts), "account", "accounts"), span(w.To.Sub(w.From)), plural(len(part), "failed sign-in", "failed sign-ins"), some(accounts),
			figure(f.Bound), span(c.SprayWindow))
		l.add(f, l.fromSource(source), refused())
	}
}

// sprayed counts the accounts that failed a few times each; 0 where as many signed in.
func (l *logins) sprayed(part []int) (accounts int) {
	tries, good := map[string]int{}, map[string]bool{}
	for _, i := range part {
		for _, x := range l.all[i].accounts {
			if l.all[i].failed {
				tries[x]++
			} else if l.all[i].Outcome == activitylog.Success {
				good[x] = true
			}
		}
	}
	for _, n := range tries {
		if n <= l.c.Logins.SprayPerAccount {
			accounts++
		}
	}
	if len(tries) <= len(good) {
		return 0
	}
	return accounts
}

// mostAccounts is how many accounts failed there within an hour in the 28 days before.
func (l *logins) mostAccounts(list []int, t time.Time) int {
	most := 0
	hours := map[int64]map[string]bool{}
	for _, i := range list {
		a := &l.all[i]
		if !a.failed || t.Sub(a.Time) > 28*24*time.Hour {
			continue
		}
		h := a.Time.Unix() / 3600
		if hours[h] == nil {
			hours[h] = map[string]bool{}
		}
		for _, x := range a.accounts {
			hours[h][x] = true
		}
		most = max(most, len(hours[h]))
	}
	return most
}

// distributed is one account that fails from many sources: fast, or slowly over a day.
func (l *logins) distributed(account string) {
	c := l.c.Logins
	failed := l.failures(l.byAccount[account])
	var quiet time.Time
	for hi := range failed {
		at := l.all[failed[hi]].Time
		if at.Before(quiet) {
			continue
		}
		fast := l.recent(failed[:hi+1], at, c.SourcesWindow)
		part := fast
		if len(l.sourcesOf(fast)) < c.Sources || len(fast) < c.SourcesFailures {
			if part = l.recent(failed[:hi+1], at, 24*time.Hour); len(l.sourcesOf(part)) < c.SlowSources {
				continue
			}
		}
		quiet = at.Add(24 * time.Hour)
		raised := at
		w := l.window(part)
		for _, i := range failed[hi+1:] { // what follows on that day belongs to it
			if l.all[i].Time.Sub(w.From) >= 24*time.Hour {
				break
			}
			part = append(slices.Clone(part), i)
		}
		w = l.window(part)
		sources := l.sourcesOf(part)
		f := l.finding("distributed", Subject{"user", account}, w, part, raised)
		f.Observed, f.Bound, f.Unit = float64(len(sources)), float64(c.Sources-1), "addresses that failed"
		f.Severity = activitylog.Low
		switch {
		case l.known(account, w.From):
			f.Severity = activitylog.Medium
		default:
			f.Reasons = append(f.Reasons, "unknown_accounts")
		}
		f.Explanation = sentence("%s failed to sign in %s in %s from %s: %s; %s is the most that this organization lets pass in %s.",
			account, plural(len(part), "time", "times"), span(w.To.Sub(w.From)), plural(len(sources), "address", "addresses"), places(sources), figure(f.Bound), span(c.SourcesWindow))
		l.add(f, l.ofAccount(account), refused())
	}
}

// recent is the end of a list that lies within a window before t.
func (l *logins) recent(list []int, t time.Time, window time.Duration) []int {
	i := len(list)
	for i > 0 && t.Sub(l.all[list[i-1]].Time) < window {
		i--
	}
	return list[i:]
}

// wave is an hour in which the known accounts of the organization fail far more than at that hour of other weeks.
func (l *logins) wave() {
	c := l.c.Logins
	byHour := map[int64][]int{}
	var hours []int64
	for i := range l.all {
		a := &l.all[i]
		if !a.failed || !l.anyKnown(a.accounts, a.Time) {
			continue
		}
		h := a.Time.Unix() / 3600
		if byHour[h] == nil {
			hours = append(hours, h)
		}
		byHour[h] = append(byHour[h], i)
	}
	for _, h := range hours {
		part := byHour[h]
		from := time.Unix(h*3600, 0).UTC()
		w := Window{from, from.Add(time.Hour)}
		if len(part) < c.Wave || !l.began(w) || l.explained(part, w) {
			continue
		}
		weeks := min(4, int(from.Sub(l.start).Hours()/(7*24)))
		if weeks < 2 {
			continue
		}
		var past []float64
		for week := 1; week <= weeks; week++ {
			for near := int64(-1); near <= 1; near++ {
				past = append(past, float64(len(byHour[h-int64(week)*7*24+near])))
			}
		}
		usual, spread := mean(past), deviation(past)
		tail := negativeBinomialTail(int64(len(part)), max(usual, 0.5), max(spread*spread, 1))
		if tail >= c.WaveTail {
			continue
		}
		f := l.finding("org_wave", Subject{"org", l.c.Org}, w, part, l.all[part[c.Wave-1]].Time)
		f.Severity, f.Score, f.Expected, f.Bound = activitylog.Medium, surprise(tail), usual, float64(c.Wave-1)
		f.Baseline = Baseline{Method: "same hour of the week", Size: len(past), From: from.AddDate(0, 0, -7*weeks), To: from, Mature: true}
		f.Explanation = sentence("%s of %s failed in the hour from %s UTC, from %s; at that hour of the week %s is usual.",
			plural(len(part), "sign-in", "sign-ins"), plural(len(l.accountsOf(part)), "known account", "known accounts"), from.Format("15:04 on Monday 2 January 2006"),
			plural(len(l.sourcesOf(part)), "address", "addresses"), figure(usual))
		l.add(f, refused())
	}
}
