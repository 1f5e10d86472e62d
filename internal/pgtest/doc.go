// Package pgtest starts a private, throwaway PostgreSQL from installed
// binaries, as root or not, in well under a second.
//
// A package whose tests need a database writes
//
//	func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }
//
//	func TestStore(t *testing.T) {
//		dsn := pgtest.DSN(t) // a fresh, empty database
//	}
//
// All tests of one binary share a server; each call of [DSN] makes a database
// of its own. [Dedicated] gives a server that a test may kill and restart, and
// [Run] one to programs that are no test. Servers listen on a Unix socket in a
// folder only their owner can enter: no port to clash over, and no password
// that guards nothing. They die with the process that started them, however it
// ends, and what a killed process left in the folder for temporary files is
// swept by the next one.
//
// The server keeps fsync on, because durability tests kill it. It sorts text by
// an ICU locale and sits in an odd time zone, so that a store which forgets
// COLLATE "C" or UTC fails here and not at a user's.
//
// Environment variables:
//
//	ACTIVITYLOG_POSTGRES      DSN of a server that DSN is to use instead of a private one
//	ACTIVITYLOG_POSTGRES_BIN  folder of the binaries initdb and postgres
//	ACTIVITYLOG_REQUIRE       "1": a test fails where it would be skipped for want of PostgreSQL
package pgtest
