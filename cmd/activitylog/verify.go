package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/activitylog/activitylog/integrity"
	"github.com/activitylog/activitylog/integrity/witness"
)

// exitTampered is the exit code of verify when something was changed; what cannot be decided and wrong usage follow it.
const exitTampered = 1

var errTampered = errors.New("the log was tampered with")

func verifyCommand() command {
	return command{
		name: "verify", args: "(--db DB | BUNDLE) [--key FILE | --public KEY] [flags]", worse: 1,
		about: `proves that nothing in a log was changed, removed, inserted or hidden since it was sealed

Every row is held against the evidence that it was recorded with, the evidence against the tree of its organization, and
the trees against the signatures of the log. Writers may go on meanwhile, and nothing is written. With --public instead
of the keys, no secret is needed; then rows that are not sealed yet are not checked.

A database that was set back to an older state as a whole is right in itself. Keep the checkpoint that --save writes
somewhere else and give it to --known: the log must continue it.

With --since, what an earlier verification found in order is not read again, so that it can run every hour. It says what
it relied on. Keep the file where whoever can change the database cannot, and verify all from time to time.

A BUNDLE is a folder or archive that activitylog bundle or activitylog export --evidence wrote. It is verified without a
database; its files need not be trusted.

The exit code is 0 when all is clean, 1 when something was changed, 2 when it cannot be decided and 3 when the command
was called wrongly.`,
		setup: func(flags *flag.FlagSet) func(context.Context, streams, []string) error {
			var v verifying
			flags.StringVar(&v.db, "db", "", dbUsage)
			keyFlag(flags, &v.key)
			flags.StringVar(&v.public, "public", "", "the public `key` of the log, in place of its file of keys")
			flags.BoolVar(&v.deep, "deep", false, "also check what the database derived from the events, such as indexes")
			flags.Func("known", "a `file` with checkpoints that were kept elsewhere; may be repeated", func(path string) error {
				v.known = append(v.known, path)
				return nil
			})
			flags.Func("witness", "the public `key` of a C2SP witness that must have cosigned the log; may be repeated", func(key string) error {
				w, err := witness.New(key, "", nil)
				v.witnesses = append(v.witnesses, w)
				return err
			})
			flags.IntVar(&v.quorum, "witnesses", 0, "how many of the witnesses are enough: a `number` (default all)")
			flags.StringVar(&v.save, "save", "", "write the newest checkpoint to this `file` if all is clean")
			flags.StringVar(&v.since, "since", "", "go on from what this `file` says was verified, and renew it if all is clean; the first time it is made")
			flags.DurationVar(&v.silence, "max-silence", 0, "the longest `duration` since the newest seal; 0 means any")
			return v.run
		},
	}
}

type verifying struct {
	db, key, public string
	deep            bool
	known           []string
	save, since     string
	silence         time.Duration
	witnesses       []integrity.Attester
	quorum          int
}

func (v *verifying) run(ctx context.Context, s streams, args []string) (err error) {
	switch {
	case len(args) > 1 || len(args) == 1 && v.db != "":
		return usage("verify takes one database or one bundle, not %s besides", safe(args[len(args)-1]))
	case len(args) == 1 && (v.deep || v.since != "" || v.key == "" && v.public == ""):
		return usage("a bundle is verified by --public KEY or --key FILE, and has nothing for --deep and --since")
	case v.key != "" && v.public != "":
		return usage("--key and --public exclude each other; leave one out")
	case v.db == "memory:":
		return usage("there is nothing to verify in memory:")
	case v.quorum < 0 || v.quorum > len(v.witnesses):
		return usage("--witnesses %d, but %d are named by --witness", v.quorum, len(v.witnesses))
	}
	o, err := v.options(s)
	if err != nil {
		return err
	}
	if len(args) == 1 {
		return v.files(ctx, s, args[0], o)
	}
	db, err := readDatabase(ctx, v.db)
	if err != nil {
		return err
	}
	defer db.closeInto(&err)
	shown := newProgress(s.err, "rows checked")
	defer shown.done()
	o.Progress = func(rows int64) { shown.add(rows - shown.n) }
	report, err := integrity.Verify(ctx, db.events, o)
	shown.done()
	if err != nil {
		return err
	}
	return v.conclude(s.out, report)
}

// files verifies a bundle or an evidence pack.
func (v *verifying) files(ctx context.Context, s streams, path string, o *integrity.VerifyOptions) error {
	files, err := integrity.OpenFiles(path)
	if err != nil {
		return err
	}
	defer files.Close()
	shown := newProgress(s.err, "rows checked")
	defer shown.done()
	o.Progress = func(rows int64) { shown.add(rows - shown.n) }
	if integrity.IsEvidence(files) {
		report, err := integrity.VerifyEvidence(ctx, files, o)
		shown.done()
		if err != nil {
			return err
		}
		if err := concludeEvidence(s.out, report); err != nil {
			return err
		}
		return v.keep([]byte(report.Root), nil)
	}
	report, err := integrity.VerifyBundle(ctx, files, o)
	shown.done()
	if err != nil {
		return err
	}
	return v.conclude(s.out, report)
}

