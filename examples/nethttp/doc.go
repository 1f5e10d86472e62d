// Package nethttp records from the handlers of a web server: a middleware puts who is asking into the context, and the
// handlers say only what happened.
package nethttp
