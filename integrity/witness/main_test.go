package witness_test

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog/internal/needs"
	_ "github.com/mattn/go-sqlite3"
	"github.com/stretchr/testify/require"
)

// tool finds a program that scripts/deps.sh installs.
func tool(t *testing.T, name string) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	require.NoError(t, err)
	for _, path := range []string{filepath.Join(cache, "activitylog", "tools", name), name} {
		if found, err := exec.LookPath(path); err == nil {
			return found
		}
	}
	needs.Missing(t, fmt.Errorf("%s is missing: run scripts/deps.sh", name))
	return ""
}

// run runs a program to its end.
func run(t *testing.T, name string, args ...string) {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	require.NoError(t, err, "%s: %s", name, out)
}

// litewitness is the public implementation of the protocol, with a key that an ssh-agent keeps.
type litewitness struct {
	key, url string // of the witness
}

// start starts a program that ends with the test.
func start(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
}

// eventually waits for what another process does.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s did not happen", what)
		}
	}
}

// answers tells whether somebody accepts connections at an address. A socket is there before that.
func answers(network, address string) bool {
	c, err := net.Dial(network, address)
	if err == nil {
		c.Close()
	}
	return err == nil
}

// newLitewitness starts one that knows a log.
func newLitewitness(t *testing.T, origin, public string) *litewitness {
	t.Helper()
	witness := tool(t, "litewitness")
	dir, err := os.MkdirTemp("", "litewitness") // the path of a socket has a short limit
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	db, socket, key := filepath.Join(dir, "db"), filepath.Join(dir, "agent"), filepath.Join(dir, "key")

	run(t, tool(t, "ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", key)
	start(t, exec.Command(tool(t, "ssh-agent"), "-D", "-a", socket))
	eventually(t, "the start of ssh-agent", func() bool { return answers("unix", socket) })
	add := exec.Command(tool(t, "ssh-add"), "-q", key)
	add.Env = append(os.Environ(), "SSH_AUTH_SOCK="+socket)
	out, err := add.CombinedOutput()
	require.NoError(t, err, "%s", out)
	print, err := exec.Command(tool(t, "ssh-keygen"), "-l", "-f", key+".pub").Output()
	require.NoError(t, err)

	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := free.Addr().String()
	require.NoError(t, free.Close())
	said, err := os.Create(filepath.Join(dir, "said"))
	require.NoError(t, err)
	t.Cleanup(func() { said.Close() })
	cmd := exec.Command(witness, "-name", "witness.example/one", "-db", db, "-ssh-agent", socket, "-key", strings.Fields(string(print))[1], "-listen", address)
	cmd.Stderr = said
	start(t, cmd)
	w := &litewitness{url: "http://" + address}
	eventually(t, "the start of litewitness", func() bool {
		b, err := os.ReadFile(said.Name())
		require.NoError(t, err)
		if m := regexp.MustCompile(`vkey="?([^"\s]+)`).FindSubmatch(b); m != nil {
			w.key = string(m[1])
		}
		up := answers("tcp", address)
		if !up && bytes.Contains(b, []byte("level=ERROR")) {
			t.Fatal(string(b))
		}
		return up && w.key != ""
	})
	w.add(t, db, origin, public)
	return w
}

// add tells a witness of a log, as its operator does: with the rows that its program for that writes.
func (w *litewitness) add(t *testing.T, path, origin, public string) {
	t.Helper()
	db, err := sql.Open("sqlite3", path)
	require.NoError(t, err)
	defer db.Close()
	empty := sha256.Sum256(nil)
	_, err = db.Exec("INSERT INTO log (origin, tree_size, tree_hash) VALUES (?, 0, ?)", origin, base64.StdEncoding.EncodeToString(empty[:]))
	require.NoError(t, err)
	_, err = db.Exec("INSERT INTO key (origin, key) VALUES (?, ?)", origin, public)
	require.NoError(t, err)
}
