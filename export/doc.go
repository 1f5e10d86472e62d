// Package export writes events as CSV or NDJSON, in constant memory, however many there are.
//
//	w, err := export.NewCSV(file, nil)
//	if err != nil {
//		return err
//	}
//	rows, err := export.Copy(w, log.Org("acme").Events(ctx, activitylog.Query{Order: activitylog.Oldest}))
//	if err != nil {
//		return err
//	}
//	return w.Close()
//
// An export is whole when Copy and Close both returned nil, and only then. A file that was cut off, because a process
// died or a connection broke, may look like a shorter whole one: hand an export on only after Close, as a file that is
// written under another name and renamed. Where the events end with an error, the output ends in a row that no CSV and
// no JSON reader accepts.
//
// NDJSON holds everything, in the form of Event.AppendJSON. CSV is for people and spreadsheets: RFC 4180 with CRLF, a
// header always, times in UTC as RFC 3339 with microseconds, numbers plain, structures as JSON in one cell. What is
// absent, false or zero is an empty cell; only a known cost of 0 is "0". The same events give the same bytes.
//
// # Formulas
//
// A spreadsheet runs a cell that begins with = + - @, TAB, CR, LF, NUL or the full-width ＝ ＋ － ＠ as a formula. Such a
// text gets quotes and an apostrophe in front, also when white space, quotes or separators come first. To read the
// original back, take the apostrophe away where the rest would again be given one. Columns of numbers, times, ids and
// JSON cannot begin like that, apart from a negative number, which stays a number.
//
// # Columns
//
// Names and meanings are stable. Unless told otherwise a CSV has the columns without a star, in this order:
//
//	id                   of the event
//	time                 when it happened
//	org                  the organization
//	project              the second scope
//	category             such as auth
//	action               what was tried
//	verb                 create, read, update, delete, execute, access or other
//	outcome              success, failure, denied, pending or unknown
//	severity             info, low, medium, high or critical
//	message              one sentence for people
//	reason               why it failed, or the actor's comment
//	error_code           the source's own code
//	duration_us          microseconds
//	actor_type           user, service, api_key, agent, system, support or anonymous
//	actor_id             who really acted
//	actor_name           at the time
//	actor_email          at the time
//	actor_roles          * JSON
//	actor_zone           * IANA time zone
//	actor_org            * the actor's home
//	actor_version        * of the agent
//	actor_instance       * the run of the agent
//	actor_model          * that drives the agent
//	on_behalf_of         JSON: whose identity or authority was used, nearest first
//	target_type          of the first target
//	target_id            of the first target
//	target_name          of the first target
//	target_url           * of the first target
//	target_parent_type   * of the first target
//	target_parent_id     * of the first target
//	more_targets         JSON: the targets behind the first
//	changes              JSON: the fields that changed, with old and new values
//	ip                   of the client
//	ip_kind              * empty, prefix or hash
//	ip_hash              * where no address is kept
//	user_agent           as claimed
//	forwarded            * JSON: the claimed proxies
//	country              ISO 3166-1 alpha-2
//	region               * of the client
//	asn                  * of the client
//	request_id           of the request
//	method               * of the request
//	route                * of the request
//	session_id           of the request
//	credential_id        * of the request
//	trace_id             * W3C
//	span_id              * W3C
//	correlation_id       one operation over several events
//	causation_id         * the event that caused this one
//	origin               ui, api, cli, mcp, job, webhook or system
//	ai_operation         * chat, embed, image, tool or agent_run
//	provider             of the model
//	model                that answered
//	model_requested      * that was asked for
//	previous_model       before a switch
//	input_tokens         as billed
//	output_tokens        as billed
//	cached_tokens        * as billed
//	cache_write_tokens   * as billed
//	reasoning_tokens     * as billed
//	cost                 in units of currency, a decimal number; empty: unknown
//	currency             ISO 4217
//	price_version        * of the price list
//	cost_estimated       * true or empty
//	conversation_id      * of the AI usage
//	message_id           * of the AI usage
//	response_id          * of the AI usage
//	agent_id             * of the AI usage
//	agent_name           * of the AI usage
//	tool_names           * JSON
//	latency_ms           * until the last token
//	first_token_ms       * until the first token
//	stream               * true or empty
//	finish_reason        * of the answer
//	prompt_sha256        * of the prompt
//	response_sha256      * of the answer
//	labels               JSON
//	metadata             JSON
//	retention            * the retention class
//	backfill             true where the event was written after the fact
//	completes            * the id of the pending event that this one ends
//	expires              * when a pending event counts as abandoned
//	truncated            JSON: what was over a limit
//	recorded             * when the log took it; differs from log to log
//	leaf                 * evidence, base64
//	opening              * evidence, base64
package export
