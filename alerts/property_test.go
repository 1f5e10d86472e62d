// Not under the race detector: pure functions, judged many thousand times. make test runs this package without it too.

//go:build !race

package alerts_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
)

// TestReplay holds the filter of every finding to its count and to the ids that it names, over each scenario alone and over
// many mixtures.
func TestReplay(t *testing.T) {
	t.Parallel()
	rng := random(t)
	replay := func(s scenario, events []activitylog.Event) map[string]bool {
		rules := map[string]bool{}
		for _, f := range s.judge(fold(events)) {
			rules[f.Rule+"/"+f.Kind] = true
			checkEvidence(t, s.rule+"/"+s.name, events, f)
		}
		return rules
	}
	seen := map[string]bool{}
	for _, s := range scenarios() {
		for rule := range replay(s, s.story().events) {
			seen[rule] = true
		}
	}
	for range 20 {
		replay(mixed(rng, 2+rng.IntN(4)))
	}
	for _, rule := range alerts.Rules() {
		if !slices.ContainsFunc(slices.Collect(keys(seen)), func(s string) bool { return strings.HasPrefix(s, rule+"/") }) {
			t.Errorf("no scenario makes a finding of %s", rule)
		}
	}
}

func keys[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func checkEvidence(t *testing.T, name string, events []activitylog.Event, f alerts.Finding) {
	t.Helper()
	again, err := activitylog.ParseFilter(f.Filter.String())
	require.NoError(t, err, f.Filter.String())
	var found []activitylog.Event
	for i := range events {
		if f.Filter.Match(&events[i]) {
			found = append(found, events[i])
		}
		if f.Filter.Match(&events[i]) != again.Match(&events[i]) {
			t.Fatalf("%s: the text %s means something else", name, f.Filter)
		}
	}
	if int64(len(found)) != f.Count {
		t.Errorf("%s: %s/%s of %s counts %d, its filter finds %d: %s", name, f.Rule, f.Kind, f.Subject.ID, f.Count, len(found), f.Filter)
		return
	}
	if len(found) == 0 {
		return
	}
	slices.SortStableFunc(found, func(a, b activitylog.Event) int { return a.Time.Compare(b.Time) })
	is := func(id uuid.UUID, of func(activitylog.Event) bool) bool {
		return slices.ContainsFunc(found, func(e activitylog.Event) bool { return e.ID == id && of(e) })
	}
	if !is(f.First, func(e activitylog.Event) bool { return e.Time.Equal(found[0].Time) }) ||
		!is(f.Last, func(e activitylog.Event) bool { return e.Time.Equal(found[len(found)-1].Time) }) ||
		!is(f.Largest, func(activitylog.Event) bool { return true }) {
		t.Errorf("%s: %s/%s names first, last or largest event that its filter does not find as such", name, f.Rule, f.Kind)
	}
	if f.Explanation == "" || f.Unit == "" || f.Baseline.Method == "" || f.AffectedTotal < len(f.Affected) {
		t.Errorf("%s: incomplete finding: %+v", name, f)
	}
}

// TestFold holds figures to be a fold: neither order nor batches nor repeated events change what is found.
func TestFold(t *testing.T) {
	t.Parallel()
	rng := random(t)
	check := func(s scenario, events []activitylog.Event) {
		want := found(t, s.judge(fold(events)))
		shuffled := slices.Clone(events)
		rng.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		var merged, twice alerts.Figures
		for part := range slices.Chunk(shuffled, max(1, len(shuffled)/5)) {
			merged.Merge(fold(part))
		}
		for i := range shuffled {
			twice.Add(&shuffled[i])
			twice.Add(&events[rng.IntN(len(events))])
		}
		for how, f := range map[string]*alerts.Figures{"shuffled": fold(shuffled), "merged": &merged, "added twice": &twice} {
			if got := found(t, s.judge(f)); got != want {
				t.Errorf("%s/%s, %s:\n%s\nnot\n%s", s.rule, s.name, how, got, want)
			}
		}
	}
	for _, s := range scenarios() {
		check(s, s.story().events)
	}
	for range 5 {
		check(mixed(rng, 3))
	}
}

// found is all that findings say.
func found(t *testing.T, list []alerts.Finding) string {
	t.Helper()
	b, err := json.MarshalIndent(list, "", " ")
	require.NoError(t, err)
	return string(b)
}

// TestNoForesight holds findings to the time before the instant: what happened later changes nothing.
func TestNoForesight(t *testing.T) {
	t.Parallel()
	rng := random(t)
	for _, s := range scenarios() {
		events := s.story().events
		at := events[rng.IntN(len(events))].Time.Truncate(alerts.Quarter)
		s.at = at
		before := slices.DeleteFunc(slices.Clone(events), func(e activitylog.Event) bool { return !e.Time.Before(at) })
		if got, want := found(t, s.judge(fold(events))), found(t, s.judge(fold(before))); got != want {
			t.Errorf("%s/%s at %v:\n%s\nnot\n%s", s.rule, s.name, at, got, want)
		}
	}
}

// TestRenamed holds findings to what people do, not to how they are called.
func TestRenamed(t *testing.T) {
	t.Parallel()
	const x = "x-"
	for _, s := range scenarios() {
		st := s.story()
		want := strings.Join(brief(s.judge(st.figures())), "\n")
		users := map[string]bool{}
		for i := range st.events {
			e := &st.events[i]
			if users[e.Actor.ID] = true; e.Actor.ID != "" {
				e.Actor.ID = x + e.Actor.ID
			}
			for j := range e.Targets {
				if e.Targets[j].Type == "user" {
					users[e.Targets[j].ID] = true
					e.Targets[j].ID = x + e.Targets[j].ID
				}
			}
			for j := range e.OnBehalfOf {
				users[e.OnBehalfOf[j].ID] = true
				e.OnBehalfOf[j].ID = x + e.OnBehalfOf[j].ID
			}
		}
		got := strings.ReplaceAll(strings.Join(brief(s.judge(st.figures())), "\n"), x, "")
		if got != want {
			t.Errorf("%s/%s:\n%s\nnot\n%s", s.rule, s.name, got, want)
		}
	}
}

// TestWeeksLater shifts all by whole weeks. What hangs on the calendar is left out: clock changes, holidays, months.
func TestWeeksLater(t *testing.T) {
	t.Parallel()
	const shift = 20 * 7 * 24 * time.Hour
	for _, s := range scenarios() {
		if strings.Contains(s.name, "clocks") || strings.Contains(s.name, "Auckland") || s.config.OffHours.Calendar != nil || s.config.Spend.Budget > 0 {
			continue
		}
		st := s.story()
		var want []string
		for _, f := range s.judge(st.figures()) {
			f.Window.From, f.Window.To = f.Window.From.Add(shift), f.Window.To.Add(shift)
			want = append(want, brief([]alerts.Finding{f})...)
		}
		for i := range st.events {
			st.events[i].Time = st.events[i].Time.Add(shift)
		}
		if s.from.IsZero() {
			s.from = monday
		}
		if s.at.IsZero() {
			s.at = on(70, 0, 0)
		}
		s.from, s.at = s.from.Add(shift), s.at.Add(shift)
		if got := brief(s.judge(st.figures())); !slices.Equal(got, want) {
			t.Errorf("%s/%s:\n%q\nnot\n%q", s.rule, s.name, got, want)
		}
	}
}

// TestMoreFailures adds failures to attacks: whoever was named before is still named.
func TestMoreFailures(t *testing.T) {
	t.Parallel()
	rng := random(t)
	for _, s := range append(loginScenarios(), sprayScenarios()...) {
		if s.want == nil || strings.HasPrefix(s.name, "success") || strings.HasPrefix(s.name, "wave of every") {
			continue // a mistyped sign-in in between is no attack
		}
		st := s.story()
		before := s.judge(st.figures())
		for range 20 {
			e := st.events[rng.IntN(len(st.events))]
			if e.Outcome != activitylog.Failure {
				continue
			}
			e.ID = uuid.Must(uuid.FromBytes(binaryID(rng)))
			st.events = append(st.events, e)
		}
		after := s.judge(st.figures())
		for _, f := range before {
			if f.Rule != alerts.LoginFailures {
				continue
			}
			for _, user := range f.Affected {
				if !slices.ContainsFunc(after, func(g alerts.Finding) bool {
					return g.Rule == f.Rule && slices.Contains(g.Affected, user) && g.Window.From.Before(f.Window.To) && f.Window.From.Before(g.Window.To)
				}) {
					t.Errorf("%s: with more failures %s is no longer named:\n%s", s.name, user, strings.Join(brief(after), "\n"))
				}
			}
		}
	}
}

// TestNothing holds logs in which nothing happens to no finding.
func TestNothing(t *testing.T) {
	t.Parallel()
	tests := map[string]func(*story){
		"empty": func(*story) {},
		"one event each": func(s *story) {
			for i := range 300 {
				s.add(on(i%60, i%24, 0), "user"+string(rune('a'+i%26))+string(rune('a'+i/26)), message, costing(5))
			}
		},
		"constant": func(s *story) {
			for _, a := range []string{"ada", "bob", "cyd"} {
				for day := range 60 {
					for hour := 9; hour < 17; hour++ {
						s.add(on(day, hour, 0), a, message, costing(20))
					}
				}
			}
		},
		"constant over the clock changes of a year": func(s *story) {
			berlin, _ := time.LoadLocation("Europe/Berlin")
			for day := range 400 {
				for hour := 9; hour < 17; hour++ {
					s.add(time.Date(2026, 3, 2+day, hour, 0, 0, 0, berlin), "ada", message, costing(20), inZone("Europe/Berlin"))
				}
			}
		},
	}
	for name, tell := range tests {
		var st story
		tell(&st)
		berlin, err := time.LoadLocation("Europe/Berlin")
		require.NoError(t, err)
		for _, zone := range []*time.Location{time.UTC, berlin} {
			s := scenario{config: alerts.Config{Zone: zone}, at: on(400, 0, 0)}
			if len(st.events) > 0 {
				s.at = st.events[len(st.events)-1].Time.Add(time.Minute)
			}
			for _, f := range s.judge(st.figures()) {
				if f.Severity != activitylog.Info {
					t.Errorf("%s, in %s: %s/%s: %s", name, zone, f.Rule, f.Kind, f.Explanation)
				}
			}
		}
	}
}
