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
	"time"
)

// tooDeep stands for a value that is nested deeper than maxDepth.
const tooDeep = "…[cut: nested too deep]"

// cleanValue returns v as nil, bool, string, json.Number, []any or map[string]any, copied and with valid text. NaN and
// the infinities, which JSON lacks, become texts.
func cleanValue(v any, depth int) (any, error) {
	switch v := v.(type) {
	case nil, bool:
		return v, nil
	case string:
		return cleanText(v), nil
	case json.Number:
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
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano), nil
	case error:
		return cleanText(v.Error()), nil
	case []string:
		list := make([]any, len(v))
		for i, s := range v {
			list[i] = cleanText(s)
		}
		return list, nil
	case []any:
		if depth <= 0 {
			return tooDeep, nil
		}
		list := make([]any, len(v))
		for i := range v {
			x, err := cleanValue(v[i], depth-1)
			if err != nil {
				return nil, err
			}
			list[i] = x
		}
		return list, nil
	case map[string]any:
		if depth <= 0 {
			return tooDeep, nil
		}
		m := make(map[string]any, len(v))
		for k, x := range v {
			clean, err := cleanValue(x, depth-1)
			if err != nil {
				return nil, fmt.Errorf("%q: %w", k, err)
			}
			m[cleanText(k)] = clean
		}
		return m, nil
	}
	return throughJSON(v, depth)
}

func throughJSON(v any, depth int) (any, error) {
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
	return cleanValue(x, depth)
}

func cleanNumber(n json.Number) (any, error) {
	if n == "" {
		return json.Number("0"), nil
	}
	if !json.Valid([]byte(n)) || (n[0] != '-' && (n[0] < '0' || n[0] > '9')) {
		return nil, errors.New("a json.Number does not hold a number")
	}
	return n, nil
}

// cutMetadata brings the JSON form of the metadata within limit: the largest values shrink first, and only when that
// is not enough keys go, last in order first, so that a reader still sees what was there.
func (c *cleaner) cutMetadata(limit int) {
	m := c.e.Metadata
	whole := appendValue(nil, m)
	over := len(whole) - limit
	if over <= 0 {
		return
	}
	c.cut("metadata", whole)
	sizes := make(map[string]int, len(m))
	for k, v := range m {
		sizes[k] = len(appendValue(nil, v))
	}
	keys := slices.Sorted(maps.Keys(m))
	slices.SortStableFunc(keys, func(a, b string) int { return sizes[b] - sizes[a] })
	for _, k := range keys {
		if over <= 0 {
			return
		}
		before := sizes[k]
		short := cutText(textOf(m[k]), max(64, before-over))
		if after := len(appendString(nil, short)); after < before {
			m[k] = short
			over -= before - after
		}
	}
	keys = slices.Sorted(maps.Keys(m))
	for len(keys) > 0 && len(appendValue(nil, m)) > limit {
		for _, k := range keys[len(keys)/2:] {
			delete(m, k)
		}
		keys = keys[:len(keys)/2]
		m[cutMark] = fmt.Sprintf("%d more keys", len(sizes)-len(keys))
	}
}

// textOf is a string as it is and any other value in its JSON form.
func textOf(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return string(appendValue(nil, v))
}
