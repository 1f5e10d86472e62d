package retention

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
)

// Erase implements activitylog.Eraser, so that integrity.Erase reaches archives too: it writes each file with such an
// event anew, with another name, and removes the former one. The former one counts until it is gone, so that Erase may be
// repeated after an error or a crash. It must not run while a purge archives into the folder.
func (a *Archived) Erase(ctx context.Context, q activitylog.StoreQuery, parts activitylog.Parts) (erased int, err error) {
	if err := a.Tidy(ctx); err != nil {
		return 0, err
	}
	found, err := a.find(ctx, activitylog.StoreQuery{Org: q.Org, Filter: q.Filter, Order: q.Order, Limit: q.Limit})
	if err != nil || len(found) == 0 {
		return 0, err
	}
	keys := map[activitylog.Key]bool{}
	for i := range found {
		keys[activitylog.KeyOf(&found[i])] = true
	}
	list, err := a.Manifests()
	for _, m := range list {
		if err == nil {
			err = a.eraseIn(ctx, m, keys, parts)
		}
	}
	if err != nil {
		return 0, fmt.Errorf("retention: archive: erase: %w", err)
	}
	return len(found), nil
}

// eraseIn writes a file anew if it has any of the events.
func (a *Archived) eraseIn(ctx context.Context, m Manifest, keys map[activitylog.Key]bool, parts activitylog.Parts) (err error) {
	has := false
	err = a.read(m, func(e *activitylog.Event) { has = has || keys[activitylog.KeyOf(e)] })
	if err != nil || !has {
		return err
	}
	base, _, _ := strings.Cut(strings.TrimSuffix(m.File, suffix), "-erased-")
	to := m
	to.File = base + "-erased-" + time.Now().UTC().Format("20060102T150405.000000000") + suffix
	to.Replaces = m.File
	out, err := createArchive(a.dir, to)
	if err != nil {
		return err
	}
	var events []activitylog.Event
	var failed error
	write := func() {
		if failed == nil {
			failed = ctx.Err()
		}
		if failed == nil && len(events) > 0 {
			failed = out.add(ctx, events)
		}
		events = events[:0]
	}
	err = a.read(m, func(e *activitylog.Event) {
		if keys[activitylog.KeyOf(e)] {
			parts.Erase(e)
		}
		if events = append(events, *e); len(events) == lookAhead {
			write()
		}
	})
	write()
	if err = errors.Join(err, failed, ctx.Err()); err != nil {
		return errors.Join(err, out.file.Close())
	}
	if err := out.close(); err != nil {
		return err
	}
	return a.remove(ctx, m)
}

// remove deletes a file and then its manifest, so that no file is ever there without one.
func (a *Archived) remove(ctx context.Context, m Manifest) error {
	for _, name := range []string{m.File, m.File + ".json"} {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := os.Remove(filepath.Join(a.dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		if err := syncDir(a.dir); err != nil {
			return err
		}
	}
	return nil
}

// Tidy removes what purges and erasures that died left in the folder: parts of events that the log still has, and
// files that an erasure had begun, or was about to remove. What the manifests tell of stays. It must not run while a purge
// archives into the folder. It may be repeated after an error.
func (a *Archived) Tidy(ctx context.Context) error {
	list, err := a.manifests()
	for i := range list {
		if err == nil {
			err = a.tidy(ctx, &list[i])
		}
	}
	if err != nil {
		return fmt.Errorf("retention: archive: tidy: %w", err)
	}
	return nil
}

func (a *Archived) tidy(ctx context.Context, m *listed) error {
	if !m.counts {
		return a.remove(ctx, m.Manifest)
	}
	if err := ctx.Err(); err != nil || !m.Open {
		return err
	}
	f, err := os.OpenFile(filepath.Join(a.dir, m.File), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || info.Size() < m.Bytes {
		return errors.Join(err, fmt.Errorf("%s: %w: its end is gone", m.File, ErrArchive))
	}
	return m.end(a.dir, f)
}
