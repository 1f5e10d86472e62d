package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/integrity"
)

const keyUsage = "the `file` of keys that seal the log (default the path of the database with .key behind it; PostgreSQL needs one)"

func keyFlag(fs *flag.FlagSet, key *string) { fs.StringVar(key, "key", "", keyUsage) }

// keysOf finds the keys of a log, or nil where it has none. Only create makes them, for a log without seals.
func keysOf(ctx context.Context, store activitylog.Store, db, key string, create bool) (*integrity.KeyFile, error) {
	_, ok := store.(activitylog.Spacer)
	if !ok || db == "memory:" {
		return nil, nil
	}
	named := key != ""
	if !named && !strings.Contains(db, "://") {
		key = db + ".key"
	}
	if key != "" {
		if _, err := os.Stat(key); err == nil || !errors.Is(err, fs.ErrNotExist) {
			return integrity.LoadKeyFile(key)
		}
	}
	sealed, err := integrity.Sealed(ctx, store)
	switch {
	case err != nil:
		return nil, err
	case sealed:
		return nil, fmt.Errorf("the log is sealed, and without its keys nothing can be recorded that counts; say where they are: --key FILE")
	case key == "" || !create && !named:
		return nil, nil
	case !create:
		return nil, fmt.Errorf("there are no keys in %s; activitylog import makes them", key)
	}
	return integrity.CreateKeyFile(key)
}
