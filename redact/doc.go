// Package redact keeps secrets, prompts and addresses out of a log, before anything is stored or hashed.
//
//	policy, err := redact.New(&redact.Options{IP: redact.Prefix})
//	log, err := activitylog.New(store, &activitylog.Options{Redact: policy.Redact})
//
// What is taken out leaves a mark that says what it was, such as [redacted:password] or [redacted:jwt].
//
// # By name
//
// A value of metadata, a label or a change whose name ends in one of these is taken out whole, whatever separates its
// words (user_password, "X-Api-Key", clientSecret): password, passwd, passphrase, passcode, pwd, secret, token,
// API key, access key, account key, private key, secret key, signing key, encryption key, authorization, cookie,
// credential, credentials, otp, pin, cvv, cvc, mfa code, recovery code, connection string; also with hash, value, text,
// raw, plain, encrypted, base64, new, old, current or confirmation behind it. Booleans, null and empty texts stay:
// they tell that there was one. Names that only count or name secrets stay too: token_count, secret_id, max_tokens.
//
// # By value
//
// In every text of the event but its organization, project, category and action:
//
//   - assignments whose name is on that list: password=…, "api_key": "…", Authorization: …, --token …
//   - the password in an address (scheme://user:password@host) and in a MySQL DSN
//   - Authorization values of the schemes Bearer and Basic
//   - private keys in PEM, age and PGP armor; JSON Web Tokens
//   - tokens with a known shape of Anthropic, Atlassian, AWS, Databricks, DigitalOcean, Docker, Doppler, Figma, GitHub,
//     GitLab, Google, Grafana, Hugging Face, Linear, Mailgun, New Relic, Notion, npm, OpenAI, Postman, PyPI,
//     RubyGems, Sendgrid, Shopify, Slack, Square, Stripe, Telegram, Twilio, Vault
//
// It does not guess by entropy: a random text under a harmless name is an id as likely as a secret. A password in prose
// ("it is hunter2") stays. Options takes more names and detectors, and a function for what only the host can know.
//
// # Prompts and answers
//
// Metadata under the names of Texts, such as prompt and answer, is taken out unless Options.KeepTexts is set; then
// events that hold any get a retention class of their own.
package redact
