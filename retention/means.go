package retention

import (
	"slices"
	"time"

	"github.com/activitylog/activitylog"
)

// group is what is known of many events at once.
type group struct {
	org, category string
	first, last   time.Time // Event.Time
	taken, until  time.Time // Event.Recorded, or wider
}

// verdict tells how many events of a group a filter means.
type verdict int

const (
	unknown verdict = iota // or some of them
	none
	all
)

// meansAll tells from a filter and what is known of a group whether the filter means all events of it. It knows less
// than Filter.Match of each event would tell, and never anything else.
func meansAll(x activitylog.Expr, g group) verdict {
	switch x := x.(type) {
	case activitylog.AndExpr:
		return combined(x, g, none, all)
	case activitylog.OrExpr:
		return combined(x, g, all, none)
	case activitylog.NotExpr:
		return map[verdict]verdict{all: none, none: all}[meansAll(x.X, g)]
	case activitylog.Cond:
		return g.fulfils(x)
	}
	return unknown
}

// combined is the verdict over parts of which one of the kind that decides is enough, and else all must be of the other.
func combined(parts []activitylog.Expr, g group, decides, otherwise verdict) verdict {
	so := otherwise
	for _, part := range parts {
		switch meansAll(part, g) {
		case decides:
			return decides
		case unknown:
			so = unknown
		}
	}
	return so
}

func (g group) fulfils(c activitylog.Cond) verdict {
	switch {
	case c.Field == "org" && c.Op == "in":
		return either(slices.Contains(c.Values, g.org))
	case c.Field == "category" && c.Op == "in":
		return either(slices.Contains(c.Values, g.category))
	case c.Field == "time":
		return within(c, g.first, g.last)
	case c.Field == "recorded":
		return within(c, g.taken, g.until)
	}
	return unknown
}

func either(yes bool) verdict {
	if yes {
		return all
	}
	return none
}

// within is the verdict of a bound over times from first to last.
func within(c activitylog.Cond, first, last time.Time) verdict {
	switch c.Op {
	case ">=":
		if first.UnixMicro() >= c.Number {
			return all
		}
		if last.UnixMicro() < c.Number {
			return none
		}
	case "<":
		if last.UnixMicro() < c.Number {
			return all
		}
		if first.UnixMicro() >= c.Number {
			return none
		}
	}
	return unknown
}
