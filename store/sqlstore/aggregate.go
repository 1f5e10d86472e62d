package sqlstore

import (
	"context"
	"database/sql"
	"iter"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/google/uuid"
)

// groupColumns are the columns of Aggregation.By.
var groupColumns = map[string]string{
	"org": "e.org", "project": "e.project", "category": "e.category", "action": "e.action", "actor": "e.actor_id",
	"actor_type": "e.actor_type", "outcome": "e.outcome", "severity": "e.severity", "model": "e.model",
	"provider": "e.provider", "currency": "e.currency", "ip": "e.ip",
}

// Aggregate implements activitylog.Aggregator. Filters that SQL cannot say exactly are summed event by event.
func (s *Store) Aggregate(ctx context.Context, org string, a activitylog.Aggregation) iter.Seq2[activitylog.Bucket, error] {
	q := activitylog.StoreQuery{Org: org, Filter: a.Filter}
	p, err := s.plan(ctx, q)
	if err == nil && !p.exact || !grouped(a.By) {
		return activitylog.AggregateScan(s.Scan(ctx, q), a)
	}
	if err != nil || p.never {
		return seqOf[activitylog.Bucket](nil, err)
	}
	w := s.back.newBuilder()
	w.write("SELECT ")
	groups := ""
	for _, f := range a.By {
		w.write(groupColumns[f] + ", ")
		groups += groupColumns[f] + ", "
	}
	start := "0"
	if a.Step > 0 {
		// The remainder takes the sign of the time; adding one quarter makes it count from the quarter's beginning.
		start = "e.time - (e.time % 900000000 + 900000000) % 900000000"
	}
	groups += "quarter"
	w.write(start + ` AS quarter, count(*),
		sum(CASE WHEN e.outcome IN ('failure', 'denied') THEN 1 ELSE 0 END),
		coalesce(sum(e.cost), 0), count(e.cost), sum(e.tokens_in), sum(e.tokens_out), sum(e.tokens_cached),
		sum(e.tokens_cache_write), sum(e.tokens_reasoning), min(e.time), max(e.time), ` + w.minMaxID + " ")
	s.back.from(w, p)
	w.write(" GROUP BY " + groups)
	rows, err := s.query(ctx, w)
	return seqOf(collect(rows, err, func(rows *sql.Rows) (activitylog.Bucket, error) { return scanBucket(rows, a) }))
}

func grouped(by []string) bool {
	for _, f := range by {
		if groupColumns[f] == "" {
			return false
		}
	}
	return true
}

func scanBucket(rows *sql.Rows, a activitylog.Aggregation) (activitylog.Bucket, error) {
	b := activitylog.Bucket{Values: make([]string, len(a.By))}
	var start, minTime, maxTime int64
	var minID, maxID uuid.UUID
	dest := make([]any, 0, 16)
	for i := range b.Values {
		dest = append(dest, &b.Values[i])
	}
	dest = append(dest, &start, &b.Count, &b.Failures, &b.CostMicros, &b.Priced, &b.InputTokens, &b.OutputTokens,
		&b.CachedTokens, &b.CacheWriteTokens, &b.ReasoningTokens, &minTime, &maxTime, &minID, &maxID)
	if err := rows.Scan(dest...); err != nil {
		return b, err
	}
	if len(b.Values) == 0 {
		b.Values = nil
	}
	if a.Step > 0 {
		b.Start = time.UnixMicro(start).UTC()
	}
	b.MinTime, b.MaxTime = time.UnixMicro(minTime).UTC(), time.UnixMicro(maxTime).UTC()
	b.MinID, b.MaxID = minID, maxID
	return b, nil
}
