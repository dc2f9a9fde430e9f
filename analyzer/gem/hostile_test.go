package gem

import (
	"testing"

	"github.com/hullmark/hullmark/internal/testing/hostile"
)

// TestHostile asks that files that take much memory are refused before they take it.
func TestHostile(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	const head = "GEM\n  specs:\n"
	for _, test := range []struct {
		name, file string
		text       []byte
	}{
		{"gems", "Gemfile.lock", hostile.Times(900_000, head, "    a# (1)\n", "")},
		{"checksums", "Gemfile.lock", hostile.Times(100_000, string(hostile.Times(100_000, head, "    a# (1)\n", ""))+"CHECKSUMS\n", "  a# (1) md5=d41d8cd98f00b204e9800998ecf8427e\n", "")},
		{"specification", "specifications/a-1.gemspec", hostile.Times(200_000, "Gem::Specification.new do |s|\ns.name = 'a'\ns.version = '1'\n", "s.add_dependency 'a#'\n", "end\n")},
	} {
		t.Run(test.name, func(t *testing.T) { hostile.Refused(t, New(), test.file, test.text, 256<<20) })
	}
}

// TestLarge asks that the largest specifications take little memory.
func TestLarge(t *testing.T) {
	for name, text := range map[string][]byte{
		"dependencies": hostile.Times(150_000, "Gem::Specification.new do |s|\ns.name = 'a'\ns.version = '1'\n", "s.add_dependency 'a#'\n", "end\n"),
		"licences":     hostile.Times(900_000, "Gem::Specification.new do |s|\ns.name = 'a'\ns.version = '1'\ns.licenses = ['a'", ",''", "]\nend\n"),
	} {
		if r, err := hostile.Analyze(t, New(), "specifications/a-1.gemspec", text, 200<<20); err != nil || len(r.Packages) != 1 {
			t.Errorf("%s: %d packages, %v", name, len(r.Packages), err)
		}
	}
	text := hostile.Times(1_100_000, "GEM\n  specs:\n    a (1)\n", "      a#\n", "")
	if r, err := hostile.Analyze(t, New(), "Gemfile.lock", text, 200<<20); err != nil || len(r.Packages) != 1 {
		t.Errorf("%d packages, %v", len(r.Packages), err)
	}
}
