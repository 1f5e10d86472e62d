package retention

import (
	"bufio"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"

	"github.com/activitylog/activitylog"
)

// Archived is a folder of archived events as a store that can be read and not written, such as by activitylog.New. Each
// Scan reads all files and checks them against their manifests before it yields anything. An event that stands in
// several files, since a purge died between archive and log, comes once.
type Archived struct{ dir string }

// OpenArchive opens a folder that Purge filled.
func OpenArchive(dir string) (*Archived, error) {
	a := &Archived{dir}
	list, err := a.Manifests()
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("retention: %w: %s holds no archive; a purge with an archive fills it", activitylog.ErrInvalid, dir)
	}
	if err != nil {
		return nil, err
	}
	return a, nil
}

// Manifests returns what the files that count hold, sorted by their names, which begin with when they were made.
func (a *Archived) Manifests() ([]Manifest, error) {
	all, err := a.manifests()
	if err != nil {
		return nil, fmt.Errorf("retention: archive: %w", err)
	}
	var list []Manifest
	for _, m := range all {
		if m.counts {
			list = append(list, m.Manifest)
		}
	}
	return list, nil
}

// listed is a manifest in the folder, and whether its file counts.
type listed struct {
	Manifest
	counts bool
}

// manifests reads all that there are. A file that an erasure made counts as soon as the one that it replaces is gone,
// whose manifest goes last.
func (a *Archived) manifests() ([]listed, error) {
	names, err := filepath.Glob(filepath.Join(globbed(a.dir), "*"+suffix+".json"))
	if err != nil {
		return nil, err
	}
	var list []listed
	replaced := map[string]bool{}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		var m Manifest
		if err := json.Unmarshal(b, &m); err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(name), err)
		}
		if m.File+".json" != filepath.Base(name) {
			return nil, fmt.Errorf("%s is the manifest of another file: %w", filepath.Base(name), ErrArchive)
		}
		counts := !m.Open || m.Bytes > 0
		if m.Replaces != "" {
			former, err := a.there(m.Replaces)
			if err != nil {
				return nil, err
			}
			if m.Open && !former {
				return nil, fmt.Errorf("%s was not finished, and the file that it replaces is gone: %w", m.File, ErrArchive)
			}
			counts = !former
			replaced[m.Replaces] = replaced[m.Replaces] || counts
		}
		list = append(list, listed{m, counts})
	}
	for i := range list {
		if m := &list[i]; replaced[m.File] {
			m.counts = false
		}
	}
	return list, nil
}

// there tells whether a file is in the folder.
func (a *Archived) there(name string) (bool, error) {
	_, err := os.Stat(filepath.Join(a.dir, filepath.Base(name)))
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// globbed is a folder whose name means itself in a pattern.
func globbed(dir string) string {
	var b []rune
	for _, r := range dir {
		if r == '*' || r == '?' || r == '[' || r == '\\' {
			b = append(b, '\\')
		}
		b = append(b, r)
	}
	return string(b)
}

// ErrArchive means that a file of an archive is not what its manifest says.
var ErrArchive = errors.New("the archive was changed or damaged")

// Append implements activitylog.Store. It refuses.
func (a *Archived) Append(context.Context, []activitylog.Event) error {
	return fmt.Errorf("retention: an archive cannot be written: %w", errors.ErrUnsupported)
}

// Scan implements activitylog.Store.
func (a *Archived) Scan(ctx context.Context, q activitylog.StoreQuery) iter.Seq2[activitylog.Event, error] {
	return func(yield func(activitylog.Event, error) bool) {
		found, err := a.find(ctx, q)
		if err != nil {
			yield(activitylog.Event{}, err)
			return
		}
		for _, e := range found {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// find returns what q selects, in order. With a limit it keeps little more than that in memory.
func (a *Archived) find(ctx context.Context, q activitylog.StoreQuery) ([]activitylog.Event, error) {
	list, err := a.Manifests()
	if err != nil {
		return nil, err
	}
	sign := -1
	if q.Order == activitylog.Oldest {
		sign = 1
	}
	compare := func(x, y activitylog.Event) int {
		return sign * activitylog.KeyOf(&x).Compare(activitylog.KeyOf(&y))
	}
	var found []activitylog.Event
	tidy := func() {
		slices.SortStableFunc(found, compare)
		found = slices.CompactFunc(found, func(x, y activitylog.Event) bool { return compare(x, y) == 0 })
		if q.Limit > 0 && len(found) > q.Limit {
			found = slices.Delete(found, q.Limit, len(found))
		}
	}
	for _, m := range list {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		err := a.read(m, func(e *activitylog.Event) {
			if q.Org != "" && e.Org != q.Org || !q.Filter.Match(e) {
				return
			}
			if q.After != nil && sign*activitylog.KeyOf(e).Compare(*q.After) <= 0 {
				return
			}
			found = append(found, *e)
			if q.Limit > 0 && len(found) >= 2*q.Limit+1000 {
				tidy()
			}
		})
		if err != nil {
			return nil, fmt.Errorf("retention: archive: %s: %w", m.File, err)
		}
	}
	tidy()
	return found, nil
}

// read hands every event of a file to each, and fails if the file is not what its manifest says.
func (a *Archived) read(m Manifest, each func(*activitylog.Event)) error {
	f, err := os.Open(filepath.Join(a.dir, filepath.Base(m.File)))
	if err != nil {
		return err
	}
	defer f.Close()
	sum := sha256.New()
	in := io.TeeReader(io.LimitReader(f, m.Bytes), sum)
	z, err := gzip.NewReader(bufio.NewReaderSize(in, 64<<10))
	if err != nil {
		return errors.Join(ErrArchive, err)
	}
	var events int64
	lines := bufio.NewReaderSize(z, 64<<10)
	for {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF && len(line) == 0 {
			break
		}
		if err != nil {
			return errors.Join(ErrArchive, err)
		}
		var e activitylog.Event
		if err := e.UnmarshalJSON(line); err != nil {
			return errors.Join(ErrArchive, err)
		}
		events++
		each(&e)
	}
	if _, err := io.Copy(io.Discard, in); err != nil {
		return err
	}
	if hex.EncodeToString(sum.Sum(nil)) != m.SHA256 || events != m.Events {
		return ErrArchive
	}
	if info, err := f.Stat(); err != nil || info.Size() > m.Bytes && !m.Open {
		return errors.Join(err, fmt.Errorf("%w: it goes on behind the end of which its manifest tells", ErrArchive))
	}
	return nil
}
