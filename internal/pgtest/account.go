package pgtest

import (
	"io/fs"
	"os"
	"path/filepath"
)

// account is the user that the server runs under. PostgreSQL refuses to run as
// root, so root lends it another one.
type account struct {
	name     string
	borrowed bool // another user than that of this process
	uid, gid int  // of a borrowed one
}

// own gives a file to the account.
func (a account) own(path string) error {
	if !a.borrowed {
		return nil
	}
	return os.Lchown(path, a.uid, a.gid)
}

// ownAll gives a folder and all that is in it to the account.
func (a account) ownAll(dir string) error {
	if !a.borrowed {
		return nil
	}
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return a.own(path)
	})
}

// reach returns a folder of the binaries in bin that the account can run them
// from: bin itself, or a copy at dir where bin is in a home that is closed to
// others, as root's cache is.
func (a account) reach(bin, dir string) (string, error) {
	if !a.borrowed || open(bin) {
		return bin, nil
	}
	if err := makeDir(dir, 0o755); err != nil {
		return "", err
	}
	// The server finds its other files relative to its own place. These three
	// folders are all it has; the parent may hold anything.
	for _, name := range []string{filepath.Base(bin), "lib", "share"} {
		src := filepath.Join(filepath.Dir(bin), name)
		if _, err := os.Stat(src); err != nil {
			continue
		}
		if err := linkTree(src, filepath.Join(dir, name)); err != nil {
			return "", err
		}
	}
	return filepath.Join(dir, filepath.Base(bin)), nil
}

// open reports whether everybody may enter dir. It asks the mode bits alone:
// where an access list allows more, a needless copy is made.
func open(dir string) bool {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return false
	}
	for {
		info, err := os.Stat(dir)
		if err != nil || info.Mode().Perm()&0o001 == 0 {
			return false
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return true
		}
		dir = parent
	}
}
