package pgtest

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

const (
	// startTimeout is generous because a start after Kill includes recovery.
	startTimeout = 2 * time.Minute
	stopTimeout  = 20 * time.Second
	// pollEvery is the pause between two attempts to connect.
	pollEvery = 10 * time.Millisecond
)

// Config says how to run a server. The zero value is what tests use.
type Config struct {
	// Bin is the folder of initdb and postgres. Empty: ACTIVITYLOG_POSTGRES_BIN,
	// then the usual places.
	Bin string
	// Settings are further server settings, each "name=value"; they win over
	// those of this package.
	Settings []string
	// From is a folder that Save wrote; its databases take the place of the
	// empty one.
	From string
}

// A Server is a running private PostgreSQL. Its methods may be called from
// several goroutines. The goroutine that waits for the process ends with Stop.
type Server struct {
	bin      string
	settings []string
	account  account
	scratch  *scratch

	mu      sync.Mutex
	process *process // nil once stopped
}

// Run starts a server with an empty database and returns when it answers. The
// caller owns it and must call Stop. ctx bounds the start alone. The error
// wraps [ErrNotInstalled] where there are no binaries and
// [errors.ErrUnsupported] where this package cannot run them.
func Run(ctx context.Context, c Config) (*Server, error) {
	s, err := run(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("pgtest: %w", err)
	}
	return s, nil
}

func run(ctx context.Context, c Config) (_ *Server, err error) {
	if err := supported(); err != nil {
		return nil, err
	}
	bin, err := findBinaries(c.Bin)
	if err != nil {
		return nil, err
	}
	account, err := serverAccount()
	if err != nil {
		return nil, err
	}
	dir, err := newScratch(account)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, dir.remove())
		}
	}()
	s := &Server{bin: bin, settings: c.Settings, account: account, scratch: dir}
	if s.bin, err = account.reach(bin, dir.install()); err != nil {
		return nil, fmt.Errorf("copy PostgreSQL to where %s can run it: %w", account.name, err)
	}
	if c.From != "" {
		if err = copyTree(c.From, s.scratch.data(), false); err == nil {
			err = account.ownAll(s.scratch.data())
		}
	} else {
		err = s.initialize(ctx, bin)
	}
	if err != nil {
		return nil, err
	}
	return s, s.start(ctx)
}

// Save shuts the server down in order, copies its data to a new folder for
// Config.From, whole or not at all, and starts it again.
func (s *Server) Save(ctx context.Context, dir string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return errors.New("pgtest: save: the server is stopped")
	}
	err := s.process.shutdown(s.scratch.data())
	if err == nil {
		err = keep(s.scratch.data(), dir)
	}
	if err = errors.Join(err, s.start(ctx)); err != nil {
		return fmt.Errorf("pgtest: save: %w", err)
	}
	return nil
}

// DSN returns the address of the server's first database, which starts empty.
// It stays the same over Kill and Restart.
func (s *Server) DSN() string {
	u := url.URL{Scheme: "postgres", User: url.User("postgres"), Path: "/postgres"}
	u.RawQuery = url.Values{"host": {s.scratch.dir}, "sslmode": {"disable"}}.Encode()
	return u.String()
}

// Kill ends every process of the server at once, as a crash would: nothing is
// flushed, and clients see their connection break. It returns when they are
// gone. The data stay for Restart.
func (s *Server) Kill() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return errors.New("pgtest: kill: the server is stopped")
	}
	return s.process.kill(s.scratch.data())
}

// Restart starts the server again on the same data and address, after an
// orderly shutdown if it was running, and returns when it answers.
func (s *Server) Restart(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return errors.New("pgtest: restart: the server is stopped")
	}
	if err := s.process.shutdown(s.scratch.data()); err != nil {
		return fmt.Errorf("pgtest: restart: %w", err)
	}
	if err := s.start(ctx); err != nil {
		return fmt.Errorf("pgtest: restart: %w", err)
	}
	return nil
}

// Stop ends the server and removes its data. Further calls do nothing.
func (s *Server) Stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return nil
	}
	if s.process.ended() {
		// A killed server left shared memory behind, which nobody but its
		// successor on the same data frees. If that cannot start, the test was
		// about that, and the few bytes stay.
		_ = s.start(context.Background())
	}
	err := s.process.quit(s.scratch.data())
	s.process = nil
	if err := errors.Join(err, s.scratch.remove()); err != nil {
		return fmt.Errorf("pgtest: stop: %w", err)
	}
	return nil
}

// start starts the server process and waits until it answers.
func (s *Server) start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	log, err := os.OpenFile(s.scratch.log(), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close() // the server has its own handle
	cmd := s.command("postgres", s.arguments()...)
	cmd.Stdout, cmd.Stderr = log, log
	p, err := startProcess(cmd)
	if err != nil {
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	s.process = p
	if err := s.wait(ctx); err != nil {
		err = fmt.Errorf("wait for PostgreSQL: %w\n%s", err, s.lastLog())
		return errors.Join(err, s.process.quit(s.scratch.data()))
	}
	return nil
}

// arguments are those of the postgres command.
func (s *Server) arguments() []string {
	settings := append([]string{
		"listen_addresses=",
		"unix_socket_directories=" + s.scratch.dir,
		"port=5432", // names the socket only
		"fsync=on",
		"max_connections=200",
		"jit=off", // compiling a plan takes longer than any plan of ours
		// Kathmandu, written so that it needs no time zone files.
		"timezone=<+0545>-05:45",
		"log_timezone=UTC",
	}, s.settings...)
	args := []string{"-D", s.scratch.data()}
	for _, setting := range settings {
		args = append(args, "-c", setting)
	}
	return args
}

// command returns a command of PostgreSQL that runs under the server's account.
func (s *Server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.Dir = s.scratch.dir
	for _, kv := range os.Environ() {
		// PGDATA and its like would change what is started.
		if !strings.HasPrefix(kv, "PG") && !strings.HasPrefix(kv, "LC_") {
			cmd.Env = append(cmd.Env, kv)
		}
	}
	cmd.Env = append(cmd.Env, "LC_ALL=C")
	s.account.prepare(cmd)
	return cmd
}

// wait connects until the server answers, has ended or ctx is done.
func (s *Server) wait(ctx context.Context) error {
	db, err := sql.Open("postgres", s.DSN())
	if err != nil {
		return err
	}
	defer db.Close()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		err := db.PingContext(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-s.process.done:
			return fmt.Errorf("it ended: %w", s.process.err)
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		case <-tick.C:
		}
	}
}

// lastLog returns the last lines that the server logged.
func (s *Server) lastLog() []byte {
	log, _ := os.ReadFile(s.scratch.log())
	log = bytes.TrimSpace(log)
	lines := bytes.Split(log, []byte("\n"))
	return bytes.Join(lines[max(0, len(lines)-10):], []byte("\n"))
}
