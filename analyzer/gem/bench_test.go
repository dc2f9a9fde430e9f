package gem

import (
	"fmt"
	"strings"
	"testing"
)

func BenchmarkSpecification(b *testing.B) {
	text := "# -*- encoding: utf-8 -*-\n# stub: example 1.2.3 ruby lib\n\nGem::Specification.new do |s|\n  s.name = \"example\".freeze\n  s.version = \"1.2.3\"\n\n" +
		"  s.metadata = { \"homepage_uri\" => \"https://home.example/\" } if s.respond_to? :metadata=\n  s.require_paths = [\"lib\".freeze]\n" +
		"  s.files = [" + strings.Repeat("\"lib/example/some_file.rb\".freeze, ", 200) + "\"README\".freeze]\n  s.licenses = [\"MIT\".freeze]\n" +
		strings.Repeat("  s.add_runtime_dependency(%q<dependency>.freeze, [\">= 1.0\"])\n", 10) + "end\n"
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parseSpecification(text, true); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLock(b *testing.B) {
	var s strings.Builder
	s.WriteString("GEM\n  remote: https://registry.example/\n  specs:\n")
	for i := range 1000 {
		fmt.Fprintf(&s, "    gem-%d (1.2.3)\n      dep-a (>= 1.0)\n      dep-b (~> 2.0)\n", i)
	}
	s.WriteString("\nCHECKSUMS\n")
	for i := range 1000 {
		fmt.Fprintf(&s, "  gem-%d (1.2.3) sha256=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n", i)
	}
	text := []byte(s.String())
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if r, _ := parseLock(text, nil); len(r.Diagnostics) > 0 || len(r.Packages) != 1000 {
			b.Fatal(r)
		}
	}
}
