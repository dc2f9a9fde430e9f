package policy

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// oracle is a regular expression for a glob.
func oracle(pattern string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString("(?s)^")
	for i := 0; i < len(pattern); {
		switch rest := pattern[i:]; {
		case strings.HasPrefix(rest, "**/") && (i == 0 || pattern[i-1] == '/'):
			b.WriteString("(?:.*/)?")
			i += 3
		case strings.HasPrefix(rest, "**"):
			b.WriteString(".*")
			i += 2
		case rest[0] == '*':
			b.WriteString("[^/]*")
			i++
		default:
			b.WriteString(regexp.QuoteMeta(rest[:1]))
			i++
		}
	}
	return regexp.MustCompile(b.String() + "$")
}

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true}, {"*", "", true}, {"*", "a/b", false}, {"**", "a/b", true}, {"usr/*/x", "usr/a/x", true}, {"usr/*/x", "usr/a/b/x", false},
		{"**/id_rsa", "id_rsa", true}, {"**/id_rsa", "root/.ssh/id_rsa", true}, {"**/id_rsa", "root/my_id_rsa", false}, {"a/**/b", "a/b", true},
		{"a/**/b", "a/x/y/b", true}, {"a/**/b", "ab", false}, {"a**", "a/b", true}, {"*.pem", "x.pem", true}, {"*.pem", "etc/x.pem", false},
		{"**.pem", "etc/x.pem", true}, {"a*b*c", "axbxc", true}, {"a*b*c", "ax/bxc", false}, {"?", "a", false}, {"[a]", "a", false},
	} {
		if got := globMatch(c.pattern, c.text); got != c.want {
			t.Errorf("%q ~ %q: %v", c.pattern, c.text, got)
		}
	}
	// All patterns and texts of four letters.
	var patterns, texts []string
	var add func(list *[]string, alphabet, s string, n int)
	add = func(list *[]string, alphabet, s string, n int) {
		if *list = append(*list, s); n > 0 {
			for _, c := range alphabet {
				add(list, alphabet, s+string(c), n-1)
			}
		}
	}
	add(&patterns, "*a/", "", 5)
	add(&texts, "ab/", "", 4)
	for _, p := range patterns {
		re := oracle(p)
		for _, s := range texts {
			if got := globMatch(p, s); got != re.MatchString(s) {
				t.Fatalf("%q ~ %q: %v, and the expression %s says otherwise", p, s, got, re)
			}
		}
	}
}

func FuzzGlob(f *testing.F) {
	f.Add("**/a*/**b", "x/a/ab/b")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if strings.Contains(pattern, "***") || !utf8.ValidString(pattern) {
			return // the order of three stars has no meaning, and expressions have no other bytes
		}
		if got := globMatch(pattern, text); got != oracle(pattern).MatchString(text) {
			t.Errorf("%q ~ %q: %v", pattern, text, got)
		}
	})
}
