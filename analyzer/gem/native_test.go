package gem

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/testing/corpus"
)

// TestNative compares what is read from specifications with what RubyGems makes of them, which runs them: those of the
// machine, and those of the corpus.
func TestNative(t *testing.T) {
	ruby, err := exec.LookPath("ruby")
	if err != nil {
		t.Skip("ruby is not installed: nothing to compare with")
	}
	out, err := exec.CommandContext(t.Context(), ruby, "-e", "puts Gem::Specification.map(&:loaded_from)").Output()
	if err != nil {
		t.Fatal(err)
	}
	files := strings.Fields(string(out))
	for _, dir := range corpus.Glob(t, "fixtures/ruby-gemspec") {
		err := filepath.WalkDir(dir, func(file string, _ os.DirEntry, err error) error {
			if placeOf(file) == specifications {
				files = append(files, file)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	const script = `STDIN.each_line(chomp: true) { |f| s = Gem::Specification.load(f) or next
		puts [f, s.name, s.version, s.platform, s.runtime_dependencies.map(&:name).sort.uniq.join(","), s.licenses.join("|")].join("\t") }`
	cmd := exec.CommandContext(t.Context(), ruby, "-W0", "-e", script)
	cmd.Stdin = strings.NewReader(strings.Join(files, "\n"))
	if out, err = cmd.Output(); err != nil {
		t.Fatal(err)
	}
	compared := 0
	for row := range strings.Lines(string(out)) {
		file, want, _ := strings.Cut(strings.TrimSuffix(row, "\n"), "\t")
		if placeOf(file) != specifications {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		p, err := parseSpecification(string(text), true)
		if err != nil {
			t.Errorf("%s: %v", file, err)
		}
		fields := strings.Split(want, "\t")
		fields[4] = strings.Join(normalized(strings.FieldsFunc(fields[4], func(r rune) bool { return r == '|' })), "|")
		want = strings.Join(fields, "\t")
		got := strings.Join([]string{p.Name, p.Version, platform(&p), strings.Join(p.Depends, ","), strings.Join(p.Licenses, "|")}, "\t")
		if got != want {
			t.Errorf("%s:\n got %q\nruby %q", file, got, want)
		}
		compared++
	}
	t.Logf("%d specifications", compared)
	if compared == 0 {
		t.Skip("ruby has no gems: nothing to compare with")
	}
}

func platform(p *analyzer.Package) string {
	if s := p.Qualifiers["platform"]; s != "" {
		return s
	}
	return "ruby"
}

// TestNativeLock compares lock files of the corpus with what Bundler's own parser reads from them.
func TestNativeLock(t *testing.T) {
	corpus.Dir(t)
	ruby, err := exec.LookPath("ruby")
	if err != nil {
		t.Skip("ruby is not installed: nothing to compare with")
	}
	if err := exec.CommandContext(t.Context(), ruby, "-rbundler", "-e", "").Run(); err != nil {
		t.Skip("Bundler is not installed: nothing to compare with")
	}
	files := corpus.Glob(t, "fixtures/gemfile-lock/*/app/Gemfile.lock")
	const script = `Bundler::LockfileParser.new(File.read(ARGV[0])).specs.each { |s|
		next if s.source.instance_of?(Bundler::Source::Path) || s.version.to_s.empty?
		puts [s.name, s.version, s.platform.to_s.delete_suffix("-gnu"), s.dependencies.map(&:name).sort.uniq.join(",")].join("\t") }`
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "Gemfile"), nil, 0o644); err != nil { // which Bundler wants to see
		t.Fatal(err)
	}
	compared := 0
	for _, file := range files {
		cmd := exec.CommandContext(t.Context(), ruby, "-W0", "-rbundler", "-e", script, file)
		cmd.Dir = dir
		out, err := cmd.Output()
		if err != nil {
			t.Logf("Bundler refuses %s", file)
			continue
		}
		compared++
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		r, _ := parseLock(text, nil)
		for _, p := range r.Packages {
			if p.Version != "" {
				on := strings.TrimSuffix(platform(&p), "-gnu") // which RubyGems before 3.4 drops
				got = append(got, strings.Join([]string{p.Name, p.Version, on, strings.Join(p.Depends, ",")}, "\t"))
			}
		}
		want := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
		if len(out) == 0 {
			want = nil
		}
		slices.Sort(got)
		slices.Sort(want)
		for _, row := range got {
			if !slices.Contains(want, row) {
				t.Errorf("%s: only read here: %q", file, row)
			}
		}
		for _, row := range want {
			if !slices.Contains(got, row) {
				t.Errorf("%s: only read by Bundler: %q", file, row)
			}
		}
	}
	if compared < len(files)/2 {
		t.Errorf("Bundler read %d of %d lock files", compared, len(files))
	}
}
