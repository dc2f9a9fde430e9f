package check

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// readmeWords is the length to which README.md is held. Details belong beside their package.
const readmeWords = 1200

func readme(t *testing.T) string { return page(t, "README.md") }

func page(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestReadmeWords(t *testing.T) {
	if n := len(strings.Fields(readme(t))); n > readmeWords {
		t.Errorf("README.md has %d words, want at most %d: move some beside a package", n, readmeWords)
	}
}

// TestDocPackages checks that doc.go lists exactly the public packages, and the reference command.
func TestDocPackages(t *testing.T) {
	listed := make(map[string]bool)
	for _, m := range regexp.MustCompile(`(?m)^//\t([a-z/0-9]+) {2,}\S`).FindAllStringSubmatch(page(t, "doc.go"), -1) {
		listed[m[1]] = true
	}
	all, err := list()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		path, ok := strings.CutPrefix(p.ImportPath, module+"/")
		if !ok || strings.Contains("/"+path, "/internal/") || strings.HasPrefix(path, "examples/") && path != "examples/hullmark" {
			continue
		}
		if !listed[path] {
			t.Errorf("doc.go does not list package %s", path)
		}
		delete(listed, path)
	}
	for path := range listed {
		t.Errorf("doc.go lists %s, which is no package", path)
	}
}

// TestPageLinks follows the relative links of every page.
func TestPageLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s#]+)(?:#[^)]*)?\)`)
	err := filepath.WalkDir(root, func(name string, d os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, ".md") || slices.Contains(strings.Split(name, "/"), "testdata") {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(m[1], ":") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(name), m[1])); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

var goProgram = regexp.MustCompile("(?s)```go\n(package .*?)```")

// TestReadmePrograms compiles the program of README.md, and the analyzers of README.md and analyzer/README.md, and runs their test.
func TestReadmePrograms(t *testing.T) {
	text := readme(t)
	program := goProgram.FindStringSubmatch(text)
	if program == nil {
		t.Fatal("README.md has no program")
	}
	_, short, ok := strings.Cut(text, "```go\nfunc New()")
	if !ok {
		t.Fatal("README.md has no analyzer")
	}
	short, _, _ = strings.Cut(short, "```")
	short = `package versions

import (
	"context"
	"io"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

func New()` + short
	text = page(t, "analyzer/README.md")
	full := goProgram.FindStringSubmatch(text)
	if full == nil {
		t.Fatal("analyzer/README.md has no analyzer")
	}
	_, image, ok := strings.Cut(text, "```\nAn upgrade")
	if !ok {
		t.Fatal("analyzer/README.md shows no txtar image")
	}
	image, _, _ = strings.Cut("An upgrade"+image, "```")
	const shortImage = "One name and version a file.\n-- 0/opt/hammer.versions --\nhammer 1.0\n-- want --\npkg:generic/hammer@1.0\n    layer 0, opt/hammer.versions, by versions\n"
	dir, err := os.MkdirTemp(".", "readme") // within the module
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	test := func(name string) string {
		return `package versions_test

import (
	"testing"

	"github.com/hullmark/hullmark/analyzer/analyzertest"
	"` + module + `/internal/check/` + filepath.Base(dir) + `/` + name + `"
)

func Test(t *testing.T) { analyzertest.Run(t, "testdata/*.txtar", versions.New()) }
`
	}
	for name, content := range map[string]string{
		"embed/main.go":            program[1],
		"full/versions.go":         full[1],
		"full/versions_test.go":    test("full"),
		"full/testdata/one.txtar":  string(txtar.Format(txtar.Parse([]byte(image)))),
		"short/versions.go":        short,
		"short/versions_test.go":   test("short"),
		"short/testdata/one.txtar": shortImage,
	} {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"vet", "./" + dir + "/..."}, {"test", "./" + dir + "/full", "./" + dir + "/short"}} {
		if out, err := exec.CommandContext(t.Context(), "go", args...).CombinedOutput(); err != nil {
			t.Errorf("go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}
