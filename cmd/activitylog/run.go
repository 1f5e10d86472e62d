package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
)

// The exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// streams are what a command reads and writes.
type streams struct {
	in  io.Reader
	out io.Writer
	err io.Writer
}

// command is one subcommand. setup registers its flags and returns what to do with them and the other arguments.
type command struct {
	name, args, about string
	worse             int // what is added to the exit codes of failures and wrong usage
	setup             func(*flag.FlagSet) func(ctx context.Context, s streams, args []string) error
}

func commands() []command {
	return []command{
		importCommand(), queryCommand(), exportCommand(), bundleCommand(), tailCommand(), alertsCommand(), backtestCommand(),
		pruneCommand(), holdCommand(), rulesCommand(), coverageCommand(), verifyCommand(), serveCommand(), demoCommand(),
	}
}

// usageError says what to write instead.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usage(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// run runs one command line and returns its exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	s := streams{stdin, stdout, stderr}
	if len(args) == 0 {
		overview(stderr)
		return exitUsage
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		overview(stdout)
		return exitDone
	}
	if c, rest := commandOf(args); c != nil {
		return c.run(ctx, s, rest)
	}
	fmt.Fprintf(stderr, "activitylog: there is no command %s; activitylog --help lists them\n", safe(args[0]))
	return exitUsage
}

// commandOf finds the command whose name, of one or two words, args begin with, and returns the other arguments. Of two
// such commands it is the one with the longer name.
func commandOf(args []string) (found *command, rest []string) {
	for _, c := range commands() {
		name := strings.Fields(c.name)
		if n := len(name); n <= len(args) && slices.Equal(name, args[:n]) && (found == nil || len(c.name) > len(found.name)) {
			found, rest = &c, args[n:]
		}
	}
	return found, rest
}

func (c command) run(ctx context.Context, s streams, args []string) int {
	fs := flag.NewFlagSet(c.name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	do := c.setup(fs)
	rest, err := parseArgs(fs, args)
	if errors.Is(err, flag.ErrHelp) {
		c.help(s.out, fs)
		return exitDone
	}
	if err == nil {
		err = do(ctx, s, rest)
	}
	if err == nil {
		return exitDone
	}
	text := strings.TrimPrefix(err.Error(), "activitylog: ")
	fmt.Fprintf(s.err, "activitylog %s: %s\n", c.name, safeLines(text))
	var wrong *usageError
	switch {
	case errors.As(err, &wrong):
		return exitUsage + c.worse
	case errors.Is(err, errTampered):
		return exitTampered
	}
	return exitFailed + c.worse
}

func overview(w io.Writer) {
	fmt.Fprint(w, "usage: activitylog COMMAND --db DB [flags] [arguments]\n\n")
	for _, c := range commands() {
		first, _, _ := strings.Cut(c.about, "\n")
		fmt.Fprintf(w, "  %-15s %s\n", c.name, first)
	}
	fmt.Fprint(w, "\nactivitylog COMMAND --help says more.\n")
}

func (c command) help(w io.Writer, fs *flag.FlagSet) {
	fmt.Fprintf(w, "usage: activitylog %s %s\n\n%s\n\nflags:\n", c.name, c.args, c.about)
	fs.VisitAll(func(f *flag.Flag) {
		value, text := flag.UnquoteUsage(f)
		if value != "" {
			value = " " + value
		}
		if f.DefValue != "" && f.DefValue != "false" {
			text += " (default " + f.DefValue + ")"
		}
		fmt.Fprintf(w, "  --%s%s\n        %s\n", f.Name, value, text)
	})
}

// parseArgs takes flags before, between and behind the other arguments, which it returns. What begins with a dash but
// cannot be the name of a flag, such as -outcome:success, is a part of a filter; behind "--" everything is.
func parseArgs(fs *flag.FlagSet, args []string) ([]string, error) {
	var flags, rest []string
	for i := 0; i < len(args); i++ {
		a := args[i]
		if a == "--" {
			rest = append(rest, args[i+1:]...)
			break
		}
		name, ok := flagName(a)
		if !ok {
			rest = append(rest, a)
			continue
		}
		flags = append(flags, a)
		f := fs.Lookup(name)
		if f == nil {
			if name == "h" || name == "help" {
				return nil, flag.ErrHelp
			}
			return nil, usage("there is no flag --%s; activitylog %s --help lists them. To search for what begins with a dash, write it behind --", name, fs.Name())
		}
		if b, ok := f.Value.(interface{ IsBoolFlag() bool }); ok && b.IsBoolFlag() || strings.Contains(a, "=") {
			continue
		}
		if i+1 == len(args) {
			return nil, usage("--%s needs a value", name)
		}
		i++
		flags = append(flags, args[i])
	}
	if err := fs.Parse(flags); err != nil {
		return nil, usage("%v", err)
	}
	return rest, nil
}

// flagName returns the name if a looks like a flag.
func flagName(a string) (string, bool) {
	name, dashed := strings.CutPrefix(a, "-")
	name = strings.TrimPrefix(name, "-")
	name, _, _ = strings.Cut(name, "=")
	return name, dashed && name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-") == ""
}
