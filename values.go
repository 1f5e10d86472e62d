package activitylog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Marks that stand for values that are nested deeper than maxDepth, or that come when maxCleaned is used up.
const (
	tooDeep  = "…[cut: nested too deep]"
	tooLarge = "…[cut: too large]"
)

// maxCleaned bounds, in bytes or so, what is read of the values of one event, so that a map that holds itself ends.
const maxCleaned = 16 << 20

// values cleans metadata and change values.
type values struct{ left int }

// clean returns v as nil, bool, string, json.Number, []any or map[string]any, copied and with valid text. NaN and
// the infinities, which JSON lacks, become texts.
func (c *values) clean(v any, depth int) (any, error) {
	c.left -= 64
	switch v := v.(type) {
	case nil, bool:
		return v, nil
	case string:
		return c.text(v), nil
	case json.Number:
		c.left -= len(v)
		return cleanNumber(v)
	case int:
		return json.Number(strconv.Itoa(v)), nil
	case int64:
		return json.Number(strconv.FormatInt(v, 10)), nil
	case int32:
		return json.Number(strconv.FormatInt(int64(v), 10)), nil
	case uint64:
		return json.Number(strconv.FormatUint(v, 10)), nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return strconv.FormatFloat(v, 'g', -1, 64), nil
		}
	case float32:
		if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
			return c.clean(f, depth)
		}
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano), nil
	case error:
		return c.text(fmt.Sprint(v)), nil // Sprint survives nil pointers
	case []string:
		list := make([]any, 0, len(v))
		for _, s := range v {
			if c.left <= 0 {
				return append(list, tooLarge), nil
			}
			c.left -= 64
			list = append(list, c.text(s))
		}
		return list, nil
	case []any:
		return c.list(v, depth)
	case map[string]any:
		return c.object(v, depth)
	}
	return c.throughJSON(v, depth)
}

func (c *values) text(s string) string {
	c.left -= len(s)
	return cleanText(s)
}

func (c *values) list(v []any, depth int) (any, error) {
	if depth <= 0 {
		return tooDeep, nil
	}
	list := make([]any, 0, len(v))
	for i := range v {
		if c.left <= 0 {
			return append(list, tooLarge), nil
		}
		x, err := c.clean(v[i], depth-1)
		if err != nil {
			return nil, err
		}
		list = append(list, x)
	}
	return list, nil
}

func (c *values) object(v map[string]any, depth int) (any, error) {
	if depth <= 0 {
		return tooDeep, nil
	}
	m := make(map[string]any, len(v))
	var room [16]string
	for _, k := range sortedKeys(v, room[:0]) { // in order, so that a retry gives the same
		if c.left <= 0 {
			m[cutMark] = tooLarge
			break
		}
		x, err := c.clean(v[k], depth-1)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", k, err)
		}
		m[freeKey(m, c.text(k))] = x
	}
	return m, nil
}

// freeKey returns key, or what is free in m, for a key that became equal to another one by cleaning.
func freeKey[V any](m map[string]V, key string) string {
	for {
		if _, taken := m[key]; !taken {
			return key
		}
		key += replacement
	}
}

func (c *values) throughJSON(v any, depth int) (any, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("a %T has no JSON form; give plain values", v)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var x any
	if err := d.Decode(&x); err != nil {
		return nil, fmt.Errorf("a %T has no JSON form: %w", v, err)
	}
	return c.clean(x, depth)
}

func cleanNumber(n json.Number) (any, error) {
	if n == "" {
		return json.Number("0"), nil
	}
	if !validNumber(n) {
		return nil, errors.New("a json.Number does not hold a number")
	}
	return n, nil
}

// validNumber tells whether n is a JSON number and nothing around it. It runs twice for every number of every event,
// for which json.Valid takes a scanner and a copy each time.
func validNumber(n json.Number) bool {
	s := strings.TrimPrefix(string(n), "-")
	zero := strings.HasPrefix(s, "0")
	whole, s := digits(s)
	if whole == 0 || whole > 1 && zero {
		return false
	}
	if strings.HasPrefix(s, ".") {
		var decimals int
		if decimals, s = digits(s[1:]); decimals == 0 {
			return false
		}
	}
	if s != "" && (s[0] == 'e' || s[0] == 'E') {
		if s = s[1:]; s != "" && (s[0] == '+' || s[0] == '-') {
			s = s[1:]
		}
		var power int
		if power, s = digits(s); power == 0 {
			return false
		}
	}
	return s == ""
}

// digits counts the digits that s begins with and returns what follows.
func digits(s string) (int, string) {
	n := 0
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return n, s[n:]
}

// cutMetadata brings the JSON form of the metadata within limit: the largest values shrink first, and only when that
// is not enough keys go, last in order first, so that a reader still sees what was there.
func (c *cleaner) cutMetadata(limit int) {
	if used := maxCleaned - c.values.left; sizeOf("")+6*used <= limit {
		c.size += 6 * used
		return // no text gets longer than that in JSON
	}
	m := c.e.Metadata
	whole := appendValue(nil, m)
	over := len(whole) - limit
	if over <= 0 {
		c.size += len(whole)
		return
	}
	c.size += limit
	c.cut("metadata", whole)
	sizes := make(map[string]int, len(m))
	for k, v := range m {
		sizes[k] = len(appendValue(nil, v))
	}
	keys := slices.Sorted(maps.Keys(m))
	slices.SortStableFunc(keys, func(a, b string) int { return sizes[b] - sizes[a] })
	for _, k := range keys {
		before := sizes[k]
		if over <= 0 || before <= 64 {
			break
		}
		short := cutJSON(textOf(m[k]), max(64, before-over))
		m[k] = short
		over -= before - len(appendString(nil, short))
	}
	delete(sizes, cutMark)
	keys = slices.Sorted(maps.Keys(sizes))
	for len(keys) > 0 && len(appendValue(nil, m)) > limit {
		for _, k := range keys[len(keys)/2:] {
			delete(m, k)
			c.keysGone++
		}
		keys = keys[:len(keys)/2]
		m[cutMark] = fmt.Sprintf("%d more keys", c.keysGone)
	}
}

// textOf is a string as it is and any other value in its JSON form.
func textOf(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return string(appendValue(nil, v))
}

// sortedKeys appends the keys of m to room, in order. With enough room it allocates nothing.
func sortedKeys[V any](m map[string]V, room []string) []string {
	for k := range m {
		room = append(room, k)
	}
	slices.Sort(room)
	return room
}
