package linediff

import (
	"math/rand/v2"
	"strings"
	"testing"
)

func TestDiff(t *testing.T) {
	many := strings.Repeat("x\n", 20)
	for _, c := range []struct{ want, got, diff string }{
		{"a\n", "a\n", ""},
		{"a\nb\nc\n", "a\nc\n", " a\n-b\n c\n"},
		{"a\nc\n", "a\nb\nc\n", " a\n+b\n c\n"},
		{"a\n", "a", "-a\n+a (no line break)\n"},
		{"", "a\n", "+a\n"},
		{many + "a\n", many + "b\n", "...\n x\n x\n x\n-a\n+b\n"},
		{"a\n" + many + "b\n", "c\n" + many + "d\n", "-a\n+c\n x\n x\n x\n...\n x\n x\n x\n-b\n+d\n"},
	} {
		if diff := Diff(c.want, c.got); diff != c.diff {
			t.Errorf("%q, %q: got\n%swant\n%s", c.want, c.got, diff, c.diff)
		}
	}
}

// TestEdit rebuilds random texts from the edits between them.
func TestEdit(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	text := func() []string {
		l := make([]string, r.IntN(30))
		for i := range l {
			l[i] = string(rune('a' + r.IntN(4)))
		}
		return l
	}
	for range 2000 {
		a, b := text(), text()
		var from, to []string
		for _, e := range edit(a, b) {
			if e[0] != '+' {
				from = append(from, e[1:])
			}
			if e[0] != '-' {
				to = append(to, e[1:])
			}
		}
		if strings.Join(from, "") != strings.Join(a, "") || strings.Join(to, "") != strings.Join(b, "") {
			t.Fatalf("%v, %v: edits %v", a, b, edit(a, b))
		}
	}
	if e := edit(strings.Split(strings.Repeat("a ", 3000), " "), strings.Split(strings.Repeat("b ", 3000), " ")); len(e) != 6001 {
		t.Errorf("%d edits", len(e))
	}
}
