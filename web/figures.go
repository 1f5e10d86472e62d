package web

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/google/uuid"
)

// figuresTime is how long the chart and the counts of a page may take. The rows never wait for them.
const figuresTime = 2 * time.Second

// figures are what stands around the rows: the chart over the whole range, and counts by field.
type figures struct {
	Chart   *chart
	Facets  []facet
	Actors  []option // to choose from, by name
	Slow    bool     // they took too long
	Failed  bool
	Refused bool // the reader's role does not allow them for this search
	NoRange bool // the whole log was asked for
	Week    string
}

// facet is how the events of a page divide by the values of one field.
type facet struct {
	Field, Title string
	Values       []facetValue
	More         []facetValue
	Other        int // values beyond those
}

type facetValue struct {
	Name, Link, Without, Class string
	Count                      int64
	On                         bool
}

const (
	facetTop  = 6
	facetMost = 24
)

// figures reads them. They are of the same view as the rows, and so recorded with it.
func (v *visit) figures(ctx context.Context, about reader, a asked, now time.Time) *figures {
	ctx, cancel := context.WithTimeout(ctx, figuresTime)
	defer cancel()
	f := &figures{NoRange: v.params.span == "all", Week: v.params.with(func(p *params) { p.span = "7d" }).link()}
	var err error
	if f.Chart, err = v.chart(ctx, about, a, now); err == nil {
		err = v.facets(ctx, about, f)
	}
	switch {
	case err == nil:
	case errors.Is(err, access.ErrDenied):
		f.Refused = true
	case ctx.Err() != nil:
		f.Slow = true
	default:
		f.Failed = true
		v.report(err)
	}
	return f
}

// facets fills in the counts by field.
func (v *visit) facets(ctx context.Context, about reader, f *figures) error {
	both, err := buckets(ctx, about, activitylog.Aggregation{By: []string{"category", "outcome"}})
	if err != nil {
		return err
	}
	f.add(v.facet("category", both, 0), v.facet("outcome", both, 1))
	fields := []string{"actor", "model", "project"}
	switch v.route.scope.kind {
	case "platform":
		fields = append(fields, "org")
	case "project":
		fields = fields[:2]
	}
	for _, field := range fields {
		list, err := buckets(ctx, about, activitylog.Aggregation{By: []string{field}})
		if err != nil {
			return err
		}
		if field == "actor" {
			v.meetLargest(ctx, about, list)
			f.Actors = v.actorOptions(list)
		}
		f.add(v.facet(field, list, 0))
	}
	return nil
}

func (f *figures) add(list ...facet) {
	for _, x := range list {
		if len(x.Values) > 0 {
			f.Facets = append(f.Facets, x)
		}
	}
}

func buckets(ctx context.Context, about reader, a activitylog.Aggregation) ([]activitylog.Bucket, error) {
	var list []activitylog.Bucket
	for b, err := range about.Aggregate(ctx, a) {
		if err != nil {
			return nil, err
		}
		list = append(list, b)
	}
	return list, nil
}

// facet sums buckets by one of their values, the largest first.
func (v *visit) facet(field string, list []activitylog.Bucket, at int) facet {
	sums := map[string]int64{}
	for _, b := range list {
		sums[b.Values[at]] += b.Count
	}
	f := facet{Field: field, Title: v.h.t(fieldTitles[field])}
	for value, n := range sums {
		if value == "" && field != "project" {
			continue
		}
		f.Values = append(f.Values, v.facetValue(field, value, n))
	}
	slices.SortFunc(f.Values, func(a, b facetValue) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Name, b.Name))
	})
	f.Other = max(0, len(f.Values)-facetMost)
	f.Values = f.Values[:min(len(f.Values), facetMost)]
	if len(f.Values) > facetTop+1 {
		f.Values, f.More = f.Values[:facetTop], f.Values[facetTop:]
	}
	return f
}

func (v *visit) facetValue(field, value string, n int64) facetValue {
	plain := literal(value)
	x := facetValue{Name: v.valueName(field, value), Count: n, On: slices.Contains(v.params.choices[field], plain)}
	x.Link = v.params.toggled(field, plain).link()
	x.Without = v.params.toggled(field, "-"+value).link()
	if field == "category" {
		x.Class = value
	}
	if value == "" { // no parameter may be empty
		x.Link, x.Without = v.params.also(`project:""`).link(), v.params.also(`-project:""`).link()
	}
	return x
}

// meetLargest learns who the busiest actors are.
func (v *visit) meetLargest(ctx context.Context, about reader, list []activitylog.Bucket) {
	sorted := slices.Clone(list)
	slices.SortFunc(sorted, func(a, b activitylog.Bucket) int { return cmp.Compare(b.Count, a.Count) })
	last := map[string]uuid.UUID{}
	for _, b := range sorted[:min(len(sorted), facetMost)] {
		last[b.Values[0]] = b.MaxID
	}
	v.meet(ctx, about, last)
}

func (v *visit) actorOptions(list []activitylog.Bucket) []option {
	const most = 100
	var options []option
	for _, b := range list {
		if id := b.Values[0]; id != "" && len(options) < most {
			options = append(options, option{Value: literal(id), Text: v.actorName(id)})
		}
	}
	slices.SortFunc(options, func(a, b option) int { return strings.Compare(a.Text, b.Text) })
	return options
}
