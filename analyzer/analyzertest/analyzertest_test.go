package analyzertest

import (
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

func TestWanted(t *testing.T) {
	for _, c := range []struct{ archive, want, err string }{
		{"-- 0/a --\nx\n-- want --\nreport\n", "report\n", ""},
		{"-- a.versions --\nx\n-- want --\n", "", `"a.versions": want the number of a layer`},
		{"-- 0 --\nx\n-- want --\n", "", `"0": want the number`},
		{"-- want --\n-- want --\n", "", `"want": want the number`},
		{"-- 0/a --\n", "", `no file "want"`},
	} {
		got, err := wanted(txtar.Parse([]byte(c.archive)))
		if got != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%q: got %q, %v", c.archive, got, err)
		}
	}
}
