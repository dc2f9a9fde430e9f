package composer

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
	"github.com/hullmark/hullmark/internal/diagnostic"
	"github.com/hullmark/hullmark/internal/testing/corpus"
)

// project is an application of packages in directories beside it, so that Composer needs no network.
var project = map[string]string{
	"composer.json": `{
		"name": "acme/app", "version": "1.0.0",
		"repositories": [{"packagist": false}, {"type": "path", "url": "packages/*", "options": {"symlink": false}}],
		"require": {"acme/kernel": "*", "acme/branch": "2.x-dev as 2.0.0"},
		"require-dev": {"acme/tests": "*"}, "minimum-stability": "dev"
	}`,
	"packages/kernel/composer.json": `{"name": "acme/kernel", "version": "v4.4.1", "license": ["MIT", "GPL-2.0-only"],
		"require": {"php": ">=5", "acme/log": "*"}, "replace": {"acme/old": "self.version"}, "provide": {"acme/api": "1.0"}}`,
	"packages/log/composer.json":    `{"name": "acme/log", "version": "1.2.3"}`,
	"packages/branch/composer.json": `{"name": "acme/branch", "version": "2.x-dev"}`,
	"packages/tests/composer.json":  `{"name": "acme/tests", "version": "0.1.0-beta2", "require": {"acme/log": "*"}}`,
}

// TestNative lets Composer install an application, and compares each of the files that it writes with what it shows.
func TestNative(t *testing.T) {
	tool, err := exec.LookPath("composer")
	if err != nil {
		t.Skip("composer is not installed: nothing to compare with")
	}
	dir := t.TempDir()
	for name, text := range project {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	composer := func(args ...string) []byte {
		cmd := exec.CommandContext(t.Context(), tool, append(args, "--no-interaction")...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "COMPOSER_ALLOW_SUPERUSER=1", "COMPOSER_DISABLE_NETWORK=1", "COMPOSER_HOME="+t.TempDir())
		var errors strings.Builder
		cmd.Stderr = &errors
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("composer %v: %v\n%s", args, err, errors.String())
		}
		return out
	}
	composer("update", "--no-plugins", "--no-scripts")
	show := func(args ...string) []string {
		var shown map[string][]struct{ Name, Version string }
		if err := json.Unmarshal(composer(append([]string{"show", "--format=json"}, args...)...), &shown); err != nil {
			t.Fatal(err)
		}
		var rows []string
		for _, list := range shown {
			for _, p := range list {
				version, _, _ := strings.Cut(p.Version, " ") // a branch is followed by its commit
				rows = append(rows, p.Name+" "+version)
			}
		}
		slices.Sort(rows)
		return rows
	}
	for _, c := range []struct {
		file  string
		parse func([]byte, *membudget.Meter) (*analyzer.Result, error)
		want  []string
	}{
		{"vendor/composer/installed.json", parseInstalled, show()},
		{"vendor/composer/installed.php", func(text []byte, _ *membudget.Meter) (*analyzer.Result, error) {
			return parseInstalledPHP(string(text), nil)
		}, show()},
		{"composer.lock", parseLock, show("--locked")},
	} {
		text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(c.file)))
		if err != nil {
			t.Fatal(err)
		}
		r, err := c.parse(text, nil)
		if err := diagnostic.Err(r, err); err != nil {
			t.Errorf("%s: %v", c.file, err)
		}
		var got []string
		for _, p := range r.Packages {
			got = append(got, fullName(&p)+" "+p.Version)
			if want := p.Name == "tests"; p.Dev != want {
				t.Errorf("%s: %s: Dev is %t", c.file, p.Name, p.Dev)
			}
			if alias := p.Qualifiers["alias"]; p.Name == "branch" && c.file != "vendor/composer/installed.json" && alias != "2.0.0" {
				t.Errorf("%s: the branch stands for %q", c.file, alias)
			}
			if want := []string{"acme/api", "acme/old"}; p.Name == "kernel" && !strings.HasSuffix(c.file, ".php") && !slices.Equal(p.Provides, want) {
				t.Errorf("%s: the kernel provides %v, want %v", c.file, p.Provides, want)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s:\n     got %q\ncomposer %q", c.file, got, c.want)
		}
	}
}

// TestNativeRegistry compares the registry of PEAR with what PHP's own unserialize makes of it.
func TestNativeRegistry(t *testing.T) {
	root := corpus.Dir(t)
	php, err := exec.LookPath("php")
	if err != nil {
		t.Skip("php is not installed: nothing to compare with")
	}
	compared := 0
	err = filepath.WalkDir(filepath.Join(root, "fixtures", "php-pear"), func(file string, _ os.DirEntry, err error) error {
		if err != nil || filepath.Ext(file) != ".reg" || strings.Contains(file, ".channels") {
			return err
		}
		const script = `$p = unserialize(file_get_contents($argv[1]), ["allowed_classes" => false]);
			$f = []; foreach ($p["filelist"] ?? [] as $e) { if (isset($e["installed_as"])) $f[] = ltrim($e["installed_as"], "/"); }
			sort($f, SORT_STRING); echo json_encode([$p["name"], $p["version"]["release"], $f]);`
		out, err := exec.CommandContext(t.Context(), php, "-r", script, "--", file).Output()
		if err != nil {
			return err
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		r, err := parseRegistry(string(text), file, nil)
		if err != nil || len(r.Packages) != 1 {
			t.Errorf("%s: %+v, error %v", file, r, err)
			return nil
		}
		p := &r.Packages[0]
		files := p.Files
		if files == nil {
			files = []string{}
		}
		got, err := json.Marshal([]any{p.Name, p.Version, files})
		if err != nil {
			return err
		}
		if want := strings.ReplaceAll(string(out), `\/`, "/"); string(got) != want {
			t.Errorf("%s:\ngot %s\nphp %s", file, got, want)
		}
		compared++
		return nil
	})
	if err != nil || compared == 0 {
		t.Errorf("%d files compared, error %v", compared, err)
	}
}
