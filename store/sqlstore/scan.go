package sqlstore

import (
	"context"
	"database/sql"
	"iter"

	"github.com/activitylog/activitylog"
)

// Events are fetched in chunks that grow, so that a page is quick and an export is not slowed down by statements.
const (
	firstChunk = 128
	maxChunk   = 2048
)

// Scan implements activitylog.Store.
func (s *Store) Scan(ctx context.Context, q activitylog.StoreQuery) iter.Seq2[activitylog.Event, error] {
	return func(yield func(activitylog.Event, error) bool) {
		if err := s.scan(ctx, q, func(e activitylog.Event) bool { return yield(e, nil) }); err != nil {
			yield(activitylog.Event{}, err)
		}
	}
}

// scan is Scan with a callback that returns false to stop.
func (s *Store) scan(ctx context.Context, q activitylog.StoreQuery, found func(activitylog.Event) bool) error {
	p, err := s.plan(ctx, q)
	if err != nil || p.never {
		return err
	}
	after, n, examined, left := q.After, chunkFor(q.Limit), 0, q.Limit
	for {
		b, err := s.back.fetch(ctx, p, after, n)
		if err != nil {
			return err
		}
		for i := range b.events {
			if !q.Filter.Match(&b.events[i]) {
				examined++
				continue
			}
			if !found(b.events[i]) {
				return nil
			}
			if left--; left == 0 {
				return nil
			}
		}
		if b.done {
			return nil
		}
		after = b.next
		if examined += b.examined; q.Examine > 0 && examined >= q.Examine {
			return &activitylog.ExamineLimitError{At: *after, Examined: examined}
		}
		n = min(n*4, maxChunk)
		if left > 0 && examined == 0 {
			n = min(n, left+1) // all that was proposed matched: more would be read in vain
		}
	}
}

func chunkFor(limit int) int {
	if limit > 0 && limit < firstChunk {
		return limit + 1 // one more than asked tells that the last is complete
	}
	return firstChunk
}

// Count implements activitylog.Counter.
func (s *Store) Count(ctx context.Context, q activitylog.StoreQuery, limit int64) (int64, error) {
	q = activitylog.StoreQuery{Org: q.Org, Filter: q.Filter, Limit: int(limit)}
	p, err := s.plan(ctx, q)
	if err != nil || p.never {
		return 0, err
	}
	if !p.exact || p.windowed && limit > 0 {
		var n int64
		err := s.scan(ctx, q, func(activitylog.Event) bool { n++; return true })
		return n, err
	}
	w := s.back.newBuilder()
	w.write("SELECT count(*) FROM (SELECT 1 ")
	s.back.from(w, p)
	if limit > 0 {
		s.back.order(w, p) // or PostgreSQL would begin to read the table, hoping to be done soon
		w.write(" LIMIT ?", limit)
	}
	w.write(") AS counted")
	rows, err := s.query(ctx, w)
	counts, err := collect(rows, err, scanNumber)
	if err != nil {
		return 0, err
	}
	return counts[0], nil
}

func scanText(rows *sql.Rows) (string, error) {
	var v string
	err := rows.Scan(&v)
	return v, err
}

func scanNumber(rows *sql.Rows) (int64, error) {
	var v int64
	err := rows.Scan(&v)
	return v, err
}
