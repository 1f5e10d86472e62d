// Package web is the pages in which admins read the log: one http.Handler that a host mounts inside its own
// authentication.
//
//	pages, err := web.New(log, grants, nil)
//	…
//	mux.Handle("/activity/", http.StripPrefix("/activity", pages))
//
// The Authorizer, here grants, says who sent a request and what they may read, as grants of package access. Scope and
// rights come from there alone: no path, parameter or cursor widens them, and what a grant does not cover is answered
// like what does not exist. Each page, opened event and export is recorded in the log before its first byte.
//
// Options give them the host's title, colours, link home, time zone, columns, texts in another language (Texts lists
// them) and ways to show its own actions, and the packages behind further pages: alerts, retention, reviews, evidence.
//
// Below each scope lies a JSON API under api/v1/ with the same rights, described by its openapi.json, with a stream of
// live events for programs. The pages of one browser share a stream below the mount. A server that is shut down should end
// the streams:
//
//	server.RegisterOnShutdown(pages.Shutdown)
//
// The pages are plain HTML that works without scripts; one script of this package adds the panel, live search and
// shortcuts. Nothing is loaded from elsewhere, all addresses are relative, and a strict Content-Security-Policy with
// Trusted Types goes with every page.
package web
