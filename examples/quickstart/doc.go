// Package quickstart records three events in a SQLite file and reads them back.
package quickstart
