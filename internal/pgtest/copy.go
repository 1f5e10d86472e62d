package pgtest

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// copyTree copies the folder src, which must exist, to dst, which must not.
// With sync the copy is on disk when it returns.
func copyTree(src, dst string, sync bool) error {
	return walkTree(src, dst, 0o700, func(from, to string) error {
		return copyFile(from, to, 0o600, sync)
	})
}

// linkTree is copyTree for files that are only read, and by everybody: it links
// where it can, so that it costs next to nothing.
func linkTree(src, dst string) error {
	return walkTree(src, dst, 0o755, func(from, to string) error {
		info, err := os.Stat(from)
		if err != nil {
			return err
		}
		mode := fs.FileMode(0o644)
		if info.Mode()&0o100 != 0 {
			mode = 0o755
		}
		if info.Mode()&mode == mode && os.Link(from, to) == nil {
			return nil
		}
		// Another file system, or a file closed to others.
		return copyFile(from, to, mode, false)
	})
}

// walkTree makes at dst the folders and symbolic links of src, and calls file
// for every regular file.
func walkTree(src, dst string, dirMode fs.FileMode, file func(from, to string) error) error {
	return filepath.WalkDir(src, func(from string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(src, from)
		if err != nil {
			return err
		}
		to := filepath.Join(dst, rel)
		switch {
		case d.IsDir():
			return makeDir(to, dirMode)
		case d.Type()&fs.ModeSymlink != 0:
			target, err := os.Readlink(from)
			if err != nil {
				return err
			}
			return os.Symlink(target, to)
		case d.Type().IsRegular():
			return file(from, to)
		}
		return nil // sockets and the like
	})
}

func copyFile(from, to string, mode fs.FileMode, sync bool) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	if err := out.Chmod(mode); err != nil { // whatever the umask
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		return err
	}
	if sync {
		return out.Sync()
	}
	return nil
}

// makeDir makes a folder with exactly this mode, whatever the umask.
func makeDir(dir string, mode fs.FileMode) error {
	if err := os.Mkdir(dir, mode); err != nil {
		return err
	}
	return os.Chmod(dir, mode)
}
