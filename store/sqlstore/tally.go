package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"time"

	"github.com/activitylog/activitylog"
)

// Tally counts the events that a filter means by organization and category, with their times and nothing else. It is for
// filters that mean a large part of the log: unlike Aggregate it counts pending events too, and over all organizations
// it walks, for which no term index is needed.
func (s *Store) Tally(ctx context.Context, org string, f activitylog.Filter) ([]activitylog.Bucket, error) {
	q := activitylog.StoreQuery{Org: org, Filter: f}
	p, err := s.plan(ctx, q)
	if err != nil || p.never {
		return nil, err
	}
	if !p.exact {
		return tallyScan(s.Scan(ctx, q))
	}
	if p.org == "" {
		p.need = nil
	}
	w := s.back.newBuilder()
	w.write("SELECT e.org, e.category, count(*), min(e.time), max(e.time) ")
	if b, ok := s.back.(*sqlite); ok && aged(p.expr) {
		b.fromAged(w, p)
	} else {
		s.back.from(w, p)
	}
	w.write(" GROUP BY e.org, e.category")
	rows, err := s.query(ctx, w)
	return collect(rows, err, scanTally)
}

func scanTally(rows *sql.Rows) (activitylog.Bucket, error) {
	b := activitylog.Bucket{Values: make([]string, 2)}
	var first, last int64
	err := rows.Scan(&b.Values[0], &b.Values[1], &b.Count, &first, &last)
	b.MinTime, b.MaxTime = time.UnixMicro(first).UTC(), time.UnixMicro(last).UTC()
	return b, err
}

// tallyScan counts event by event.
func tallyScan(events iter.Seq2[activitylog.Event, error]) ([]activitylog.Bucket, error) {
	var list []activitylog.Bucket
	places := map[[2]string]int{}
	for e, err := range events {
		if err != nil {
			return nil, err
		}
		at, ok := places[[2]string{e.Org, e.Category}]
		if !ok {
			at = len(list)
			places[[2]string{e.Org, e.Category}] = at
			list = append(list, activitylog.Bucket{Values: []string{e.Org, e.Category}, MinTime: e.Time, MaxTime: e.Time})
		}
		b := &list[at]
		b.Count++
		if e.Time.Before(b.MinTime) {
			b.MinTime = e.Time
		}
		if e.Time.After(b.MaxTime) {
			b.MaxTime = e.Time
		}
	}
	return list, nil
}

// ScanAudit yields the events of category audit with one of the actions over all organizations, newest first. It reads no
// others: an index holds them.
func (s *Store) ScanAudit(ctx context.Context, actions ...string) iter.Seq2[activitylog.Event, error] {
	w := s.back.newBuilder()
	w.write("SELECT " + selected + " FROM activitylog_events e ")
	if _, ok := s.back.(*sqlite); ok {
		w.write("INDEXED BY activitylog_events_audit ")
	}
	w.write("WHERE e.category = 'audit' AND ") // as the index says it
	w.condition(activitylog.ActionIs(actions...).Expr())
	w.write(fmt.Sprintf(" ORDER BY "+keyOrder, "DESC"))
	return func(yield func(activitylog.Event, error) bool) {
		if err := s.each(ctx, w, func(e activitylog.Event) bool { return yield(e, nil) }); err != nil {
			yield(activitylog.Event{}, fmt.Errorf("activitylog: scan: %w", err))
		}
	}
}

// each hands the events of a query for the selected columns to f until that returns false.
func (s *Store) each(ctx context.Context, w *builder, f func(activitylog.Event) bool) error {
	rows, err := s.query(ctx, w)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		r, err := scanRow(rows, 0)
		if err != nil {
			return err
		}
		if !f(r.event) {
			return nil
		}
	}
	return rows.Err()
}
