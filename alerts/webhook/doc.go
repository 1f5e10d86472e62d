// Package webhook sends notices of alerts to a URL, signed as Standard Webhooks prescribe: the receiver checks them with
// any library of that standard, and knows a repeated one by its webhook-id.
//
//	hook, err := webhook.New("https://example.com/hooks/alerts", "whsec_…", nil)
//	…
//	m, err := monitor.New(log, &monitor.Options{Notifier: hook})
package webhook
