package web

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/activitylog/activitylog/alerts"
	"github.com/activitylog/activitylog/alerts/monitor"
)

// alertChart is what an alert is about over time: what was seen in its window, and what is usual.
type alertChart struct {
	Title, Span, Usual string
	Summary            string // all of it in words
	Highest            string
	OK, Bad, Line      string // paths: usual times, the alert's, and the level that is usual
	Bars               []alertBar
	Ticks              []string
	First              string // the heading of the first column of the table
	ByHour             bool   // of the day: usual hours against those of the alert
	Slow               bool
}

type alertBar struct {
	Name, Value, Second, Link string
	Seen                      bool // in the time of the alert

	start  time.Time
	value  float64
	failed float64
	second float64
}

const alertChartHeight = 120

// baseline draws an alert. nil: there is nothing to draw.
func (v *visit) baseline(ctx context.Context, a *monitor.Alert, shown []activitylog.Event) *alertChart {
	ctx, cancel := context.WithTimeout(ctx, figuresTime)
	defer cancel()
	draw := v.overTime
	if a.Rule == alerts.OffHours {
		draw = v.overHours
	}
	c, err := draw(ctx, a, v.series(a, shown))
	switch {
	case err == nil:
		return c
	case ctx.Err() != nil:
		return &alertChart{Slow: true}
	case !errors.Is(err, access.ErrDenied):
		v.report(err)
	}
	return nil
}

// series are the events of which the alert found unusually many, at all times. Where it names single events, these are
// all of their kind.
func (v *visit) series(a *monitor.Alert, shown []activitylog.Event) activitylog.Filter {
	f, err := activitylog.ParseFilter(a.Filter)
	if err != nil {
		f = activitylog.Filter{}
	}
	drop := []string{"time", "id"}
	if isRatio(a) {
		drop = append(drop, "outcome")
	}
	if f = f.Without(drop...); f.String() != "" || a.Rule == alerts.LogGap && a.Filter != "" {
		return f
	}
	var actions []string
	for i := range shown {
		if !slices.Contains(actions, shown[i].Action) {
			actions = append(actions, shown[i].Action)
		}
	}
	return activitylog.ActionIs(actions...)
}

func isRatio(a *monitor.Alert) bool { return a.Rule == alerts.ErrorRates }

// overTime draws days, or hours where the alert is about less than a part of a day.
func (v *visit) overTime(ctx context.Context, a *monitor.Alert, f activitylog.Filter) (*alertChart, error) {
	now := v.h.opts.Now()
	width, before, after := 24*time.Hour, 35, 3
	end := later(a.Window.To, a.LastSeen)
	if a.Count > 1 && end.Sub(a.Window.From) <= 6*time.Hour {
		width, before, after = time.Hour, 96, 24
	}
	step := time.Hour
	if a.Window.From.Minute() != 0 {
		step = 15 * time.Minute // as the days of some zones begin
	}
	origin := a.Window.From.Truncate(step)
	from := origin.Add(-time.Duration(before) * width)
	n := before + int((end.Sub(origin)+width-1)/width) + after
	for n > before+1 && !from.Add(time.Duration(n-1)*width).Before(now) {
		n--
	}
	n = min(n, 200)
	to := from.Add(time.Duration(n) * width)
	by := []string{"currency"}
	about := v.reader.About(f.And(activitylog.Since(from), activitylog.Before(to)))
	list, err := buckets(ctx, about, activitylog.Aggregation{By: by, Step: step, Zone: time.UTC})
	if err != nil {
		return nil, err
	}
	currency := mostSpent(list)
	c := &alertChart{First: v.h.t("From"), Bars: make([]alertBar, n)}
	form := "2 Jan 2006"
	if width < 24*time.Hour {
		form = "2 Jan 15:04"
	}
	for i := range c.Bars {
		b := &c.Bars[i]
		b.start = from.Add(time.Duration(i) * width)
		b.Name = v.h.date(b.start.In(v.zone()), form)
		b.Seen = b.start.Before(end) && b.start.Add(width).After(a.Window.From)
		b.Link = v.seriesLink(f, b.start, b.start.Add(width))
	}
	for _, x := range list {
		i := int(x.Start.Sub(from) / width)
		if i < 0 || i >= n {
			continue
		}
		b := &c.Bars[i]
		if a.Unit == "micros" {
			if x.Values[0] == currency {
				b.value += float64(x.CostMicros)
			}
			continue
		}
		b.value += float64(x.Count)
		b.failed += float64(x.Failures)
	}
	write := func(x float64) string { return grouped(int64(math.Round(x))) }
	switch {
	case a.Unit == "micros":
		write = func(x float64) string { return money(int64(x), currency) }
	case isRatio(a):
		for i := range c.Bars {
			if b := &c.Bars[i]; b.value > 0 {
				b.value = b.failed / b.value
			}
		}
		write = func(x float64) string { return fmt.Sprintf("%.1f %%", 100*x) }
	}
	v.finish(c, a, width, write)
	return c, nil
}

