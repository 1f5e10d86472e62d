package memory

import (
	"slices"

	"github.com/activitylog/activitylog"
)

// posting names the events of an organization ("" for all) that have one value in one field.
type posting struct{ org, field, value string }

// postingsOf names the lists that hold e.
func postingsOf(e *activitylog.Event) []posting {
	list := make([]posting, 0, 20)
	for _, org := range [...]string{"", e.Org} {
		list = append(list, posting{org: org},
			posting{org, "category", e.Category}, posting{org, "action", e.Action}, posting{org, "acted", e.Actor.ID})
		if e.Project != "" {
			list = append(list, posting{org, "project", e.Project})
		}
		if e.Outcome != activitylog.Success {
			list = append(list, posting{org, "outcome", string(e.Outcome)})
		}
		if e.Request.SessionID != "" {
			list = append(list, posting{org, "session", e.Request.SessionID})
		}
		for _, t := range e.Targets {
			if p := (posting{org, "target", t.ID}); !slices.Contains(list, p) {
				list = append(list, p)
			}
		}
	}
	return append(list, posting{"", "id", e.ID.String()})
}

// shortest returns the shortest list that is sure to hold every match of q.
func (s *Store) shortest(q activitylog.StoreQuery) list {
	best := s.lists[posting{org: q.Org}]
	all, ok := q.Filter.Expr().(activitylog.AndExpr)
	if !ok {
		all = activitylog.AndExpr{q.Filter.Expr()}
	}
	for _, x := range all {
		c, ok := x.(activitylog.Cond)
		if !ok || c.Op != "in" || len(c.Values) != 1 || c.Values[0] == "" {
			continue
		}
		p := posting{q.Org, c.Field, c.Values[0]}
		switch {
		case c.Field == "actor" && c.Key == "acted":
			p.field = "acted"
		case c.Field == "id":
			p.org = ""
		case c.Field == "category" || c.Field == "action" || c.Field == "project" || c.Field == "session" || c.Field == "target":
		case c.Field == "outcome" && c.Values[0] != string(activitylog.Success):
		default:
			continue
		}
		if l := s.lists[p]; len(l) < len(best) {
			best = l
		}
	}
	return best
}

// list is a list of entries, oldest first.
type list []*entry

func compare(a, b *entry) int { return a.key.Compare(b.key) }

// merge puts entries, which come in any order, in their places. Events mostly arrive in order, so that only the end moves.
func (l list) merge(entries []*entry) list {
	slices.SortFunc(entries, compare)
	i, j := len(l)-1, len(entries)-1
	l = append(l, entries...)
	for k := len(l) - 1; j >= 0; k-- {
		if i >= 0 && compare(l[i], entries[j]) > 0 {
			l[k] = l[i]
			i--
		} else {
			l[k] = entries[j]
			j--
		}
	}
	return l
}

// after returns up to n entries strictly behind key, in the given order.
func (l list) after(key *activitylog.Key, order activitylog.Order, n int) list {
	at := func(k activitylog.Key) (int, bool) {
		return slices.BinarySearchFunc(l, k, func(e *entry, k activitylog.Key) int { return e.key.Compare(k) })
	}
	if order == activitylog.Oldest {
		from := 0
		if key != nil {
			i, exact := at(*key)
			if from = i; exact {
				from++
			}
		}
		return l[from:min(len(l), from+n)]
	}
	to := len(l)
	if key != nil {
		to, _ = at(*key)
	}
	part := slices.Clone(l[max(0, to-n):to])
	slices.Reverse(part)
	return part
}
