package gem

import (
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/digestsize"
)

// checkPackage asks that whatever a file held, what is made of it are names, versions and digests.
func checkPackage(t *testing.T, p *analyzer.Package) {
	if !isWord(p.Name, "._-") {
		t.Errorf("not a name: %q", p.Name)
	}
	if p.Version != "" && !isWord(p.Version, ".-") {
		t.Errorf("%s: not a version: %q", p.Name, p.Version)
	}
	for _, d := range p.Depends {
		if !isWord(d, "._-") {
			t.Errorf("%s depends on what is no name: %q", p.Name, d)
		}
	}
	for algorithm, sum := range p.Hashes {
		if len(sum) != 2*digestsize.Of(algorithm) {
			t.Errorf("%s: not a digest: %s %s", p.Name, algorithm, sum)
		}
	}
}

func FuzzSpecification(f *testing.F) {
	f.Add([]byte("# -*- encoding: utf-8 -*-\n# stub: a 1.0 ruby lib\n\nGem::Specification.new do |s|\n  s.name = \"a\".freeze\n  s.version = \"1.0\"\n  s.licenses = [\"MIT\".freeze, %q<B>]\n  s.add_runtime_dependency(%q<b>.freeze, [\">= 0\"])\nend\n"))
	f.Add([]byte("V = '1.0'\nGem::Specification.new { |spec|\nspec.name = %q{a}\nspec.version = V\nspec.licenses = %w(A\n B)\nspec.authors = \"\\u{e9}\\x41\"\n}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, generated := range []bool{false, true} {
			p, err := parseSpecification(string(text), generated)
			if p.Name == "" && err == nil {
				t.Error("neither a package nor an error")
			}
			if p.Name != "" {
				checkPackage(t, &p)
			}
		}
	})
}

func FuzzLock(f *testing.F) {
	f.Add([]byte("GIT\n  remote: https://u:p@h.example/a.git\n  revision: 01\n  specs:\n    a (1.0)\n      b (>= 1)\n\nGEM\n  specs:\n    b (1.0-java)\n\nCHECKSUMS\n  b (1.0-java) md5=d41d8cd98f00b204e9800998ecf8427e\n"))
	f.Add([]byte("GEM\r\n  specs:\r\n<<<<<<< x\r\n    a (1)\r\n=======\r\n>>>>>>> y\r\n    b\r\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, _ := parseLock(text, nil)
		packages := r.Packages
		for i := range packages {
			checkPackage(t, &packages[i])
			if u := packages[i].Qualifiers["vcs_url"]; u != "" && !strings.Contains(u, "://") {
				t.Errorf("not a URL: %q", u)
			}
		}
	})
}

func FuzzArchive(f *testing.F) {
	f.Add(archive(f, "META-INF/jruby.home/lib/ruby/gems/shared/specifications/a-1.0.gemspec", "Gem::Specification.new do |s|\n  s.name = \"a\"\n  s.version = \"1.0\"\nend\n"))
	f.Fuzz(func(t *testing.T, content string) {
		if r, _ := analyzeArchive(t.Context(), analyzer.NewFile("jruby.jar", 0, []byte(content))); r != nil {
			for i := range r.Packages {
				checkPackage(t, &r.Packages[i])
			}
		}
	})
}
