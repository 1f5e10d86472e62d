package pgtest_test

import (
	"bufio"
	"database/sql"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/activitylog/activitylog/internal/pgtest"
)

// TestServerDiesWithItsProcess kills a process that runs a server the hard way:
// the server goes with it, and the next start sweeps its folder.
func TestServerDiesWithItsProcess(t *testing.T) {
	t.Parallel()
	pgtest.Dedicated(t) // skips where there is no PostgreSQL
	child := exec.Command(executable(t))
	child.Env = append(os.Environ(), childVariable+"=1")
	child.Stderr = os.Stderr
	dsn, data := startChild(t, child)

	require.NoError(t, child.Process.Kill())
	child.Wait()
	eventually(t, "server is gone", func() bool { return len(processesIn(data)) == 0 })
	db, err := sql.Open("postgres", dsn)
	require.NoError(t, err)
	defer db.Close()
	if err := db.Ping(); err == nil {
		t.Error("the server outlived its process")
	}

	pgtest.Dedicated(t)
	// Not at once, if another test binary happens to be sweeping it.
	eventually(t, "folder is swept", func() bool {
		_, err := os.Stat(filepath.Dir(data))
		return os.IsNotExist(err)
	})
}

// TestAsOrdinaryUser starts a server as a user without rights when the tests
// run as root; otherwise every other test has done so.
func TestAsOrdinaryUser(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		return
	}
	pgtest.Dedicated(t)
	const nobody = 65534
	home, err := os.MkdirTemp("/tmp", "pgtest-home-")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(home) })
	require.NoError(t, os.Chown(home, nobody, nobody))
	// The folder that go test builds in is closed to others.
	binary := filepath.Join(home, "pgtest.test")
	content, err := os.ReadFile(executable(t))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(binary, content, 0o755))
	require.NoError(t, os.Chmod(binary, 0o755))

	child := exec.Command(binary)
	child.Dir = home
	child.Env = append(os.Environ(), childVariable+"=1", "HOME="+home, "XDG_CACHE_HOME=")
	child.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	var stderr strings.Builder
	child.Stderr = &stderr
	dsn, data := startChild(t, child)
	if dsn == "" {
		if strings.Contains(stderr.String(), pgtest.ErrNotInstalled.Error()) {
			return // the binaries are in root's own cache
		}
		t.Fatal(stderr.String())
	}
	info, err := os.Stat(data)
	require.NoError(t, err)
	if uid := info.Sys().(*syscall.Stat_t).Uid; uid != nobody {
		t.Errorf("data belong to user %d, want %d", uid, nobody)
	}
}

// startChild starts the child, reads the DSN of its server and returns it with
// the server's data folder; or nothing where the child gave up.
func startChild(t *testing.T, child *exec.Cmd) (dsn, data string) {
	t.Helper()
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	t.Cleanup(func() {
		child.Process.Kill()
		child.Wait()
	})
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		child.Wait() // completes Stderr
		return "", ""
	}
	dsn = lines.Text()
	return dsn, ask(t, connect(t, dsn), "SHOW data_directory")
}

func executable(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	require.NoError(t, err)
	return path
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(20 * time.Second)
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("waited in vain: " + what)
		}
	}
}
