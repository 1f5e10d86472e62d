package retention

import (
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"os"
	"path/filepath"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/google/uuid"
)

// Manifest says what one file of an archive holds. It stands beside the file, as FILE.json, from before the file is there
// until after it is gone. The file ends at Bytes: more is refused, but for what a purge that is Open has written and not
// yet removed from the log.
type Manifest struct {
	File   string    `json:"file"`
	Purge  uuid.UUID `json:"purge"` // of one of the audit.purge events that began it
	Org    string    `json:"org"`   // empty: of all organizations
	Rules  []Rule    `json:"rules"` // that counted, of the platform and of the organization
	Oldest time.Time `json:"oldest"`
	Newest time.Time `json:"newest"`
	Events int64     `json:"events"`
	Bytes  int64     `json:"bytes"`
	SHA256 string    `json:"sha256"` // of these bytes

	Open     bool   `json:"open,omitempty"`     // it is being written, or whoever wrote it died
	Replaces string `json:"replaces,omitempty"` // the file out of which an erasure made it, which counts as long as it is there
}

// archive is one file that grows. A batch is in it and in the manifest, on disk, before it leaves the log.
type archive struct {
	dir      string
	file     *os.File
	sum      hash.Hash
	manifest Manifest // of all that was written
	durable  Manifest // on disk
}

func newArchive(dir string, m Manifest) (*archive, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	m.File = fmt.Sprintf("%s-%s"+suffix, time.Now().UTC().Format("20060102T150405"), m.Purge)
	return createArchive(dir, m)
}

const suffix = ".ndjson.gz"

// createArchive makes the file of a manifest, which tells that it is empty.
func createArchive(dir string, m Manifest) (*archive, error) {
	m.Open, m.Bytes, m.Events, m.SHA256 = true, 0, 0, ""
	if err := m.write(dir); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(dir, m.File), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	return &archive{dir: dir, file: f, sum: sha256.New(), manifest: m, durable: m}, nil
}

// Write implements io.Writer for what goes into the file.
func (a *archive) Write(b []byte) (int, error) {
	n, err := a.file.Write(b)
	a.sum.Write(b[:n])
	a.manifest.Bytes += int64(n)
	return n, err
}

// add appends events as one part of the file that can be read alone, and makes them and the manifest durable.
func (a *archive) add(ctx context.Context, events []activitylog.Event) error {
	z := gzip.NewWriter(a)
	var line []byte
	for i := range events {
		e := &events[i]
		line = append(e.AppendJSON(line[:0]), '\n')
		if _, err := z.Write(line); err != nil {
			return err
		}
		if m := &a.manifest; m.Events == 0 || e.Time.Before(m.Oldest) {
			m.Oldest = e.Time
		}
		if m := &a.manifest; m.Events == 0 || e.Time.After(m.Newest) {
			m.Newest = e.Time
		}
		a.manifest.Events++
	}
	if err := z.Close(); err != nil {
		return err
	}
	err := a.file.Sync()
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return err
	}
	a.manifest.SHA256 = hex.EncodeToString(a.sum.Sum(nil))
	if err := a.manifest.write(a.dir); err != nil {
		return err
	}
	a.durable = a.manifest
	return nil
}

// write replaces the manifest as a whole.
func (m Manifest) write(dir string) error {
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".manifest-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone already once it was renamed
	_, err = f.Write(append(b, '\n'))
	if err == nil {
		err = f.Sync()
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, m.File+".json"))
	}
	if err != nil {
		return err
	}
	return syncDir(dir)
}

// syncDir makes new names durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// close ends the file with what the manifest tells of.
func (a *archive) close() error {
	return errors.Join(a.durable.end(a.dir, a.file), a.file.Close())
}

// end cuts off what a file has behind its manifest, and tells that nobody writes it any more.
func (m Manifest) end(dir string, f *os.File) error {
	err := f.Truncate(m.Bytes)
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		return err
	}
	m.Open = false
	return m.write(dir)
}

// save puts events that are about to go into the archive.
func (p *purge) save(ctx context.Context, events []activitylog.Event) error {
	if p.archive == nil {
		m := Manifest{Org: p.org, Rules: append([]Rule{}, p.state.rules[""]...)}
		if p.org != "" {
			m.Rules = append(m.Rules, p.state.rules[p.org]...)
		}
		if x := p.ops[events[0].Org]; x != nil {
			m.Purge = x.op.ID()
		} else {
			m.Purge = uuid.Must(uuid.NewV7())
		}
		var err error
		if p.archive, err = newArchive(p.o.Archive, m); err != nil {
			return fmt.Errorf("archive: %w", err)
		}
	}
	if err := p.archive.add(ctx, events); err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	p.report.Archived += int64(len(events))
	return nil
}
