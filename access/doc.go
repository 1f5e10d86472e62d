// Package access lets people read a log: a Grant says who reads what with which rights, and every view, opened event and
// export is recorded before the first byte leaves.
//
//	guard, err := access.New(log, nil)
//	…
//	grant := access.Org(actor, "acme", access.View|access.Export)
//	page, err := guard.Reader(grant).Page(ctx, activitylog.Query{})
//
// The host decides who gets which grant; a grant is made from what its session says, for one request. There are four
// scopes: one organization, one project, what somebody did or what was done in their name, and the platform.
//
// # What is recorded
//
// Views become audit.view, with the filter in the metadata; exports become two audit.export events, one before the first
// byte and one with the number of rows and the SHA-256 of what was sent. Both stand in the log of the organization that
// was read; what was read over all organizations stands in activitylog.SystemOrg. Views by one person with one filter
// fold into one within five minutes, also over several processes. If a view cannot be recorded, nothing is shown.
// Reading these records is a view like any other, and folds like it. An answer leaves out the record of its own reading.
// What was refused is recorded as denied.
//
// # What is hidden
//
// Without the right ViewSensitive an event has no e-mails, addresses, user agents, sessions, credentials, values of
// changes, values of metadata and evidence; each says that it is hidden. Such a reader cannot ask for what it cannot see:
// filters on these fields are refused, and free text finds an event only by what is shown.
//
// What lies outside of a grant does not exist for it: the answer, and the text and class of an error, are the same as
// for an id that was never used.
package access
