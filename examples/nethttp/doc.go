// Package nethttp records from a web server: package middleware puts who is asking into the context and records what its
// rules name; the handlers say only what they alone know.
package nethttp
