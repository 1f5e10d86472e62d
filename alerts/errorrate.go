package alerts

import (
	"cmp"
	"slices"
)

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
				f.failures.add(r.quarters[j].failures)
			}
		}
		list = append(list, f)
	}
	return list
}

// usualPart is the part that failed, with a prior of Beta(1, 19): where nothing is known it is 5 %.
func usualPart(failed, n int64) float64 { return (float64(failed) + 1) / (float64(n) + 20) }

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
