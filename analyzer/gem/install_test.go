package gem_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/gem"
	"github.com/hullmark/hullmark/analyzer/scan"
)

// sources are gemspecs as people write them; RubyGems writes what they come to into the specifications of what it installs.
var sources = []string{
	`Gem::Specification.new("plain", "1.2.0") { |s| s.summary = "a"; s.authors = ["a"]; s.license = "MIT" }`,
	`Gem::Specification.new do |s|
		s.name = ["ne", "sted"].join + "-name_x"
		s.version = [4, 5, "rc", 1].join(".")
		s.summary = %q{"quotes", 'more' and a \ backslash}
		s.description = "lines\nand #{"inter" + "polation"}, and \u00fc, and end"
		s.authors = ["Ü. Thor", "O'Neil \"x\""]
		s.licenses = %w[Ruby BSD-2-Clause]
		s.metadata = { "source_code_uri" => "https://code.example/x", "name" => "not this" }
		s.add_dependency "plain", ">= 1", "< 3"
		s.add_runtime_dependency "other"
		s.add_development_dependency "tests", "~> 2.0"
	end`,
	`Gem::Specification.new { |s| s.name = "native"; s.version = "0.1"; s.summary = "b"; s.authors = ["b"]; s.platform = Gem::Platform.local }`,
	`Gem::Specification.new { |s| s.name = "native"; s.version = "0.1"; s.summary = "b"; s.authors = ["b"] }`,
	`Gem::Specification.new { |s| s.name = "native"; s.version = "0.0.9"; s.summary = "b"; s.authors = ["b"]; s.executables = [] }`,
	`Gem::Specification.new { |s| s.name = "shipped"; s.version = "2"; s.summary = "its own source"; s.authors = ["c"]; s.files = ["own.gemspec"] }`,
}

// TestNativeInstall builds gems and lets RubyGems install them, and compares what is found there, and of the gems that
// Ruby itself has, with gem list: by name, version and platform.
func TestNativeInstall(t *testing.T) {
	tool, err := exec.LookPath("gem")
	if err != nil {
		t.Skip("gem is not installed: nothing to compare with")
	}
	ruby, err := exec.LookPath("ruby")
	if err != nil {
		t.Skip("ruby is not installed: nothing to compare with")
	}
	work, home := t.TempDir(), t.TempDir()
	run := func(name string, args ...string) string {
		cmd := exec.CommandContext(t.Context(), name, args...)
		cmd.Dir = work
		cmd.Env = append(os.Environ(), "GEM_HOME="+home, "GEM_PATH="+home, "HOME="+work, "LANG=C.UTF-8")
		var stderr strings.Builder
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s %v: %v\n%s", name, args, err, &stderr)
		}
		return string(out)
	}
	for i, text := range sources {
		name := filepath.Join(work, "own.gemspec")
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		built := fmt.Sprintf("%d.gem", i)
		run(tool, "build", "own.gemspec", "--output", built)
		run(tool, "install", "--local", "--ignore-dependencies", "--no-document", "--install-dir", home, built)
	}
	want := parseList(run(tool, "list", "--local", "--all"))

	var got []string
	scan := func(dir, below string) (n int) {
		report, err := scan.Scanner{Analyzers: []analyzer.Analyzer{gem.New()}}.ScanFS(t.Context(), os.DirFS(dir))
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range report.Diagnostics {
			t.Errorf("%s: %s", d.Path, d.Message)
		}
		for _, c := range report.Components {
			if c.Declared || !strings.HasPrefix(c.Path, below) {
				continue
			}
			platform := c.Qualifiers["platform"]
			if platform == "" {
				platform = "ruby"
			}
			got = append(got, c.Name+" "+c.Version+" "+platform)
			n++
		}
		return n
	}
	if n := scan(home, ""); n != len(sources) {
		t.Errorf("%d gems found of %d that were installed", n, len(sources))
	}
	defaults := strings.TrimSpace(run(ruby, "-e", "puts Gem.default_specifications_dir"))
	if _, err := os.Stat(defaults); err == nil {
		scan(filepath.Dir(filepath.Dir(defaults)), "specifications/default/")
	}
	for _, row := range got {
		if !slices.Contains(want, row) {
			t.Errorf("gem list does not have %s", row)
		}
	}
	for _, row := range want {
		if !slices.Contains(got, row) {
			t.Errorf("only gem list has %s", row)
		}
	}
}

// parseList reads lines like "native (default: 0.2, 0.1 ruby x86_64-linux)", to a row for each version and platform.
func parseList(text string) (rows []string) {
	for line := range strings.Lines(text) {
		name, rest, ok := strings.Cut(strings.TrimSpace(line), " (")
		if !ok {
			continue
		}
		for version := range strings.SplitSeq(strings.TrimSuffix(rest, ")"), ", ") {
			fields := strings.Fields(strings.TrimPrefix(version, "default: "))
			if len(fields) == 1 {
				fields = append(fields, "ruby")
			}
			for _, platform := range fields[1:] {
				rows = append(rows, name+" "+fields[0]+" "+platform)
			}
		}
	}
	return rows
}
