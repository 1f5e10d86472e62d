// Package archtest holds the module to its architecture: who may import whom,
// which third-party packages each package brings along, and how many names the
// root package exports; docs/architecture.md gives the reasons. It also sees to
// it that make test leaves no test out. It has only tests.
//
// The list of third-party packages is renewed with
//
//	go test ./internal/archtest -update
package archtest
