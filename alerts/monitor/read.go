package monitor

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
)

// Figures reads the figures of an organization of whole hours and days from one that holds from to one that holds to,
// with all first times, and of each actor the last day of activity before from. They are those of all events that were
// folded so far; see CatchUp.
func (r *Rollups) Figures(ctx context.Context, org string, from, to time.Time) (*alerts.Figures, error) {
	return r.read(ctx, org, func(rows *rows) {
		rows.known()
		rows.days(from, to)
		rows.marks(from, to)
		rows.hours(alerts.HourOf(from), alerts.HourOf(to), rows.AddBlock)
	})
}

// ToJudge reads what alerts.Judge looks at to judge what began at from or later and before at. All that lies long before
// is read as a past alone, see alerts.Figures.AddPast: these figures are good for nothing else.
func (r *Rollups) ToJudge(ctx context.Context, org string, from, at time.Time, c alerts.Config) (*alerts.Figures, error) {
	return r.read(ctx, org, func(rows *rows) {
		recent := alerts.HourOf(from.Add(-c.Recent()))
		rows.known()
		rows.days(from, at)
		rows.marks(from.Add(-alerts.MarksReach), at)
		rows.hours(alerts.HourOf(from.Add(-c.Reach())), recent-1, rows.AddPast)
		rows.hours(recent, alerts.HourOf(at), rows.AddBlock)
	})
}

// toJudgeUrgent reads what the urgent rules look at.
func (r *Rollups) toJudgeUrgent(ctx context.Context, org string, from, at time.Time) (*alerts.Figures, error) {
	return r.read(ctx, org, func(rows *rows) {
		rows.known()
		rows.marks(from.Add(-alerts.MarksReach), at)
	})
}

// rows are those of an organization, at one moment, and the figures that were read of them.
type rows struct {
	*alerts.Figures
	tx         activitylog.SpaceTx
	generation uint32
	org        string
	err        error // the first one; nothing is read after it
}

func (r *Rollups) read(ctx context.Context, org string, f func(*rows)) (*alerts.Figures, error) {
	var figures *alerts.Figures
	err := r.space.View(ctx, func(tx activitylog.SpaceTx) error {
		figures = &alerts.Figures{}
		h, _, err := readHead(tx, liveKey)
		if err != nil {
			return err
		}
		rows := &rows{Figures: figures, tx: tx, generation: h.Generation, org: org}
		f(rows)
		return rows.err
	})
	if err != nil {
		return nil, fmt.Errorf("monitor: read roll-ups: %w", err)
	}
	return figures, nil
}

func (r *rows) known() { r.buckets(alerts.Known, 0, 0, r.AddBlock) }

func (r *rows) marks(from, to time.Time) {
	r.buckets(alerts.Marked, alerts.DayOf(from), alerts.DayOf(to), r.AddBlock)
}

func (r *rows) hours(first, last int32, add func([]byte) error) {
	r.buckets(alerts.Activity, first, last, add)
}

// days reads the days of activity up to that of to; before that of from only the last of each actor counts.
func (r *rows) days(from, to time.Time) {
	start := alerts.DayOf(from)
	if r.err == nil {
		r.err = r.bad(r.AddLastDays(r.blocks(alerts.Days, math.MinInt32, start-1)))
	}
	r.buckets(alerts.Days, start, alerts.DayOf(to), r.AddBlock)
}

// buckets reads those of a family from the first to the last.
func (r *rows) buckets(family alerts.Family, first, last int32, add func([]byte) error) {
	if r.err != nil {
		return
	}
	for block, err := range r.blocks(family, first, last) {
		if err == nil {
			err = r.bad(add(block))
		}
		if err != nil {
			r.err = err
			return
		}
	}
}

// blocks are those of a family from the first bucket to the last.
func (r *rows) blocks(family alerts.Family, first, last int32) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		if first > last {
			return
		}
		begin := partPrefix(r.generation, r.org, alerts.Part{Family: family, Bucket: first})
		end := append(partPrefix(r.generation, r.org, alerts.Part{Family: family, Bucket: last}), maxLevel+1)
		for pair, err := range r.tx.Range(begin, end) {
			if !yield(pair.Value, err) {
				return
			}
		}
	}
}

func (r *rows) bad(err error) error {
	if errors.Is(err, alerts.ErrBlock) {
		return fmt.Errorf("of organization %q: %w; rebuild them", r.org, err)
	}
	return err
}

// Orgs lists the organizations that have figures, in order.
func (r *Rollups) Orgs(ctx context.Context) ([]string, error) {
	var list []string
	err := r.space.View(ctx, func(tx activitylog.SpaceTx) error {
		list = nil
		h, _, err := readHead(tx, liveKey)
		if err != nil {
			return err
		}
		prefix := orgKey(h.Generation, "")
		for pair, err := range tx.Range(prefix, orgKey(h.Generation+1, "")) {
			if err != nil {
				return err
			}
			list = append(list, string(pair.Key[len(prefix):]))
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("monitor: list organizations: %w", err)
	}
	return list, nil
}
