package integrity_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/activitylog/activitylog/internal/needs"
	"github.com/stretchr/testify/require"
)

// The exit codes of both verifiers.
const (
	clean    = 0
	tampered = 1
	refused  = 2
)

// python runs the verifier that shares no code with the package, and returns its exit code and what it said.
func python(t testing.TB, args ...string) (int, string) {
	t.Helper()
	path, err := exec.LookPath("python3")
	if err != nil {
		needs.Missing(t, fmt.Errorf("scripts/deps.sh installs python3: %w", err))
	}
	script := filepath.Join("..", "scripts", "verify.py")
	_, err = os.Stat(script) // for the test cache, which does not see what a child process reads
	require.NoError(t, err)
	out, err := exec.CommandContext(t.Context(), path, append([]string{script}, args...)...).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	if strings.Contains(string(out), "Traceback") {
		t.Errorf("it broke off: %s", out)
	}
	if exit != nil {
		return exit.ExitCode(), string(out)
	}
	return 0, string(out)
}
