package monitor

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
)

// Figures reads the figures of an organization of whole hours and days from one that holds from to one that holds to,
// with all first times, and of each actor the last day of activity before from. They are those of all events that were
// folded so far; see CatchUp.
func (r *Rollups) Figures(ctx context.Context, org string, from, to time.Time) (*alerts.Figures, error) {
	return r.figures(ctx, org, from, to, alerts.Known, alerts.Days, alerts.Marked, alerts.Activity)
}

func (r *Rollups) figures(ctx context.Context, org string, from, to time.Time, families ...alerts.Family) (*alerts.Figures, error) {
	var f *alerts.Figures
	err := r.space.View(ctx, func(tx activitylog.SpaceTx) error {
		f = &alerts.Figures{}
		h, _, err := readHead(tx, liveKey)
		if err != nil {
			return err
		}
		for _, family := range families {
			if family == alerts.Days {
				err = readDays(tx, f, h.Generation, org, from, to)
			} else {
				first, last := buckets(family, from, to)
				err = readParts(tx, f, h.Generation, org, family, first, last)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("monitor: read roll-ups: %w", err)
	}
	return f, nil
}

// buckets are the first and last of a family in a time.
func buckets(family alerts.Family, from, to time.Time) (first, last int32) {
	switch family {
	case alerts.Activity:
		return alerts.HourOf(from), alerts.HourOf(to)
	case alerts.Known:
		return 0, 0
	}
	return alerts.DayOf(from), alerts.DayOf(to)
}

func readParts(tx activitylog.SpaceTx, f *alerts.Figures, generation uint32, org string, family alerts.Family, first, last int32) error {
	begin := partPrefix(generation, org, alerts.Part{Family: family, Bucket: first})
	end := append(partPrefix(generation, org, alerts.Part{Family: family, Bucket: last}), maxLevel+1)
	for pair, err := range tx.Range(begin, end) {
		if err != nil {
			return err
		}
		if err := f.AddBlock(pair.Value); err != nil {
			return fmt.Errorf("of organization %q: %w; rebuild them", org, err)
		}
	}
	return nil
}

// thinEvery is how many days of activity are read before those that say nothing are forgotten: it bounds memory.
const thinEvery = 30

// readDays reads the days of activity up to that of to; before that of from only the last of each actor counts.
func readDays(tx activitylog.SpaceTx, f *alerts.Figures, generation uint32, org string, from, to time.Time) error {
	prefix := append(orgPrefix(generation, org), byte(alerts.Days))
	end := append(partPrefix(generation, org, alerts.Part{Family: alerts.Days, Bucket: alerts.DayOf(to)}), maxLevel+1)
	start := alerts.DayOf(from)
	thinned := start // next day at which to forget
	for pair, err := range tx.Range(prefix, end) {
		if err != nil {
			return err
		}
		day := bucketOf(pair.Key)
		if day < start && (thinned == start || day >= thinned) {
			f.KeepLastDays(dayStart(day))
			thinned = day + thinEvery
		}
		if err := f.AddBlock(pair.Value); err != nil {
			return fmt.Errorf("of organization %q: %w; rebuild them", org, err)
		}
	}
	f.KeepLastDays(dayStart(start))
	return nil
}

func dayStart(day int32) time.Time { return time.Unix(int64(day)*24*60*60, 0).UTC() }

// bucketOf is the bucket in the key of a row.
func bucketOf(key []byte) int32 {
	return int32(binary.BigEndian.Uint32(key[len(key)-5:]) ^ 1<<31)
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
