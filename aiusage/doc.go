// Package aiusage records calls of AI models with what they used and cost.
//
//	prices, err := aiusage.NewPrices(aiusage.Table{
//		Version: "2026-03", Currency: "USD", From: march,
//		Prices: map[string]aiusage.Price{"gpt-5*": {Input: 1_250_000, Output: 10_000_000, Cached: 125_000}},
//	})
//	caller := &aiusage.Caller{Log: log, Prices: prices}
//	err = caller.Do(ctx, activitylog.Event{}, func(ctx context.Context, c *aiusage.Call) error {
//		answer, err := client.Send(ctx, prompt)
//		c.Usage.Model, c.Usage.InputTokens, c.Usage.OutputTokens = answer.Model, answer.In, answer.Out
//		return err
//	})
//
// Prices are the host's: providers change them, and contracts differ. A call whose price is not known has no cost, which
// is not a cost of zero. Sums are in whole millionths of the currency, without floating point.
package aiusage
