package suggest

import (
	"strings"
	"testing"
)

func TestWord(t *testing.T) {
	const list = "status severity score scores epss will-not-fix id"
	for word, want := range map[string]string{
		"statu": "status", "Severity": "severity", "severty": "severity", "epsss": "epss", "path": "", "": "", "i": "", "x": "",
	} {
		if got := Word(word, strings.Fields(list)); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"kitten", "sitting", 3}, {"abc", "abd", 1}} {
		if got := Distance(c.a, c.b); got != c.want || Distance(c.b, c.a) != c.want {
			t.Errorf("%q, %q: %d", c.a, c.b, got)
		}
	}
}
