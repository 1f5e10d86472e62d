package spelling

import "testing"

func TestNearest(t *testing.T) {
	t.Parallel()
	names := []string{"volume", "login", "logon", "a"}
	for _, tt := range []struct {
		wrong string
		most  int
		want  string
	}{
		{"login", 2, "login"}, {"logim", 2, "login"}, {"logen", 2, "login"}, {"lo", 2, ""}, {"lo", 3, "login"},
		{"volumes", 1, "volume"}, {"olume", 1, "volume"}, {"vulome", 1, ""}, {"vulome", 2, "volume"}, {"", 1, ""}, {"b", 1, ""},
	} {
		if got := Nearest(tt.wrong, tt.most, names); got != tt.want {
			t.Errorf("%q, at most %d: %q, want %q", tt.wrong, tt.most, got, tt.want)
		}
	}
}
