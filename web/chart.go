package web

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
)

// chart is the events of the range over time, as a picture and as a table.
type chart struct {
	Total, Failed int64
	Span, Step    string // what the caption says of it
	OK, Bad       string // paths of the picture
	Bars          []bar
	Ticks         []string
	First, Last   int64 // of the range, in seconds since 1970, for the brush
	StepSeconds   int64
	N             int
}

// bar is one step of time.
type bar struct {
	Name, Link    string
	Count, Failed int64
	start         time.Time
}

const (
	chartWidth  = 1000
	chartHeight = 72
	mostBars    = 125

	longRange = 366 * 24 * time.Hour
	mostRange = 100 * longRange
)

// steps are those in which figures come.
var steps = []time.Duration{15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour}

func (v *visit) chart(ctx context.Context, about reader, a asked, now time.Time) (*chart, error) {
	zone := v.zone()
	from, to := a.from, a.to
	if to.IsZero() {
		to = now
	}
	if from.IsZero() || to.Sub(from) > longRange {
		// Nobody wants to see years without an event, and sums over centuries would not fit.
		all, err := buckets(ctx, about, activitylog.Aggregation{})
		if err != nil {
			return nil, err
		}
		if len(all) == 0 {
			return &chart{}, nil
		}
		from = all[0].MinTime
		if last := all[0].MaxTime.Add(time.Second); to.Sub(last) > longRange/12 || a.to.Sub(last) > 0 {
			to = last
		}
		if to.Sub(from) > mostRange {
			from = to.Add(-mostRange)
		}
	}
	step := steps[len(steps)-1]
	for _, s := range steps {
		if to.Sub(from) <= s*mostBars {
			step = s
			break
		}
	}
	list, err := buckets(ctx, about, activitylog.Aggregation{Step: step, Zone: zone})
	if err != nil {
		return nil, err
	}
	return v.draw(list, from, to, step), nil
}

// draw makes the bars. Several days share one where there are too many.
func (v *visit) draw(list []activitylog.Bucket, from, to time.Time, step time.Duration) *chart {
	zone := v.zone()
	from = from.In(zone)
	y, m, d := from.Date()
	first := time.Date(y, m, d, 0, 0, 0, 0, zone)
	if step < 24*time.Hour {
		first = first.Add(from.Sub(first) / step * step)
	}
	width := step
	for to.Sub(first) > width*mostBars {
		width += step
	}
	n := max(1, int((to.Sub(first)+width-1)/width))
	c := &chart{N: n, First: first.Unix(), Last: to.Unix(), StepSeconds: int64(width / time.Second), Bars: make([]bar, n)}
	for i := range c.Bars {
		b := &c.Bars[i]
		b.start = first.Add(time.Duration(i) * width)
		b.Name = v.h.date(b.start.In(zone), "2 Jan 15:04")
		if width >= 24*time.Hour {
			// A day that the clock was changed on has another length; its noon is on it whatever it is.
			b.Name = v.h.date(b.start.Add(12*time.Hour).In(zone), "2 Jan 2006")
		}
		b.Link = v.params.with(func(p *params) { p.span, p.from, p.to = "", b.start.UTC(), b.start.Add(width).UTC() }).link()
	}
	var highest int64 = 1
	for _, x := range list {
		i := int((x.Start.Sub(first) + width/24) / width)
		b := &c.Bars[min(max(i, 0), n-1)]
		b.Count += x.Count
		b.Failed += x.Failures
		c.Total += x.Count
		c.Failed += x.Failures
		highest = max(highest, b.Count)
	}
	c.paths(highest)
	c.Span = v.dates(first, to)
	c.Step = stepName(v.h, width)
	for i := range 5 {
		at := c.Bars[(n-1)*i/4].start
		if width >= 24*time.Hour {
			at = at.Add(12 * time.Hour)
		}
		if tick := v.h.date(at.In(zone), tickForm(to.Sub(first))); len(c.Ticks) == 0 || c.Ticks[len(c.Ticks)-1] != tick {
			c.Ticks = append(c.Ticks, tick)
		}
	}
	return c
}

func tickForm(span time.Duration) string {
	if span <= 3*24*time.Hour {
		return "2 Jan 15:04"
	}
	return "2 Jan"
}

// paths draws each series as one path, so that a page has two nodes and not hundreds.
func (c *chart) paths(highest int64) {
	var ok, bad strings.Builder
	w := float64(chartWidth) / float64(c.N)
	for i, b := range c.Bars {
		if b.Count == 0 {
			continue
		}
		whole := max(1.2, float64(b.Count)/float64(highest)*(chartHeight-6))
		failed := float64(b.Failed) / float64(b.Count) * whole
		if b.Failed > 0 {
			failed = max(1.2, failed)
		}
		x := float64(i)*w + w*.12
		appendBar(&ok, x, chartHeight-whole+failed, w*.76, whole-failed)
		appendBar(&bad, x, chartHeight-whole, w*.76, failed)
	}
	c.OK, c.Bad = ok.String(), bad.String()
}

// appendBar adds a bar to a path.
func appendBar(path *strings.Builder, x, top, width, height float64) {
	if height > 0 {
		fmt.Fprintf(path, "M%.1f %.1fh%.1fv%.1fh-%.1fz", x, top, width, height, width)
	}
}

// dates writes a range for people.
func (v *visit) dates(from, to time.Time) string {
	from, to = from.In(v.zone()), to.In(v.zone())
	form := "2 January"
	if to.Sub(from) < 36*time.Hour {
		form = "2 January 15:04"
	}
	if from.Year() != to.Year() {
		form = "2 January 2006"
	}
	return v.h.date(from, form) + " – " + v.h.date(to, form)
}

func stepName(h *Handler, d time.Duration) string {
	switch {
	case d == 24*time.Hour:
		return h.t("by day")
	case d > 24*time.Hour:
		return fmt.Sprintf(h.t("in steps of %d days"), int(d.Hours()/24))
	case d == time.Hour:
		return h.t("by hour")
	case d > time.Hour:
		return fmt.Sprintf(h.t("in steps of %d hours"), int(d.Hours()))
	}
	return fmt.Sprintf(h.t("in steps of %d minutes"), int(d.Minutes()))
}