// finish draws the bars and says what they show.
func (v *visit) finish(c *alertChart, a *monitor.Alert, width time.Duration, write func(float64) string) {
	h := v.h
	usual, others, most, seen := 0.0, 0, 0.0, 0.0
	for i := range c.Bars {
		b := &c.Bars[i]
		b.Value = write(b.value)
		most = max(most, b.value)
		if b.Seen {
			seen = max(seen, b.value)
		} else if b.start.Before(a.Window.From) {
			usual += b.value
			others++
		}
	}
	usual /= float64(max(1, others))
	// What the rule compared with is of one day or hour, and so are the bars; else their mean stands for it.
	if length := a.Window.To.Sub(a.Window.From); a.Expected > 0 && a.Rule != alerts.LogGap && length > width*9/10 && length < width*11/10 {
		usual = a.Expected
	}
	if most = max(most, usual); most == 0 {
		most = 1
	}
	form := h.t("%s by day")
	if width < 24*time.Hour {
		form = h.t("%s by hour")
	}
	c.Title = fmt.Sprintf(form, v.measured(a))
	level := write(usual)
	if a.Unit != "micros" && !isRatio(a) && usual < 10 && usual != math.Trunc(usual) {
		level = fmt.Sprintf("%.1f", usual)
	}
	c.Usual, c.Highest = fmt.Sprintf(h.t("usual: %s"), level), write(most)
	c.Span = v.dates(c.Bars[0].start, c.Bars[len(c.Bars)-1].start.Add(width))
	c.Summary = fmt.Sprintf(h.t("%s, %s. At most %s in the time of the alert; %s."), c.Title, c.Span, write(seen), c.Usual)
	scale := (alertChartHeight - 8) / most
	var ok, bad strings.Builder
	w := float64(chartWidth) / float64(len(c.Bars))
	for i := range c.Bars {
		b := &c.Bars[i]
		path := &ok
		if b.Seen {
			path = &bad
		}
		height := b.value * scale
		if b.value > 0 {
			height = max(1.5, height)
		}
		appendBar(path, float64(i)*w+w*.12, alertChartHeight-height, w*.76, height)
	}
	y := alertChartHeight - usual*scale
	c.OK, c.Bad, c.Line = ok.String(), bad.String(), fmt.Sprintf("M0 %.1fH%d", y, chartWidth)
	for i := range 5 {
		b := &c.Bars[(len(c.Bars)-1)*i/4]
		c.Ticks = append(c.Ticks, h.date(b.start.In(v.zone()), "2 Jan"))
	}
	c.Ticks = slices.Compact(c.Ticks)
}

