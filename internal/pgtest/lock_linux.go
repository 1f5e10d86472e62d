package pgtest

import (
	"os"
	"syscall"
)

// lockNew makes a file at path and locks it for the life of this process. The
// file takes its name only once it is locked, so that no sweep finds it free.
func lockNew(path string) (*os.File, error) {
	f, err := os.OpenFile(path+".new", os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	if err := flock(f); err != nil {
		f.Close()
		return nil, err
	}
	return f, os.Rename(path+".new", path)
}

// lockOld locks an existing file. It fails if the file's process lives.
func lockOld(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	if err := flock(f); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// flock is released by the kernel however the process ends. Files that Go
// opens are not passed on to the server, which may live a moment longer.
func flock(f *os.File) error {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}
