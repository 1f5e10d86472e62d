package aiusage

import (
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
)

// Price is what a model costs, in millionths of the currency per million tokens: 1,250,000 is 1.25 per million. Kinds of
// tokens that cost nothing are zero.
type Price struct {
	Input, Output      int64
	Cached, CacheWrite int64 // input that was read from a cache, and written to one

	// CacheApart tells that the provider does not count cached and written tokens in InputTokens as well.
	CacheApart bool
	// ReasoningApart tells that the provider does not count ReasoningTokens in OutputTokens as well. They cost as output.
	ReasoningApart bool
}

// Table is a price list from a moment on.
type Table struct {
	Version  string // stands in every event that was priced by it
	Currency string // ISO 4217
	From     time.Time
	// Prices are by the name of the model, or by provider/model. One that ends in * is for all that begin so; the
	// longest that fits counts.
	Prices map[string]Price
}

// Prices are price lists that follow each other. It is safe for concurrent use. The zero value knows no price.
type Prices struct{ tables []Table } // newest first

// NewPrices returns the prices of tables, in any order.
func NewPrices(tables ...Table) (*Prices, error) {
	p := &Prices{}
	versions := map[string]bool{}
	for _, t := range tables {
		if t.Version == "" || versions[t.Version] {
			return nil, invalid("price table %q; each needs a Version of its own", t.Version)
		}
		versions[t.Version] = true
		if len(t.Currency) != 3 || strings.Trim(t.Currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			return nil, invalid("price table %s has currency %q; use a code of ISO 4217 such as USD", t.Version, t.Currency)
		}
		t.Prices = maps.Clone(t.Prices)
		for model, x := range t.Prices {
			if min(x.Input, x.Output, x.Cached, x.CacheWrite) < 0 {
				return nil, invalid("price table %s: %s costs less than nothing", t.Version, model)
			}
			if strings.Contains(strings.TrimSuffix(model, "*"), "*") || model == "" {
				return nil, invalid("price table %s: model %q; use a name, with * only at its end", t.Version, model)
			}
		}
		p.tables = append(p.tables, t)
	}
	slices.SortStableFunc(p.tables, func(a, b Table) int { return b.From.Compare(a.From) })
	return p, nil
}

func invalid(format string, args ...any) error {
	return fmt.Errorf("aiusage: %w: %s", activitylog.ErrInvalid, fmt.Sprintf(format, args...))
}

// Apply fills CostMicros, Currency and PriceVersion of u by the table that holds at a moment, and tells whether it did.
// It leaves u alone if it has a cost, has no tokens, or its model has no price.
func (p *Prices) Apply(u *activitylog.AIUsage, at time.Time) bool {
	if u.CostMicros != nil || max(u.InputTokens, u.OutputTokens, u.CachedTokens, u.CacheWriteTokens, u.ReasoningTokens) == 0 {
		return false
	}
	i := slices.IndexFunc(p.tables, func(t Table) bool { return !t.From.After(at) })
	if i < 0 {
		return false
	}
	t := &p.tables[i]
	price, ok := t.find(u)
	if !ok {
		return false
	}
	cost, ok := price.cost(u)
	if !ok {
		return false
	}
	u.CostMicros, u.Currency, u.PriceVersion = &cost, t.Currency, t.Version
	return true
}

// find returns the price of the model that answered, or else of the one that was asked for.
func (t *Table) find(u *activitylog.AIUsage) (Price, bool) {
	for _, model := range []string{u.Model, u.ModelRequested} {
		if model == "" {
			continue
		}
		for _, name := range []string{u.Provider + "/" + model, model} {
			if x, ok := t.named(name); ok {
				return x, true
			}
		}
	}
	return Price{}, false
}

func (t *Table) named(name string) (Price, bool) {
	if x, ok := t.Prices[name]; ok {
		return x, true
	}
	for n := len(name); n >= 0; n-- {
		if x, ok := t.Prices[name[:n]+"*"]; ok {
			return x, true
		}
	}
	return Price{}, false
}

// cost is the sum, rounded to the nearest millionth. It is not known for counts that make no sense.
func (x Price) cost(u *activitylog.AIUsage) (int64, bool) {
	input, output := u.InputTokens, u.OutputTokens
	if !x.CacheApart {
		input -= u.CachedTokens + u.CacheWriteTokens
	}
	if x.ReasoningApart {
		output += u.ReasoningTokens
	}
	const million = 1_000_000
	var hi, lo uint64 // of the sum of all products, in 128 bits
	for _, part := range [...][2]int64{{input, x.Input}, {output, x.Output}, {u.CachedTokens, x.Cached}, {u.CacheWriteTokens, x.CacheWrite}} {
		if part[0] < 0 {
			return 0, false
		}
		h, l := bits.Mul64(uint64(part[0]), uint64(part[1]))
		var carry uint64
		lo, carry = bits.Add64(lo, l, 0)
		hi, _ = bits.Add64(hi, h, carry)
	}
	lo, carry := bits.Add64(lo, million/2, 0)
	if hi += carry; hi >= million/2 { // the quotient would not fit into an int64
		return 0, false
	}
	cost, _ := bits.Div64(hi, lo, million)
	return int64(cost), true
}
