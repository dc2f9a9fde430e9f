package english

import "testing"

func TestCount(t *testing.T) {
	for _, c := range []struct {
		n    int
		noun string
		want string
	}{
		{0, "package", "0 packages"},
		{1, "vulnerability", "1 vulnerability"},
		{2, "vulnerability", "2 vulnerabilities"},
		{2, "day", "2 days"},
		{3, "match", "3 matches"},
		{999, "file", "999 files"},
		{1000, "file", "1,000 files"},
		{1234567, "file", "1,234,567 files"},
		{-1234, "byte", "-1,234 bytes"},
		{-123, "byte", "-123 bytes"},
	} {
		if got := Count(c.n, c.noun); got != c.want {
			t.Errorf("Count(%d, %q) = %q, want %q", c.n, c.noun, got, c.want)
		}
	}
}
