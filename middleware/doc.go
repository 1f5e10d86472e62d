// Package middleware joins a web server to a log: it puts who is asking, from where and in which request into the
// context of every request, and records one event per request by rules.
//
//	m, err := middleware.New(log, &middleware.Options{
//		Identify: func(r *http.Request) middleware.Identity { … from the session … },
//		Proxies:  middleware.Proxies{Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}},
//		Rules: []middleware.Rule{
//			{Methods: []string{"DELETE"}, Path: "/projects/{id}", Action: "project.delete", Targets: []string{"project:{id}"}},
//		},
//	})
//	http.ListenAndServe(addr, m.Wrap(mux))
//
// What a handler records itself with the context of its request is completed in the same way. A handler that knows more
// than a rule adds it with Change, or calls Skip and records an event of its own.
//
// The event is recorded when the handler returns, and is durable before the server ends the response, unless
// Options.Submit is set. A panic is recorded as a failure and goes on. Query strings, headers and bodies are never
// recorded.
package middleware
