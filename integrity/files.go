package integrity

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// Files takes the files of a bundle or evidence pack one after the other: each ends where the next one begins. Names have
// slashes. A *zip.Writer is one, a Folder another.
type Files interface {
	Create(name string) (io.Writer, error)
}

// Folder writes files into a new folder that only its owner may read. Close makes them durable.
type Folder struct {
	dir  string
	open *os.File
}

// NewFolder makes a folder. One that exists is refused unless it is empty.
func NewFolder(dir string) (*Folder, error) {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	if there, err := os.ReadDir(dir); err != nil || len(there) > 0 {
		return nil, errors.Join(err, fmt.Errorf("integrity: the folder %s is not empty; name one that does not exist", dir))
	}
	return &Folder{dir: dir}, nil
}

// Create begins a file.
func (f *Folder) Create(name string) (io.Writer, error) {
	if err := f.Close(); err != nil {
		return nil, err
	}
	if !fs.ValidPath(name) {
		return nil, fmt.Errorf("integrity: %q is no name of a file", name)
	}
	if err := os.MkdirAll(filepath.Join(f.dir, filepath.FromSlash(path.Dir(name))), 0o700); err != nil {
		return nil, err
	}
	var err error
	f.open, err = os.OpenFile(filepath.Join(f.dir, filepath.FromSlash(name)), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	return f.open, err
}

// Close ends the last file.
func (f *Folder) Close() error {
	if f.open == nil {
		return nil
	}
	err := errors.Join(f.open.Sync(), f.open.Close())
	f.open = nil
	return err
}

// OpenedFiles are the files of a bundle or evidence pack, to be closed.
type OpenedFiles struct {
	fs.FS
	io.Closer
}

// maxDirectory is how much of an archive may be spent on the names in it.
const maxDirectory = 32 << 20

// OpenFiles opens the folder or zip archive at a path. Nothing outside of a folder is read, whatever its links say; of an
// archive nothing is written anywhere. An archive with too many names, or with one twice, is refused.
func OpenFiles(name string) (*OpenedFiles, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("integrity: %w", err)
	}
	if info.IsDir() {
		root, err := os.OpenRoot(name)
		if err != nil {
			return nil, fmt.Errorf("integrity: %w", err)
		}
		return &OpenedFiles{regular{root.FS()}, root}, nil
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("integrity: %w", unreadable("%s is neither a folder nor a file", name))
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("integrity: %w", err)
	}
	files, err := openZip(f, info.Size())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("integrity: %w", err), f.Close())
	}
	return &OpenedFiles{files, f}, nil
}

func openZip(r io.ReaderAt, size int64) (fs.FS, error) {
	limited := &limitedAt{r: r, left: maxDirectory}
	z, err := zip.NewReader(limited, size)
	if err != nil {
		return nil, unreadable("it is no bundle, which is a folder or a zip archive: %v", err)
	}
	limited.left = -1
	seen := map[string]bool{}
	for _, f := range z.File {
		if f.Mode().IsDir() {
			continue
		}
		if !fs.ValidPath(f.Name) || !f.Mode().IsRegular() {
			return nil, unreadable("the archive has a file %.80q, of which no bundle is made", f.Name)
		}
		if seen[f.Name] {
			return nil, unreadable("the archive has the file %.80q twice", f.Name)
		}
		seen[f.Name] = true
	}
	return z, nil
}

// limitedAt lets only so much be read, until left is -1.
type limitedAt struct {
	r    io.ReaderAt
	left int64
}

func (l *limitedAt) ReadAt(b []byte, off int64) (int, error) {
	if l.left >= 0 {
		if l.left -= int64(len(b)); l.left < 0 {
			l.left = 0
			return 0, errors.New("it has too many names")
		}
	}
	return l.r.ReadAt(b, off)
}

// regular refuses what is no regular file: a pipe would never end.
type regular struct{ fs.FS }

func (r regular) Open(name string) (fs.File, error) {
	info, err := fs.Stat(r.FS, name)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no regular file", name)
	}
	if err != nil {
		return nil, err
	}
	return r.FS.Open(name)
}
