package glob

import "testing"

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true}, {"", "a", false}, {"*", "", true}, {"*", "abc", true}, {"a*", "abc", true}, {"a*", "ba", false},
		{"*c", "abc", true}, {"*b", "abc", false}, {"a*c", "abbc", true}, {"a*c", "ac", true}, {"a*b*c", "axxbyyc", true},
		{"a*b*c", "acb", false}, {"ab*ab", "ab", false}, {"**", "x", true},
	} {
		if got := Match(c.pattern, c.text); got != c.want {
			t.Errorf("%q ~ %q: %v", c.pattern, c.text, got)
		}
	}
}
