package prefilter

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
)

// TestEnd compares answers with those of package regexp: exact ones for expressions over ASCII without assertions other than the end of the text.
func TestEnd(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, e := range []string{
		"abc", "a{3,5}b", "(?i)token[ =]{1,3}([a-z0-9]{8})", "[\\w.-]{0,50}?(?:key|name)x", "", "a*", "a|", "(?s)a.b", "a.b", "[^a]b", "(ab|b)*c", "k{2}", "[é-í]x", "[a-z]{2}(?:[. ]|$)", "a$", "$", "[ab]*", "\\w{0,3}",
	} {
		m, err := New(e)
		if err != nil {
			t.Fatal(err)
		}
		var c Cache
		for range 300 {
			b := make([]byte, r.IntN(60))
			for i := range b {
				b[i] = "abckKx=. \nnamey01tokenTOKEN"[r.IntN(27)]
			}
			for after := -1; after < len(b); after++ {
				want := -1
				for end := max(0, after+1); want < 0 && end <= len(b); end++ {
					if matchesUntil(e, b, end) {
						want = end
					}
				}
				got := m.End(&c, b, after)
				if got != want {
					t.Fatalf("%s: %q after %d: %d, want %d", e, b, after, got, want)
				}
				if after = max(after, got); got < 0 {
					break
				}
			}
		}
	}
	for _, c := range []struct{ expression, text string }{
		{"^a$", "a"}, {"\\bab\\b", "x ab y"}, {"(?m)^b$", "a\nb\nc"}, {"(?i)k", "\u212a"}, {"é", "xéy"}, {"[^a]z", "日z"}, {"a.c", "a\xffc"}, {"a..c", "a\xff\xfec"}, {"日本", "日本"},
	} {
		m, err := New(c.expression)
		if err != nil {
			t.Fatal(err)
		}
		if m.End(new(Cache), []byte(c.text), -1) < 0 {
			t.Errorf("%s has no match in %q", c.expression, c.text)
		}
	}
	if _, err := New("("); err == nil {
		t.Error("no error for an expression that is none")
	}
}

// matchesUntil reports whether a match ends at an index.
func matchesUntil(e string, b []byte, end int) bool {
	if strings.HasSuffix(e, "$") && end < len(b) {
		return false
	}
	if strings.HasSuffix(e, "|$)") && end < len(b) {
		e = strings.TrimSuffix(e, "|$)") + ")"
	}
	re, ok := until[e]
	if !ok {
		re = regexp.MustCompile("(?:" + e + ")\\z")
		until[e] = re
	}
	return re.Match(b[:end])
}

var until = make(map[string]*regexp.Regexp)

// TestBounds makes more states than fit. Memory stays within the limit, and no match is lost.
func TestBounds(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	c := Cache{Most: 256 << 10}
	for n := range 60 {
		m, err := New(fmt.Sprintf("a[ab]{%d}c[0-9]{%d}", 8+n%10, 1+n%3))
		if err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 20_000) // passes most of the 2^8 to 2^18 sets
		for i := range b {
			b[i] = "ab"[r.IntN(2)]
		}
		m.End(&c, b, -1)
		if m.End(&c, append(b, "a"+strings.Repeat("b", 8+n%10)+"c123"...), -1) == -1 {
			t.Error("a match was lost")
		}
		if c.bytes > c.Most+2*maxTable {
			t.Fatalf("the cache has %d bytes", c.bytes)
		}
	}
}

// FuzzEnd looks for matches that End does not see.
func FuzzEnd(f *testing.F) {
	f.Add("(?i)a[b-z]{2,4}\\b", "ABcd e")
	f.Add("k|ſ+", "Kelvin \u212a s")
	f.Fuzz(func(t *testing.T, expression, text string) {
		if len(expression) > 100 || len(text) > 1000 {
			return
		}
		e, err := regexp.Compile(expression)
		if err != nil {
			return
		}
		m, err := New(expression)
		if err != nil {
			t.Fatal(err)
		}
		if e.MatchString(text) && m.End(new(Cache), []byte(text), -1) == -1 {
			t.Errorf("%q has a match in %q", expression, text)
		}
	})
}
