package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"os/user"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/activitylog/activitylog/integrity"
	"github.com/activitylog/activitylog/retention"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/activitylog/activitylog/store/postgres"
	"github.com/activitylog/activitylog/store/sqlite"
)

// database is an open log.
type database struct {
	*activitylog.Log
	events    activitylog.Store
	store     io.Closer
	sealer    *integrity.Sealer // nil: the log has no keys
	seals     bool              // whether the sealer is at work
	verifiers []note.Verifier   // of its keys
}

// startSealing seals what is recorded until the log is closed, if it has keys.
func (d *database) startSealing() {
	if d.sealer != nil {
		d.sealer.Start()
		d.seals = true
	}
}

// close seals what was recorded.
func (d *database) close() error {
	err := d.Log.Close(context.Background())
	if d.sealer != nil && (d.seals || d.Stats().Recorded > 0) {
		err = errors.Join(err, d.sealer.Close(context.Background()))
	}
	return errors.Join(err, d.store.Close())
}

// closeInto closes and keeps what went wrong with it in err, unless that holds something already.
func (d *database) closeInto(err *error) {
	if closing := d.close(); *err == nil {
		*err = closing
	}
}

// openDatabase opens the log that --db names. Only create makes what does not exist and brings its schema up to date.
func openDatabase(ctx context.Context, db, key string, create bool) (*database, error) {
	store, err := openStore(ctx, db, create)
	if err != nil {
		return nil, err
	}
	closer, ok := store.(io.Closer)
	if !ok {
		closer = io.NopCloser(nil)
	}
	d, err := openLog(ctx, store, db, key, create)
	if err != nil {
		return nil, errors.Join(err, closer.Close())
	}
	d.store = closer
	return d, nil
}

// readDatabase opens the log that --db names for what records nothing.
func readDatabase(ctx context.Context, db string) (*database, error) {
	store, err := openStore(ctx, db, false)
	if err != nil {
		return nil, err
	}
	d := &database{events: store, store: io.NopCloser(nil)}
	if closer, ok := store.(io.Closer); ok {
		d.store = closer
	}
	if d.Log, err = activitylog.New(store, nil); err != nil {
		return nil, errors.Join(err, d.store.Close())
	}
	return d, nil
}

// openLog makes the log of a store, sealed if it has keys.
func openLog(ctx context.Context, store activitylog.Store, db, key string, create bool) (*database, error) {
	keys, err := keysOf(ctx, store, db, key, create)
	if err != nil {
		return nil, err
	}
	o := activitylog.Options{Timeout: time.Minute}
	if keys != nil {
		w := integrity.NewWriter(keys.WriterKeys)
		o.Stamp, o.Number = w.Stamp, w.Number
	}
	d := &database{events: store}
	if d.Log, err = activitylog.New(store, &o); err != nil || keys == nil {
		return d, err
	}
	d.verifiers = keys.Verifiers
	d.sealer, err = integrity.NewSealer(d.Log, store, &keys.Keys, nil)
	return d, err
}

func openStore(ctx context.Context, db string, create bool) (activitylog.Store, error) {
	scheme, _, hasScheme := strings.Cut(db, "://")
	switch {
	case db == "":
		return nil, usage("say which log: --db FILE for SQLite, or --db postgres://USER@HOST/DATABASE")
	case db == "memory:":
		return memory.New(), nil
	case scheme == "postgres" || scheme == "postgresql":
		if _, err := url.Parse(db); err != nil { // its text would hold the password
			return nil, usage("--db is no valid URL; write postgres://USER@HOST/DATABASE and escape special characters as %%XX")
		}
		return postgres.Open(ctx, db, &postgres.Options{Migrate: create})
	case hasScheme:
		return nil, usage("--db does not know %s://; write a path for SQLite, or postgres://USER@HOST/DATABASE", safe(scheme))
	}
	info, err := os.Stat(db)
	if errors.Is(err, fs.ErrNotExist) && !create {
		return nil, fmt.Errorf("there is no database %s; activitylog import makes one", db)
	}
	if err == nil && info.IsDir() && !create {
		return retention.OpenArchive(db)
	}
	return sqlite.Open(ctx, db, &sqlite.Options{Migrate: create})
}

const dbUsage = "the log: a `DB` is a file of SQLite or postgres://USER@HOST/DATABASE; to read, also a folder that prune --archive filled"

// scope is the part of a log that a command reads.
type scope struct {
	db, key, org string
	all          bool
}

func (s *scope) flags(fs *flag.FlagSet) {
	fs.StringVar(&s.db, "db", "", dbUsage)
	keyFlag(fs, &s.key)
	fs.StringVar(&s.org, "org", "", "the events of this `organization`")
	fs.BoolVar(&s.all, "all-orgs", false, "the events of all organizations")
}

// check finds what is wrong before anything is opened.
func (s *scope) check() error {
	switch {
	case s.org == "" && !s.all:
		return usage("say whose events: --org NAME, or --all-orgs")
	case s.org != "" && s.all:
		return usage("--org and --all-orgs exclude each other; leave one out")
	}
	return nil
}

// open opens the log for reading, which is recorded as that of the operating system's user.
func (s *scope) open(ctx context.Context) (*database, reader, error) {
	if err := s.check(); err != nil {
		return nil, nil, err
	}
	d, err := openDatabase(ctx, s.db, s.key, false)
	if err != nil {
		return nil, nil, err
	}
	r, err := s.reader(d)
	if err != nil {
		return nil, nil, errors.Join(err, d.close())
	}
	return d, r, nil
}

func (s *scope) reader(d *database) (reader, error) {
	if _, ok := d.events.(*retention.Archived); ok {
		return s.archived(d), nil
	}
	who, err := osActor()
	if err != nil {
		return nil, err
	}
	guard, err := access.New(d.Log, nil)
	if err != nil {
		return nil, err
	}
	if s.all {
		return guard.Reader(access.Platform(who, access.AllRights)), nil
	}
	return guard.Reader(access.Org(who, s.org, access.AllRights)), nil
}

// osActor is the user under whom the command runs. Whoever can open a database can read it; what is recorded is who.
func osActor() (activitylog.Actor, error) {
	u, err := user.Current()
	if err != nil {
		return activitylog.Actor{}, fmt.Errorf("who runs this cannot be found out, so that it could not be recorded: %w", err)
	}
	name := u.Username
	if u.Name != "" {
		name = u.Name
	}
	return activitylog.Actor{Type: activitylog.User, ID: "os:" + u.Username, Name: name}, nil
}

// asCommand is a context whose events were made by the command for whoever runs it.
func asCommand(ctx context.Context) (context.Context, error) {
	who, err := osActor()
	if err != nil {
		return nil, err
	}
	return activitylog.WithActor(activitylog.WithRequest(ctx, activitylog.Request{Origin: "cli"}), who), nil
}

// filter reads the text of a filter, which may have come as several arguments.
func filter(args []string) (activitylog.Filter, error) {
	text := strings.Join(args, " ")
	f, err := activitylog.ParseFilter(text)
	var wrong *activitylog.SyntaxError
	if errors.As(err, &wrong) {
		at := min(wrong.Pos, len(text))
		before, behind := safe(text[:at]), safe(text[at:])
		return f, usage("the filter is wrong here: %s\n  %s%s\n  %s^", wrong.Text, before, behind, strings.Repeat(" ", len([]rune(before))))
	}
	return f, err
}

func order(name string) (activitylog.Order, error) {
	switch name {
	case "newest":
		return activitylog.Newest, nil
	case "oldest":
		return activitylog.Oldest, nil
	}
	return 0, usage("--order %s; write newest or oldest", name)
}
