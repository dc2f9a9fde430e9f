package check

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

func readme(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestReadmePackages checks that the table of packages lists exactly the public packages.
func TestReadmePackages(t *testing.T) {
	_, section, ok := strings.Cut(readme(t), "\n## Packages\n")
	if !ok {
		t.Fatal("README.md has no section Packages")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	listed := make(map[string]bool)
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\| .+ \\|$").FindAllStringSubmatch(section, -1) {
		listed[m[1]] = true
	}
	all, err := list()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		path, ok := strings.CutPrefix(p.ImportPath, module+"/")
		if !ok || strings.Contains("/"+path, "/internal/") || strings.HasPrefix(path, "examples/") {
			continue
		}
		if !listed[path] {
			t.Errorf("README.md does not list package %s", path)
		}
		delete(listed, path)
	}
	for path := range listed {
		t.Errorf("README.md lists %s, which is no package", path)
	}
}

// TestReadmePrograms compiles the programs of the README and runs its test.
func TestReadmePrograms(t *testing.T) {
	text := readme(t)
	var programs []string
	for _, m := range regexp.MustCompile("(?s)```go\n(package .*?)```").FindAllStringSubmatch(text, -1) {
		programs = append(programs, m[1])
	}
	if len(programs) != 2 {
		t.Fatalf("README.md has %d programs, want the one that embeds and the analyzer", len(programs))
	}
	_, image, ok := strings.Cut(text, "```\nAn upgrade")
	if !ok {
		t.Fatal("README.md shows no txtar image")
	}
	image, _, _ = strings.Cut("An upgrade"+image, "```")
	dir, err := os.MkdirTemp(".", "readme") // within the module
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	test := `package versions_test

import (
	"testing"

	"github.com/hullmark/hullmark/analyzer/analyzertest"
	"` + module + `/internal/check/` + filepath.Base(dir) + `/versions"
)

func Test(t *testing.T) { analyzertest.Run(t, "testdata/*.txtar", versions.New()) }
`
	for name, content := range map[string]string{
		"embed/main.go": programs[0], "versions/versions.go": programs[1], "versions/versions_test.go": test,
		"versions/testdata/upgrade.txtar": string(txtar.Format(txtar.Parse([]byte(image)))),
	} {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"vet", "./" + dir + "/..."}, {"test", "./" + dir + "/versions"}} {
		if out, err := exec.CommandContext(t.Context(), "go", args...).CombinedOutput(); err != nil {
			t.Errorf("go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}
