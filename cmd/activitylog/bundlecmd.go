package main

import (
	"archive/zip"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/integrity"
)

func bundleCommand() command {
	return command{
		name: "bundle", args: "--db DB (--org ORG | --all-orgs) --out FOLDER|FILE.zip [flags]",
		about: `writes a log into files that prove it without its database

Whoever gets them needs the public key of the log and nothing else: activitylog verify FOLDER, or python3 verify.py, which
is in the sources of activitylog. What is not sealed yet is sealed first. That it was written is recorded in the log. Whoever gets the bundle of one
organization learns how many others there are and when they were sealed, but not their names.`,
		setup: func(flags *flag.FlagSet) func(context.Context, streams, []string) error {
			var b bundling
			b.scope.flags(flags)
			flags.StringVar(&b.out, "out", "", "write to this new `folder`, or archive if it ends in .zip")
			flags.StringVar(&b.hide, "hide", "", "leave out these `parts` of all events: actor, target, network, metadata, separated by commas")
			return b.run
		},
	}
}

type bundling struct {
	scope     scope
	out, hide string
}

var parts = map[string]activitylog.Parts{
	"actor": activitylog.ActorPart, "target": activitylog.TargetPart, "network": activitylog.ClientPart, "metadata": activitylog.ContentPart,
}

func (b *bundling) run(ctx context.Context, s streams, args []string) (err error) {
	o := integrity.BundleOptions{Org: b.scope.org}
	switch {
	case len(args) > 0:
		return usage("a bundle has all events; activitylog export --evidence proves some")
	case b.out == "":
		return usage("say where: --out FOLDER, or --out FILE.zip")
	}
	for name := range strings.SplitSeq(b.hide, ",") {
		if parts[name] == 0 && b.hide != "" {
			return usage("--hide %s; write actor, target, network or metadata", safe(name))
		}
		o.Hide |= parts[name]
	}
	if err := b.scope.check(); err != nil {
		return err
	}
	if ctx, err = asCommand(ctx); err != nil {
		return err
	}
	db, err := openDatabase(ctx, b.scope.db, b.scope.key, false)
	if err != nil {
		return err
	}
	defer db.closeInto(&err)
	if db.sealer == nil {
		return errors.New("the log has no keys, so that nothing of it can be proved")
	}
	o.Verifiers = db.verifiers
	m, err := b.write(ctx, db, &o)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.err, "wrote %s of %s to %s\n", plural(m.Rows, "event"), plural(int64(len(m.Trees)), "organization"), safe(b.out))
	return nil
}

// write records that a bundle is written, and writes it.
func (b *bundling) write(ctx context.Context, db *database, o *integrity.BundleOptions) (m *integrity.Manifest, err error) {
	org := b.scope.org
	if org == "" {
		org = activitylog.SystemOrg
	}
	op, err := db.Begin(ctx, activitylog.Event{Org: org, Action: "audit.export", Metadata: map[string]any{"as": "bundle", "hidden": b.hide}})
	if err != nil {
		return nil, fmt.Errorf("nothing was written, since it could not be recorded: %w", err)
	}
	defer func() {
		_, ending := op.End(context.WithoutCancel(ctx), err)
		err = errors.Join(err, ending)
	}()
	if _, err := db.sealer.Seal(ctx); err != nil {
		return nil, err
	}
	err = writeFiles(b.out, func(files integrity.Files) error {
		m, err = integrity.WriteBundle(ctx, db.events, files, o)
		return err
	})
	if err == nil {
		op.Event.Metadata["rows"] = m.Rows
	}
	return m, err
}

// writeFiles has write fill a new folder or an archive, which appears only when it is whole.
func writeFiles(path string, write func(integrity.Files) error) error {
	if strings.HasSuffix(path, ".zip") {
		return writeFile(path, func(out io.Writer) error {
			z := zip.NewWriter(out)
			if err := write(z); err != nil {
				return err
			}
			return z.Close()
		})
	}
	there, err := os.ReadDir(path)
	if len(there) > 0 || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return usage("%s is not an empty folder; name one that does not exist", safe(path))
	}
	part, err := os.MkdirTemp(filepath.Dir(filepath.Clean(path)), "."+filepath.Base(path)+".*.part")
	if err != nil {
		return err
	}
	folder, err := integrity.NewFolder(part)
	if err == nil {
		err = errors.Join(write(folder), folder.Close())
	}
	if err == nil {
		err = os.Rename(part, path)
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(part))
	}
	return nil
}
