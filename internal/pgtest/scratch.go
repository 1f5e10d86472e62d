package pgtest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

const (
	scratchPrefix = "activitylog-pg-"
	lockName      = "lock"
)

// scratch is the folder of one server: its data, its log, its socket and, where
// needed, a copy of its binaries. A lock on a file in it says that its process
// lives; the folder of a process that was killed is removed by the next one.
type scratch struct {
	dir  string
	lock *os.File
}

// newScratch makes a folder for a server that runs under the account.
func newScratch(a account) (*scratch, error) {
	base := scratchBase(a)
	sweep(base)
	dir, err := os.MkdirTemp(base, scratchPrefix)
	if err != nil {
		return nil, err
	}
	s := &scratch{dir: dir}
	if s.lock, err = lockNew(filepath.Join(dir, lockName)); err == nil {
		err = a.own(dir)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make a folder for the server: %w", err), s.remove())
	}
	return s, nil
}

// scratchBase returns where scratch folders are made: in the folder for
// temporary files, unless it is closed to the account or its name is so long
// that the path of a socket in it would not fit into 107 bytes.
func scratchBase(a account) string {
	const room = 60
	base, err := filepath.EvalSymlinks(os.TempDir())
	if err != nil || len(base) > room || a.borrowed && !open(base) {
		return "/tmp"
	}
	return base
}

func (s *scratch) data() string    { return filepath.Join(s.dir, "data") }
func (s *scratch) log() string     { return filepath.Join(s.dir, "log") }
func (s *scratch) install() string { return filepath.Join(s.dir, "install") }

// remove removes the folder and gives up the lock.
func (s *scratch) remove() error {
	err := removeScratch(s.dir)
	if s.lock != nil {
		err = errors.Join(err, s.lock.Close())
	}
	return err
}

// sweep removes the folders in base whose process is gone. It is a courtesy:
// what it may not remove, it leaves.
func sweep(base string) {
	dirs, _ := filepath.Glob(filepath.Join(base, scratchPrefix+"*"))
	for _, dir := range dirs {
		if lock, err := lockOld(filepath.Join(dir, lockName)); err == nil {
			_ = removeScratch(dir)
			lock.Close()
		}
	}
}

// removeScratch removes the lock last: a folder without one is never swept.
func removeScratch(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if e.Name() != lockName {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
		}
	}
	if err != nil {
		return err
	}
	return os.RemoveAll(dir)
}
