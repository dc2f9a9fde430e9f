package gem

import (
	"fmt"
	"testing"

	"github.com/hullmark/hullmark/analyzer/analyzertest"
)

func TestImage(t *testing.T) { analyzertest.Run(t, "testdata/*.txtar", New()) }

func TestLiteral(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`"a".freeze`, `["a"]`},
		{`'a\'b\n' # comment`, `["a'b\\n"]`},
		{`"a\tb\u00E9\u{e9}\x41\#{" if x`, `["a\tbééA#{"]`},
		{`%q<a<b>c>.freeze, [">= 0"]`, ``},
		{`%q<a<b>c>.freeze`, `["a<b>c"]`},
		{`%q{java}`, `["java"]`},
		{`%w[MIT BSD]`, `["MIT" "BSD"]`},
		{"%w(\n MIT\n BSD\n)\n", `["MIT" "BSD"]`},
		{"[\"MIT\".freeze, # first\n  'BSD',\n]", `["MIT" "BSD"]`},
		{`[]`, `[]`},
		{`Gem::Version.new("1.0")`, `["1.0"]`},
		{`Gem::Version.new('1.0'.freeze).freeze`, `["1.0"]`},
		{`"a" + b`, ``},
		{`"a".sub("x")`, ``},
		{`"#{a}"`, ``},
		{`"open`, ``},
		{"\"open\n\"", ``},
		{`[["nested"]]`, ``},
		{`VERSION`, ``},
		{`%`, ``},
		{`%q`, ``},
		{`%qa`, ``},
		{``, ``},
	} {
		got := ""
		if values, ok := parseLiteral(c.text); ok {
			got = fmt.Sprintf("%q", values)
		}
		if got != c.want {
			t.Errorf("%s: got %s, want %s", c.text, got, c.want)
		}
	}
}
