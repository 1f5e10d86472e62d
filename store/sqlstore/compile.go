package sqlstore

import (
	"slices"
	"strconv"

	"github.com/activitylog/activitylog"
	"github.com/google/uuid"
)

// builder writes one SQL statement with its arguments.
type builder struct {
	b        []byte
	args     []any
	dollar   bool // $1 instead of ?
	idArg    func(uuid.UUID) any
	minMaxID string // SQL for the smallest and largest id of a group
	oneOff   bool   // not to be prepared: the best plan depends on the values
	recorded string // SQL for when an event was recorded
}

func (w *builder) String() string { return string(w.b) }

// write appends SQL; each ? in it takes the next of args.
func (w *builder) write(text string, args ...any) {
	for i := range len(text) {
		if text[i] == '?' {
			w.arg(args[0])
			args = args[1:]
			continue
		}
		w.b = append(w.b, text[i])
	}
}

func (w *builder) arg(v any) {
	w.args = append(w.args, v)
	if !w.dollar {
		w.b = append(w.b, '?')
		return
	}
	w.b = append(w.b, '$')
	w.b = strconv.AppendInt(w.b, int64(len(w.args)), 10)
}

// textColumns are the fields of conditions that stand in a column of their own as they are.
var textColumns = map[string]string{
	"org": "e.org", "project": "e.project", "category": "e.category", "action": "e.action", "outcome": "e.outcome",
	"severity": "e.severity", "model": "e.model", "provider": "e.provider", "actor_type": "e.actor_type",
}

// exact tells whether condition writes exactly what x means, rather than something wider.
func exact(x activitylog.Expr) bool {
	switch x := x.(type) {
	case activitylog.AndExpr:
		return !slices.ContainsFunc(x, func(p activitylog.Expr) bool { return !exact(p) })
	case activitylog.OrExpr:
		return !slices.ContainsFunc(x, func(p activitylog.Expr) bool { return !exact(p) })
	case activitylog.NotExpr:
		return exact(x.X)
	case activitylog.Cond:
		switch x.Field {
		case "id", "time", "recorded", "cost":
			return true
		case "actor":
			return x.Key == "acted"
		case "ip":
			return !slices.ContainsFunc(x.Prefixes, func(p netipPrefix) bool { return !p.IsSingleIP() })
		}
		return textColumns[x.Field] != ""
	}
	return false
}

// condition writes a condition that holds for every event that x means. It is two-valued: never NULL.
func (w *builder) condition(x activitylog.Expr) {
	switch x := x.(type) {
	case activitylog.AndExpr:
		w.join(x, " AND ", "1=1")
		return
	case activitylog.OrExpr:
		w.join(x, " OR ", "1=0")
		return
	case activitylog.NotExpr:
		if exact(x.X) {
			w.write("NOT ")
			w.condition(x.X)
			return
		}
	case activitylog.Cond:
		if exact(x) {
			w.cond(x)
			return
		}
	}
	w.write("1=1")
}

func (w *builder) join(parts []activitylog.Expr, sep, empty string) {
	if len(parts) == 0 {
		w.write(empty)
		return
	}
	w.write("(")
	for i, p := range parts {
		if i > 0 {
			w.write(sep)
		}
		w.condition(p)
	}
	w.write(")")
}

func (w *builder) cond(c activitylog.Cond) {
	switch c.Field {
	case "id":
		ids := make([]any, 0, len(c.Values))
		for _, v := range c.Values {
			if id, err := uuid.Parse(v); err == nil {
				ids = append(ids, w.idArg(id))
			}
		}
		w.in("e.id", ids)
	case "time":
		w.write("e.time "+c.Op+" ?", c.Number)
	case "recorded":
		w.write(w.recorded+" "+c.Op+" ?", c.Number)
	case "cost":
		w.write("(e.cost IS NOT NULL AND e.cost "+c.Op+" ?)", c.Number)
	case "actor":
		w.in("e.actor_id", anys(c.Values))
	case "ip":
		ips := make([]any, len(c.Prefixes))
		for i, p := range c.Prefixes {
			ips[i] = p.Addr().String()
		}
		w.in("e.ip", ips)
	case "action":
		if c.Op != "in" {
			w.under(c.Values)
			return
		}
		w.in("e.action", anys(c.Values))
	default:
		w.in(textColumns[c.Field], anys(c.Values))
	}
}

// under writes a range of bytes: "/" is what follows "." in every encoding that the stores use.
func (w *builder) under(prefixes []string) {
	if len(prefixes) == 0 {
		w.write("1=0")
		return
	}
	w.write("(")
	for i, p := range prefixes {
		if i > 0 {
			w.write(" OR ")
		}
		w.write("e.action = ? OR (e.action >= ? AND e.action < ?)", p, p+".", p+"/")
	}
	w.write(")")
}

func (w *builder) in(column string, values []any) {
	switch len(values) {
	case 0:
		w.write("1=0")
		return
	case 1:
		w.write(column+" = ?", values[0])
		return
	}
	w.write(column + " IN (")
	for i, v := range values {
		if i > 0 {
			w.write(", ")
		}
		w.arg(v)
	}
	w.write(")")
}

func anys(values []string) []any {
	list := make([]any, len(values))
	for i, v := range values {
		list[i] = v
	}
	return list
}
