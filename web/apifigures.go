package web

import (
	"context"
	"slices"
	"strings"

	"github.com/activitylog/activitylog"
)

func (v *visit) apiCount(string) (any, error) {
	const most = 10_000
	_, about, err := v.apiAsk()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(v.r.Context(), figuresTime)
	defer cancel()
	n, err := about.Count(ctx, activitylog.Filter{}, most)
	if err != nil {
		return nil, err
	}
	c := apiCount{N: n, Relation: "eq"}
	if n == most {
		c.Relation = "gte"
	}
	return c, nil
}

func (v *visit) apiHistogram(string) (any, error) {
	a, about, err := v.apiAsk()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(v.r.Context(), figuresTime)
	defer cancel()
	c, err := v.chart(ctx, about, a, v.h.opts.Now())
	if err != nil {
		return nil, err
	}
	h := apiHistogram{StepSeconds: c.StepSeconds, Total: []int64{}, Failed: []int64{}}
	for i, b := range c.Bars {
		if i == 0 {
			h.From = b.start.UTC()
		}
		h.Total, h.Failed = append(h.Total, b.Count), append(h.Failed, b.Failed)
	}
	return h, nil
}

func (v *visit) apiFacets(string) (any, error) {
	_, about, err := v.apiAsk()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(v.r.Context(), figuresTime)
	defer cancel()
	f := figures{}
	if err := v.facets(ctx, about, &f); err != nil {
		return nil, err
	}
	answer := apiFacets{Fields: []apiFacet{}}
	for _, x := range f.Facets {
		one := apiFacet{Name: x.Field, Values: []apiValue{}}
		for _, value := range slices.Concat(x.Values, x.More) {
			one.Values = append(one.Values, apiValue{value.Name, value.Count})
		}
		answer.Fields = append(answer.Fields, one)
	}
	return answer, nil
}

func (v *visit) apiAlerts(string) (any, error) {
	if !v.watches() {
		return nil, activitylog.ErrNotFound
	}
	list, err := v.alerts(v.r.Context())
	if err != nil {
		return nil, err
	}
	answer := apiAlerts{Items: []apiAlert{}}
	for i := range list {
		a := &list[i]
		answer.Items = append(answer.Items, apiAlert{
			a.Fingerprint, a.Rule, string(a.Severity), string(a.Status), a.Subject, a.SubjectType, a.Opened, a.Window.From, a.LastSeen,
			a.Observed, a.Expected, a.Unit, a.Explanation, a.Count, a.Filter,
		})
	}
	return answer, nil
}

func (v *visit) apiMeta(string) (any, error) {
	s := v.route.scope
	m := apiMeta{Scope: s.kind, Org: s.org, Project: s.project, Rights: []string{}, Categories: v.categories(), MaxQuery: maxQuery, MaxTerms: maxTerms}
	if text := v.grant.Rights().String(); text != "" {
		m.Rights = strings.Split(text, ", ")
	}
	slices.Sort(m.Categories)
	return m, nil
}