// measured is what the bars count.
func (v *visit) measured(a *monitor.Alert) string {
	switch {
	case a.Unit == "micros":
		return v.h.t("Cost")
	case isRatio(a):
		return v.h.t("Failures in percent")
	case a.Rule == alerts.VolumeSpikes:
		return v.h.t("Messages")
	case a.Rule == alerts.LoginFailures:
		return v.h.t("Sign-ins")
	}
	return v.h.t("Events")
}

// overHours draws at which hours of the day somebody works, and at which the alert saw them.
func (v *visit) overHours(ctx context.Context, a *monitor.Alert, f activitylog.Filter) (*alertChart, error) {
	const days = 60
	from, to := a.Window.From.AddDate(0, 0, -days), later(a.Window.To, a.LastSeen)
	about := v.reader.About(f.And(activitylog.Since(from), activitylog.Before(to)))
	list, err := buckets(ctx, about, activitylog.Aggregation{Step: time.Hour, Zone: v.zone()})
	if err != nil {
		return nil, err
	}
	h := v.h
	c := &alertChart{ByHour: true, First: h.t("Hour"), Bars: make([]alertBar, 24)}
	for _, x := range list {
		b := &c.Bars[x.Start.In(v.zone()).Hour()]
		if x.Start.Add(time.Hour).After(a.Window.From) {
			b.second += float64(x.Count)
		} else {
			b.value += float64(x.Count)
		}
	}
	var most, seen, total float64
	var odd []string
	for i := range c.Bars {
		b := &c.Bars[i]
		b.Name = h.date(time.Date(2000, 1, 1, i, 0, 0, 0, time.UTC), "15:04")
		b.Value, b.Second, b.Seen = grouped(int64(b.value)), grouped(int64(b.second)), b.second > 0
		most, seen, total = max(most, b.value), max(seen, b.second), total+b.value
		if b.Seen {
			odd = append(odd, b.Name)
		}
	}
	var ok, bad strings.Builder
	const w = chartWidth / 24.0
	for i := range c.Bars {
		b := &c.Bars[i]
		usual, now := 0.0, 0.0
		if most > 0 {
			usual = b.value / most * (alertChartHeight - 8)
		}
		if seen > 0 {
			now = b.second / seen * (alertChartHeight - 8)
		}
		appendBar(&ok, float64(i)*w+w*.1, alertChartHeight-usual, w*.5, usual)
		appendBar(&bad, float64(i)*w+w*.62, alertChartHeight-now, w*.28, now)
	}
	c.OK, c.Bad = ok.String(), bad.String()
	c.Title, c.Span = h.t("By hour of the day"), fmt.Sprintf(h.t("%d days before"), days)
	c.Usual = fmt.Sprintf(h.t("%s events before"), grouped(int64(total)))
	c.Summary = fmt.Sprintf(h.t("%s. Seen in the hours from %s, each on a scale of its own."), c.Title, strings.Join(odd, ", "))
	for i := 0; i < 24; i += 6 {
		c.Ticks = append(c.Ticks, c.Bars[i].Name)
	}
	c.Ticks = append(c.Ticks, c.Bars[23].Name)
	return c, nil
}

// seriesLink is the list of a bar's events, where the filter is short enough to be asked for.
func (v *visit) seriesLink(f activitylog.Filter, from, to time.Time) string {
	q := f.String()
	if len(q) > maxQuery || terms(f.Expr()) > maxTerms {
		return ""
	}
	p := params{q: q, from: from.UTC(), to: to.UTC(), limit: limits[0], utc: v.params.utc}
	return v.h.root(v.route.up) + v.route.scope.path() + p.link()
}

// mostSpent is the currency in which most of the money is.
func mostSpent(list []activitylog.Bucket) string {
	spent, most := map[string]int64{}, ""
	for _, b := range list {
		spent[b.Values[0]] += b.CostMicros
	}
	for c, n := range spent {
		if n > spent[most] || n == spent[most] && c > most {
			most = c
		}
	}
	return most
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
