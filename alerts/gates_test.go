// Not under the race detector: pure functions, judged many thousand times. make test runs this package without it too.

//go:build !race

package alerts_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/activitylog/activitylog/alerts"
)

// TestGates takes away each threshold in turn, by values that let everything pass and nothing pass, and expects of both that
// some story then ends in another way. So no threshold can be lost without a test that says so.
func TestGates(t *testing.T) {
	t.Parallel()
	type told struct {
		scenario
		figures *alerts.Figures
		want    []string
	}
	var stories []told
	for _, s := range scenarios() {
		f := s.story().figures()
		stories = append(stories, told{s, f, outcome(s.judge(f))})
	}
	// What is no gate: the mode and its calendar, and lists of names, which have stories of their own.
	skip := []string{"Calendar", "Allowed"}
	groups := reflect.TypeFor[alerts.Config]()
	for i := range groups.NumField() {
		group := groups.Field(i)
		if group.Type.Kind() != reflect.Struct {
			continue
		}
		for j := range group.Type.NumField() {
			field := group.Type.Field(j)
			if slices.Contains(skip, field.Name) {
				continue
			}
			t.Run(group.Name+"."+field.Name, func(t *testing.T) {
				t.Parallel()
				for _, extreme := range extremes(field.Type) {
					if !slices.ContainsFunc(stories, func(s told) bool {
						config := s.config.Defaults()
						reflect.ValueOf(&config).Elem().Field(i).Field(j).Set(extreme)
						s.config = config
						return !slices.Equal(outcome(s.judge(s.figures)), s.want)
					}) {
						t.Errorf("no story notices when %s.%s is %v", group.Name, field.Name, extreme)
					}
				}
			})
		}
	}
}

// extremes are values at both ends; none is zero, which would mean the default.
func extremes(t reflect.Type) []reflect.Value {
	var out []reflect.Value
	switch {
	case t == reflect.TypeFor[time.Duration]():
		out = append(out, reflect.ValueOf(time.Nanosecond), reflect.ValueOf(10000*time.Hour))
	case t.Kind() == reflect.Float64:
		out = append(out, reflect.ValueOf(1e-12), reflect.ValueOf(1e12))
	case t.Kind() == reflect.Bool:
		out = append(out, reflect.ValueOf(true))
	default:
		out = append(out, reflect.ValueOf(1).Convert(t), reflect.ValueOf(1<<20).Convert(t))
	}
	return out
}

func outcome(list []alerts.Finding) []string {
	var out []string
	for _, f := range list {
		out = append(out, fmt.Sprint(f.Rule, f.Kind, f.Severity, f.Subject, f.Window))
	}
	return out
}
