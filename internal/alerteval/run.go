package alerteval

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
)

// Report is what the detectors made of a folder.
type Report struct {
	Goals  []goal        `json:"goals"`
	Sets   []setResult   `json:"sets"`   // by name
	Errors []powerResult `json:"errors"` // needs no data
	Left   []string      `json:"left_out"`
}

// setResult is one file.
type setResult struct {
	Name   string         `json:"name"`
	Form   string         `json:"form"`
	Rows   int            `json:"rows"`
	Days   int            `json:"days"`
	Notes  []string       `json:"notes"`
	Logins *loginResult   `json:"logins,omitempty"`
	Volume *dailyResult   `json:"volume,omitempty"`
	Cost   *dailyResult   `json:"cost,omitempty"`
	Series []seriesResult `json:"series,omitempty"`
	Hours  *hoursResult   `json:"off_hours,omitempty"`
	Errors *errorResult   `json:"error_rate,omitempty"`
	Rules  []ruleResult   `json:"rules,omitempty"`
}

// Run reads every .jsonl file of a folder and measures on it what its fields allow. A file that cannot be read is left
// out, and the report says why; progress is told line by line.
func Run(folder string, progress func(string)) (*Report, error) {
	return run(folder, perShape, progress)
}

// run injects each shape so many times.
func run(folder string, many int, progress func(string)) (*Report, error) {
	files, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("read the data: %w", err)
	}
	r := &Report{Errors: powers()}
	var paths []string
	for _, f := range files {
		switch name := f.Name(); {
		case f.IsDir():
		case strings.HasSuffix(name, ".jsonl"):
			paths = append(paths, filepath.Join(folder, name))
		case !strings.HasSuffix(name, ".md"):
			r.Left = append(r.Left, name+": only .jsonl files are read")
		}
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("no .jsonl file in %s", folder)
	}
	sets, errs := make([]*setResult, len(paths)), make([]error, len(paths))
	each(len(paths), func(i int) {
		sets[i], errs[i] = measureFile(paths[i], many)
		if progress != nil {
			progress(filepath.Base(paths[i]))
		}
	})
	for i, s := range sets {
		if errs[i] != nil {
			r.Left = append(r.Left, errs[i].Error())
			continue
		}
		r.Sets = append(r.Sets, *s)
	}
	slices.Sort(r.Left)
	r.Goals = r.goals()
	return r, nil
}

// each calls f with every number below n, two at a time.
func each(n int, f func(int)) {
	var wait sync.WaitGroup
	turns := make(chan struct{}, 2)
	for i := range n {
		turns <- struct{}{}
		wait.Go(func() {
			defer func() { <-turns }()
			f(i)
		})
	}
	wait.Wait()
}

func measureFile(path string, many int) (*setResult, error) {
	s, err := load(path)
	if err != nil {
		return nil, err
	}
	if len(s.rows) == 0 {
		return nil, fmt.Errorf("%s: no row that can be judged%s", filepath.Base(path), why(s.bad))
	}
	return s.measure(many), nil
}

func why(bad map[string]int) string {
	var list []string
	for _, reason := range sortedKeys(bad) {
		list = append(list, fmt.Sprintf("%s (%s)", reason, plural(bad[reason], "line")))
	}
	if list == nil {
		return ""
	}
	return ": " + strings.Join(list, ", ")
}

// measure runs every detector that the fields of a set allow.
func (s *set) measure(many int) *setResult {
	r := &setResult{Name: s.name, Form: s.form, Rows: len(s.rows), Days: s.days()}
	if text := why(s.bad); text != "" {
		r.Notes = append(r.Notes, "left out"+text)
	}
	conf, notes := shortConfig(r.Days)
	r.Notes, conf.Org = append(r.Notes, notes...), s.name
	one := func(*row) float64 { return 1 }
	field := func(name string) func(*row) float64 { return func(r *row) float64 { return r.number[name] } }
	switch s.form {
	case ofValues:
		list := s.seriesOf()
		for _, d := range seriesDetectors() {
			r.Series = append(r.Series, d.run(list, conf))
		}
	case ofCounts:
		r.Volume = newDaily(s, alerts.VolumeSpikes, many, field("count")).run()
		r.Cost = newDaily(s, alerts.CostAnomalies, many, field("count")).run()
		r.Notes = append(r.Notes, "each counted event costs a cent, since the rows have no price")
		r.short(r.Volume == nil)
	case ofEvents:
		cat := activitylog.DefaultCatalog()
		f := s.events(cat)
		r.Logins = s.logins(f, cat, conf)
		r.Errors = s.errorRates(f, conf)
		if s.has((*row).zoned) {
			if h, ok := s.hours(cat, conf, many); ok {
				r.Hours = &h
			}
		}
		r.Volume = newDaily(s, alerts.VolumeSpikes, many, one).run()
		r.short(r.Volume == nil)
		if s.has(func(r *row) bool { return r.number["cost"] > 0 }) {
			m := newDaily(s, alerts.CostAnomalies, many, field("cost"))
			m.act.price = ownPrice
			r.Cost = m.run()
		}
		r.Rules = s.allRules(f, conf)
	}
	return r
}

func (r *setResult) short(is bool) {
	if is {
		r.Notes = append(r.Notes, "too short for volume and cost by day: no actor has enough days before the last")
	}
}
