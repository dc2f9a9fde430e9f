package walk

import "testing"

func TestClean(t *testing.T) {
	for _, c := range []struct {
		name, want string
		ok         bool
	}{
		{"etc/passwd", "etc/passwd", true},
		{"./etc/passwd", "etc/passwd", true},
		{"/etc//passwd", "etc/passwd", true},
		{"etc/", "etc", true},
		{"./", ".", true},
		{".", ".", true},
		{"/", ".", true},
		{"", ".", true},
		{"a..b/..c", "a..b/..c", true},
		{"bad\xffname", "bad\xffname", true},
		{"../etc/passwd", "", false},
		{"a/../b", "", false},
		{"a/..", "", false},
		{"..", "", false},
	} {
		if got, ok := clean(c.name); got != c.want || ok != c.ok {
			t.Errorf("clean(%q) = %q, %v, want %q, %v", c.name, got, ok, c.want, c.ok)
		}
	}
}
