package pgtest

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestNewestFirst(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	for _, name := range []string{"9.6", "18", "15"} {
		if err := os.MkdirAll(filepath.Join(top, name, "bin"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, dir := range newestFirst(filepath.Join(top, "*", "bin")) {
		got = append(got, filepath.Base(filepath.Dir(dir)))
	}
	if want := []string{"18", "15", "9.6"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestWithDatabase(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, dsn, want string }{
		{"url", "postgres://u:p@h:1/old?sslmode=disable", "postgres://u:p@h:1/new?sslmode=disable"},
		{"url without database", "postgresql://h", "postgresql://h/new"},
		{"url that names it twice", "postgres://h/old?dbname=older", "postgres://h/new"},
		{"key and value", "host=h dbname=old", "host=h dbname=old dbname=new"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := withDatabase(tt.dsn, "new")
			if err != nil || got != tt.want {
				t.Errorf("got %q, %v, want %q", got, err, tt.want)
			}
		})
	}
}
