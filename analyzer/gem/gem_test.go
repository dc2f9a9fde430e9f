package gem

import (
	"fmt"
	"strings"
	"testing"
	"time"

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
		{`Gem::Version.new(Gem::Version.new("1.0"))`, ``},
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

// TestSpecification reads what is not literal, or not where RubyGems writes it.
func TestSpecification(t *testing.T) {
	for _, c := range []struct {
		generated bool
		text      string
		want, err string
	}{
		{false, "V = '1.0'.freeze\nGem::Specification.new do |x|\n x.name='a'\n x.version = V # it\nend", "a 1.0 map[] []", ""},
		{false, "Gem::Specification.new { |s| \n s.name = 'a'\n s.version = V\n}", "a  map[] []", `gem: a: not a version: ""`},
		{false, "Gem::Specification.new do |s|\n s.name = \"a#{b}\"\n s.version = '1'\nend", "  map[] []", `gem: not a gem name: ""`},
		{false, "# stub: a 1.0 ruby lib\n", "  map[] []", "gem: no Gem::Specification"},
		{true, "# stub: a 1.0 java lib\n", "a 1.0 map[platform:java] []", ""},
		{true, "# stub: a\n", "  map[] []", "gem: no Gem::Specification"},
		{true, "Gem::Specification.new do |s|\n s.name = 'a/b'\n s.version = '1'\nend", "  map[] []", `gem: not a gem name: "a/b"`},
		{true, "Gem::Specification.new do |s|\n s.name = 'a'\n s.version = 'x'\nend", "a  map[] []", `gem: a: not a version: "x"`},
		{true, "Gem::Specification.new do |s|\n s.name = 'a'\n s.version = '1'\n s.platform = 'a b'\nend", "a 1 map[] []", `gem: a: not a platform: "a b"`},
		{false, "Gem::Specification.new do |s|\n s.name = 'a'\n s.version = '1'\n s.version == '2'\n s.name += 'b'\n s.add_dependency('z', '1')\n s.add_dependency \"y\"\n s.add_development_dependency 'x'\n s.add_dependency w\nend", "a 1 map[] [y z]", ""},
	} {
		p, err := parseSpecification(c.text, c.generated)
		got := fmt.Sprint(p.Name, " ", p.Version, " ", p.Qualifiers, " ", p.Depends)
		if got != c.want || (err == nil) != (c.err == "") || err != nil && err.Error() != c.err {
			t.Errorf("%q:\n got %s, error %v\nwant %s, error %s", c.text, got, err, c.want, c.err)
		}
	}
}

// TestSlow reads files that would take a careless reader quadratic time: literals that never end.
func TestSlow(t *testing.T) {
	for _, statement := range []string{"s.licenses = [\n", "s.licenses = %w(\n", "s.name = \"", "s.name = Gem::Version.new(", "s.licenses = ['a',"} {
		text := "Gem::Specification.new do |s|\n" + strings.Repeat(statement, maxSize/32/len(statement))
		done := make(chan struct{})
		go func() {
			defer close(done)
			if _, err := parseSpecification(text, true); err == nil {
				t.Errorf("%s: no error", statement)
			}
		}()
		select {
		case <-done:
		case <-time.After(30 * time.Second):
			t.Fatalf("%s: 512 KiB take more than 30 s", statement)
		}
	}
}
