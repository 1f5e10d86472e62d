package alerteval

import (
	"fmt"
	"math"
	"slices"
)

// goal is one of the figures that the alerts are held to, over all files of a kind together.
type goal struct {
	What     string  `json:"what"`
	Measured float64 `json:"measured"`
	Goal     string  `json:"goal"` // atLeastIt, atMostIt or belowIt
	Bound    float64 `json:"bound"`
	Met      bool    `json:"met"`
}

const (
	atLeastIt = "at least"
	atMostIt  = "at most"
	belowIt   = "below"
)

func least(what string, measured, bound float64) goal {
	return goal{What: what, Measured: rounded(measured), Goal: atLeastIt, Bound: bound, Met: measured >= bound}
}

func most(what string, measured, bound float64) goal {
	return goal{What: what, Measured: rounded(measured), Goal: atMostIt, Bound: bound, Met: measured <= bound}
}

// goals are those that the data say something about.
func (r *Report) goals() (list []goal) {
	volume, cost := pooled{}, pooled{}
	var hours hoursResult
	for i := range r.Sets {
		s := &r.Sets[i]
		list = append(list, s.loginGoals()...)
		if s.Form == ofCounts {
			volume.add(s.Volume)
			cost.add(s.Cost)
		}
		for _, x := range s.Series {
			if x.Tuned != nil && x.Tuned.F1 > 0 && x.judgesBest(s.Series) {
				list = append(list, least(fmt.Sprintf("%s, %s: F1 as a part of the best when tuned on this file (%s of %s)", s.Name, x.Detector, num(x.Frozen.F1), num(x.Tuned.F1)), x.Frozen.F1/x.Tuned.F1, 0.9))
				if x.Threshold == byDay {
					list = append(list, least(s.Name+", "+x.Detector+": F1", x.Frozen.F1, 0.84))
				}
			}
		}
		if h := s.Hours; h != nil {
			hours.Judged, hours.Found = hours.Judged+h.Judged, hours.Found+h.Found
			hours.Shifted, hours.ShiftFound = hours.Shifted+h.Shifted, hours.ShiftFound+h.ShiftFound
			hours.Changes.plus(h.Changes)
			hours.Others.plus(h.Others)
		}
		if s.Errors != nil {
			list = append(list, most(s.Name+", error rates: findings, for each 10,000 attempts begun", float64(s.Errors.Findings)/math.Ceil(float64(s.Errors.Attempts)/10_000), 2))
		}
	}
	list = append(list, volume.goals("volume", map[string]float64{"10x": 0.92, "20x": 0.97})...)
	list = append(list, cost.goals("cost", map[string]float64{"5x": 0.95})...)
	if hours.Judged > 0 {
		list = append(list, most("off-hours: % of judged actor-days", 100*part(hours.Found, hours.Judged), 0.3))
		if hours.Shifted > 0 {
			list = append(list, least("off-hours: part of shifted days found", part(hours.ShiftFound, hours.Shifted), 0.6))
		}
		if others := part(hours.Others.Found, hours.Others.Judged); others > 0 && hours.Changes.Judged > 0 {
			list = append(list, most("off-hours: weeks of a clock change against others", part(hours.Changes.Found, hours.Changes.Judged)/others, 1.2))
		}
	}
	for _, x := range r.Errors {
		switch {
		case x.Attempts == 50 && x.Part == 0.30:
			list = append(list, least("error rates, calculated: chance to find 30 % failing of 50", x.Chance, 0.98))
		case x.Part == x.Usual:
			list = append(list, goal{What: fmt.Sprintf("error rates, calculated: chance of a false alarm at 2 %% failing of %d", x.Attempts), Measured: x.Chance, Goal: belowIt, Bound: 1e-6, Met: x.Chance < 1e-6})
		}
	}
	return list
}

func (w *hoursWeeks) plus(o hoursWeeks) { w.Judged, w.Found = w.Judged+o.Judged, w.Found+o.Found }

// judgesBest tells whether no other detector of the file does better when tuned: a series is judged by the one that suits
// it, by the hour or by the day.
func (x *seriesResult) judgesBest(all []seriesResult) bool {
	return !slices.ContainsFunc(all, func(o seriesResult) bool { return o.Tuned != nil && o.Tuned.F1 > x.Tuned.F1 })
}

func (s *setResult) loginGoals() (list []goal) {
	r := s.Logins
	if r == nil {
		return nil
	}
	list = append(list, most(s.Name+", sign-ins: findings of medium and above", float64(r.Findings), 12))
	if r.Sources > 0 {
		list = append(list, least(s.Name+", sign-ins: part of the sources with ten or more failures found", part(r.SourcesFound, r.Sources), 1))
	}
	if r.Benign >= 0 {
		list = append(list, most(s.Name+", sign-ins: findings of medium and above on benign users", float64(r.Benign), 0))
	}
	for _, x := range r.Incidents {
		if !x.Found || x.High.IsZero() {
			list = append(list, goal{What: s.Name + ", break-in " + x.Name + ": found, and high", Goal: atLeastIt, Bound: 1})
			continue
		}
		list = append(list, most(s.Name+", break-in "+x.Name+": seconds from its start to a finding", x.Delay, 30),
			most(s.Name+", break-in "+x.Name+": seconds from its success to high", x.After, 0))
	}
	return list
}

// pooled adds up what the files of one kind gave.
type pooled struct {
	days, findings int
	gated, found   map[string]int
}

func (p *pooled) add(r *dailyResult) {
	if r == nil {
		return
	}
	if p.gated == nil {
		p.gated, p.found = map[string]int{}, map[string]int{}
	}
	p.days, p.findings = p.days+r.ActorDays, p.findings+r.Findings
	for _, s := range r.Shapes {
		p.gated[s.Shape] += s.Gated
		p.found[s.Shape] += s.GatedFound
	}
}

func (p *pooled) goals(name string, recall map[string]float64) (list []goal) {
	if p.days == 0 {
		return nil
	}
	list = append(list, most(name+" of counted actors: findings per 1,000 actor-days", perThousand(p.findings, p.days), 5))
	for _, shape := range sortedKeys(recall) {
		if p.gated[shape] > 0 {
			list = append(list, least(name+" of counted actors: part found of the "+shape+" that pass the gates of size", part(p.found[shape], p.gated[shape]), recall[shape]))
		}
	}
	return list
}
