package activitytest

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/activitylog/activitylog"
)

// Suite notes which actions the tests of a package record, and holds them to the required ones of a catalogue:
//
//	var suite = activitytest.NewSuite(catalog)
//
//	func TestMain(m *testing.M) { os.Exit(suite.Run(m)) }
//
// Tests take their recorders from Suite.New, or put Suite.Stamp into the options of a log of their own. It is safe for
// concurrent use.
type Suite struct {
	catalog *activitylog.Catalog

	mu   sync.Mutex
	seen map[string]int
}

// NewSuite returns a suite for the actions that catalog requires. nil means activitylog.DefaultCatalog.
func NewSuite(catalog *activitylog.Catalog) *Suite {
	if catalog == nil {
		catalog = activitylog.DefaultCatalog()
	}
	return &Suite{catalog: catalog, seen: map[string]int{}}
}

// New is the function New with the catalogue of the suite, unless the options have one, and with what is recorded noted.
func (s *Suite) New(t testing.TB, opts *activitylog.Options) *Recorder {
	t.Helper()
	o := activitylog.Options{}
	if opts != nil {
		o = *opts
	}
	if o.Catalog == nil {
		o.Catalog = s.catalog
	}
	stamp := o.Stamp
	o.Stamp = func(events []activitylog.Event) error {
		if stamp != nil {
			if err := stamp(events); err != nil {
				return err
			}
		}
		return s.Stamp(events)
	}
	return New(t, &o)
}

// Stamp notes events that are about to be recorded. It has the form of activitylog.Options.Stamp, and never fails.
func (s *Suite) Stamp(events []activitylog.Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range events {
		s.seen[events[i].Action]++
	}
	return nil
}

// Missing returns the required actions that were never recorded, sorted.
func (s *Suite) Missing() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []string
	for _, a := range s.catalog.Actions() {
		if a.Required && s.seen[a.Name] == 0 {
			list = append(list, a.Name)
		}
	}
	return list
}

// Seen returns the actions that were recorded, sorted.
func (s *Suite) Seen() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.seen))
}

// Run runs the tests of m and returns the code to exit with: that of the tests, or 1 if they passed but an action is
// missing, which it prints. Where only a part of the tests was asked for it prints nothing.
func (s *Suite) Run(m interface{ Run() int }) int {
	code := m.Run()
	if code != 0 || partial() {
		return code
	}
	if missing := s.Missing(); len(missing) > 0 {
		fmt.Fprintf(os.Stderr, "no test records these required actions; test them, or take Required from them in the catalogue:\n\t%s\n",
			strings.Join(missing, "\n\t"))
		return 1
	}
	return 0
}

// partial tells whether the flags of go test select some of the tests.
func partial() bool {
	for _, name := range []string{"test.run", "test.skip", "test.list", "test.fuzz"} {
		if f := flag.Lookup(name); f != nil && f.Value.String() != "" {
			return true
		}
	}
	f := flag.Lookup("test.short")
	return f != nil && f.Value.String() == "true"
}
