// Package interop runs the store suites over drivers that the library does not import: pgx for PostgreSQL, and SQLite
// without cgo. It is a module of its own, so that no user inherits them.
package interop