func (v *verifying) options(s streams) (*integrity.VerifyOptions, error) {
	o := &integrity.VerifyOptions{MaxSilence: v.silence, Deep: v.deep, Attesters: v.witnesses, Attested: v.quorum}
	if v.quorum == 0 {
		o.Attested = len(v.witnesses)
	}
	switch {
	case v.public != "":
		public, err := note.NewVerifier(v.public)
		if err != nil {
			return nil, usage("--public is no key: %v", err)
		}
		o.Verifiers = []note.Verifier{public}
	default:
		if v.key == "" && !strings.Contains(v.db, "://") && v.db != "" {
			v.key = v.db + ".key"
		}
		if v.key == "" {
			return nil, usage("say by which keys: --db DB with --key FILE, or --public KEY")
		}
		keys, err := integrity.LoadKeyFile(v.key)
		if err != nil {
			return nil, err
		}
		o.Verifiers, o.Keys = keys.Verifiers, &keys.WriterKeys
	}
	if v.since != "" {
		b, err := os.ReadFile(v.since)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		o.Since = b
	}
	for _, path := range v.known {
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		o.Known = append(o.Known, integrity.ReadCheckpoints(b)...)
	}
	return o, nil
}

// conclude prints the report and turns its verdict into an exit code.
func (v *verifying) conclude(w io.Writer, r *integrity.Report) error {
	showFindings(w, r.Findings, r.More)
	fmt.Fprintf(w, "%s read, %s sealed in %s, %s not sealed yet, %s purged, %s erased\n", plural(r.Events, "event"), grouped(r.Sealed),
		plural(int64(r.Trees), "tree"), grouped(r.Unsealed), grouped(r.Purged), grouped(r.Erased))
	if r.Hidden > 0 {
		fmt.Fprintf(w, "%s had parts hidden when the bundle was written\n", plural(r.Hidden, "event"))
	}
	if r.Others > 0 {
		fmt.Fprintf(w, "the bundle is of one organization; %s of others were left out\n", plural(r.Others, "seal"))
	}
	if r.Adopted > 0 {
		fmt.Fprintf(w, "%s came without evidence before there were keys; they are fixed as they were then\n", plural(r.Adopted, "event"))
	}
	if p := r.Relied; p != nil {
		fmt.Fprintf(w, "relied on what was verified before: %s sealed until %s, which were not read again\n", plural(p.Entries, "event"), p.AsOf.Format(time.RFC3339))
	}
	for _, a := range r.Anchors {
		printAnchor(w, a)
	}
	if !r.AsOf.IsZero() {
		fmt.Fprintf(w, "newest seal: %s\n", r.AsOf.Format(time.RFC3339))
	}
	if r.Verdict() == integrity.Tampered {
		fmt.Fprintf(w, "nothing was found in %s of %s\n", grouped(int64(r.Intact)), plural(int64(r.Trees), "organization"))
	}
	if err := verdict(w, r.Verdict()); err != nil {
		return err
	}
	return v.keep([]byte(r.Root), r.Vouch)
}

// keep writes what a later verification can go by.
func (v *verifying) keep(root, vouch []byte) error {
	for path, b := range map[string][]byte{v.save: root, v.since: vouch} {
		if path == "" {
			continue
		}
		err := writeFile(path, func(out io.Writer) error {
			_, err := out.Write(b)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func showFindings(w io.Writer, findings []integrity.Finding, more int) {
	for _, f := range findings {
		fmt.Fprintln(w, safe(f.String()))
	}
	if more > 0 {
		fmt.Fprintf(w, "and %s more\n", plural(int64(more), "finding"))
	}
}

// verdict turns a verdict into an exit code.
func verdict(w io.Writer, v integrity.Verdict) error {
	switch v {
	case integrity.Tampered:
		return errTampered
	case integrity.Undecided:
		return errors.New("it cannot be decided whether the log is as it was")
	}
	_, err := fmt.Fprintln(w, "clean")
	return err
}

func printAnchor(w io.Writer, a integrity.Anchored) {
	fmt.Fprintf(w, "anchor %s: ", safe(a.Name))
	switch {
	case !a.Attested.IsZero():
		fmt.Fprintf(w, "attests the first %s entries of the root log since %s\n", grouped(a.Size), a.Attested.UTC().Format(time.RFC3339))
	case !a.At.IsZero():
		fmt.Fprintf(w, "has the first %s entries of the root log since %s, which was not checked\n", grouped(a.Size), a.At.Format(time.RFC3339))
	default:
		fmt.Fprintln(w, "never had a checkpoint")
	}
}
