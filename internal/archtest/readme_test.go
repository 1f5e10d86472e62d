package archtest_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

var goBlock = regexp.MustCompile("(?s)```go\n(.*?)```")

// TestReadmeCompiles holds every Go snippet of the README to be a whole program that compiles.
func TestReadmeCompiles(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	require.NoError(t, err)
	blocks := goBlock.FindAllSubmatch(text, -1)
	require.NotEmpty(t, blocks)
	for i, block := range blocks {
		t.Run(fmt.Sprint("snippet ", i+1), func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "main.go")
			require.NoError(t, os.WriteFile(file, block[1], 0o600))
			cmd := exec.CommandContext(t.Context(), "go", "vet", file)
			cmd.Dir = root
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, "%s", out)
		})
	}
}
