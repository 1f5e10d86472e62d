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
// event anew, with another name, and removes the former one. It must not run while a purge archives into the folder, and
// may be repeated after an error.
func (a *Archived) Erase(ctx context.Context, q activitylog.StoreQuery, parts activitylog.Parts) (erased int, err error) {
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
			err = a.eraseIn(m, keys, parts)
		}
	}
	if err != nil {
		return 0, fmt.Errorf("retention: archive: erase: %w", err)
	}
	return len(found), nil
}

// eraseIn writes a file anew if it has any of the events.
func (a *Archived) eraseIn(m Manifest, keys map[activitylog.Key]bool, parts activitylog.Parts) (err error) {
	has := false
	err = a.read(m, func(e *activitylog.Event) { has = has || keys[activitylog.KeyOf(e)] })
	if err != nil || !has {
		return err
	}
	base, _, _ := strings.Cut(strings.TrimSuffix(m.File, suffix), "-erased-")
	to := m
	to.Bytes, to.Events = 0, 0
	to.File = base + "-erased-" + time.Now().UTC().Format("20060102T150405.000000000") + suffix
	out, err := createArchive(a.dir, to)
	if err != nil {
		return err
	}
	defer out.file.Close()
	var events []activitylog.Event
	var failed error
	write := func() {
		if failed == nil && len(events) > 0 {
			failed = out.add(events)
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
	if err = errors.Join(err, failed); err != nil {
		return err
	}
	for _, name := range []string{m.File + ".json", m.File} {
		if err := os.Remove(filepath.Join(a.dir, name)); err != nil {
			return err
		}
	}
	return syncDir(a.dir)
}
