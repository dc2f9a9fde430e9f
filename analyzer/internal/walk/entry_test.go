package walk

import "testing"

func TestClean(t *testing.T) {
	for _, c := range []struct {
		name, want string
	}{
		{"etc/passwd", "etc/passwd"},
		{"./etc/passwd", "etc/passwd"},
		{"/etc//passwd", "etc/passwd"},
		{"etc/", "etc"},
		{"./", "."},
		{".", "."},
		{"/", "."},
		{"", "."},
		{"a..b/..c", "a..b/..c"},
		{"bad\xffname", "bad\xffname"},
		{"../etc/passwd", "etc/passwd"},
		{"a/../b", "b"},
		{"a/..", "."},
		{"..", "."},
	} {
		if got := clean(c.name); got != c.want {
			t.Errorf("clean(%q) = %q, want %q", c.name, got, c.want)
		}
	}
}
