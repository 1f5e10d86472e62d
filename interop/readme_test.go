package interop

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// host is a program that a reader of the README starts from. The snippets go where the comments are.
const host = `package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/activitylog/activitylog/web"
	%s
)

func main() {
	log, err := activitylog.New(memory.New(), nil)
	if err != nil {
		panic(err)
	}
	%s
	if err != nil {
		panic(err)
	}
	%s
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go http.Serve(l, %s)
	fmt.Println(l.Addr())
	io.Copy(io.Discard, os.Stdin)
}
`

// What the README says about the pages is enough: pasted into fresh programs it compiles, serves the page and records the view.
func TestReadmeMounts(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	block := regexp.MustCompile("(?s)```\n(grants := .*?)```").FindSubmatch(text)
	require.NotNil(t, block, "the README has lines that mount the pages")
	made, mounts, ok := strings.Cut(string(block[1]), "mux.Handle(")
	require.True(t, ok)
	lines := strings.Split(strings.TrimSpace("mux.Handle("+mounts), "\n")
	require.Len(t, lines, 4)
	for i, p := range []struct{ name, imports, router string }{
		{"net/http", "", "mux := http.NewServeMux()"},
		{"chi", `"github.com/go-chi/chi/v5"`, "r := chi.NewRouter()"},
		{"gin", `"github.com/gin-gonic/gin"`, "gin.SetMode(gin.ReleaseMode)\n\tg := gin.New()"},
		{"echo", `"github.com/labstack/echo/v4"`, "e := echo.New()"},
	} {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			variable := regexp.MustCompile(`(\w+) := \S+$`).FindStringSubmatch(p.router)[1]
			dir := t.TempDir()
			source, program := filepath.Join(dir, "main.go"), filepath.Join(dir, "host")
			require.NoError(t, os.WriteFile(source, fmt.Appendf(nil, host, p.imports, made, p.router+"\n\t"+lines[i], variable), 0o600))
			out, err := exec.CommandContext(t.Context(), "go", "build", "-ldflags=-s -w", "-o", program, source).CombinedOutput()
			require.NoError(t, err, "%s", out)
			url := started(t, program)
			require.Contains(t, fetched(t, url), "<h1>Activity log</h1>")
			require.Contains(t, fetched(t, url+"api/v1/events?reads=1"), `"action":"audit.view"`)
		})
	}
}

// started runs a program until the test ends and returns where its pages are.
func started(t *testing.T, program string) string {
	t.Helper()
	cmd := exec.Command(program) // ends with its input
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	var failed bytes.Buffer
	cmd.Stderr = &failed
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		stdin.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v: %s", err, &failed)
		}
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	return "http://" + strings.TrimSpace(line) + "/activity/"
}

func fetched(t *testing.T, url string) string {
	t.Helper()
	a, err := http.Get(url)
	require.NoError(t, err)
	defer a.Body.Close()
	b, err := io.ReadAll(a.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, a.StatusCode, "%s: %s", url, b)
	return string(b)
}
