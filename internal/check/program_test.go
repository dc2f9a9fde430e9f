package check

import (
	"bytes"
	"context"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"golang.org/x/tools/imports"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/internal/testing/golden"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report/json"
)

// The image and the database that the programs of README.md and doc.go run on: Linux Mint 21.3, whose packages come from Ubuntu 22.04,
// with one advisory for Ubuntu.
const (
	programImage    = "testdata/layout"
	programDatabase = "testdata/advisories.db"
)

// TestProgramInputs requires that the committed image and database are those that this test makes; -update writes them.
func TestProgramInputs(t *testing.T) {
	var l imagetest.Layer
	l.File("etc/os-release", "ID=linuxmint\nVERSION_ID=\"21.3\"\nVERSION_CODENAME=virginia\nNAME=\"Linux Mint\"\nPRETTY_NAME=\"Linux Mint 21.3\"\nID_LIKE=\"ubuntu debian\"\n")
	l.File("var/lib/dpkg/status", "Package: openssl\nStatus: install ok installed\nArchitecture: amd64\nMaintainer: Ubuntu Developers <ubuntu-devel-discuss@lists.ubuntu.com>\nVersion: 3.0.2-0ubuntu1.10\nDescription: toolkit\n")
	img, err := imagetest.Image(&l)
	if err != nil {
		t.Fatal(err)
	}
	var b db.Builder
	err = b.Add(matcher.Advisory{
		ID: "CVE-2023-5363", Feed: "ubuntu", Status: matcher.Fixed,
		Key:        matcher.Key{Type: "deb", Namespace: "ubuntu", Release: "22.04", Name: "openssl"},
		Ranges:     []matcher.Range{{Fixed: "3.0.2-0ubuntu1.12"}},
		Severities: []matcher.Severity{{Source: "ubuntu", Level: matcher.Medium, Word: "medium"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	b.AddCoverage(matcher.Coverage{Type: "deb", Namespace: "ubuntu", Release: "22.04", Feed: "ubuntu"})
	var file bytes.Buffer
	if _, err := b.WriteTo(&file); err != nil {
		t.Fatal(err)
	}
	if golden.Updating() {
		if err := os.RemoveAll(programImage); err != nil {
			t.Fatal(err)
		}
		path, err := layout.Write(programImage, empty.Index)
		if err == nil {
			err = path.AppendImage(img)
		}
		if err == nil {
			err = os.WriteFile(programDatabase, file.Bytes(), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	if committed, err := os.ReadFile(programDatabase); err != nil || !bytes.Equal(committed, file.Bytes()) {
		t.Errorf("%s is another database (%v); run the test with -update", programDatabase, err)
	}
	digest, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	if index, err := os.ReadFile(filepath.Join(programImage, "index.json")); err != nil || !bytes.Contains(index, []byte(digest.String())) {
		t.Errorf("%s is another image (%v); run the test with -update", programImage, err)
	}
}

// TestReadmeProgram runs the README's program, which has at most 20 lines and must find Ubuntu's vulnerability in Linux Mint.
func TestReadmeProgram(t *testing.T) {
	m := regexp.MustCompile("(?s)```go\n(package main.*?)```").FindStringSubmatch(readme(t))
	if m == nil {
		t.Fatal("README.md has no program")
	}
	_, body, _ := strings.Cut(m[1], "func main() {\n")
	body, rest, _ := strings.Cut(body, "\n}\n")
	if n := strings.Count(body, "\n") + 1; n > 20 || strings.Contains(rest, "func ") {
		t.Errorf("main has %d lines, want at most 20 and no other function", n)
	}
	out := runProgram(t, m[1])
	a, err := json.Read(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Findings) != 1 || a.Findings[0].ID != "CVE-2023-5363" || a.Notes[0].Code != "base" || !strings.HasPrefix(a.Name, "oci:") {
		t.Errorf("%q: findings %v, notes %v", a.Name, a.Findings, a.Notes)
	}
}

// TestDocProgram runs the program of the package comment of the module.
func TestDocProgram(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "doc.go"))
	if err != nil {
		t.Fatal(err)
	}
	_, body, ok := strings.Cut(string(text), "// A complete program")
	if !ok {
		t.Fatal("doc.go has no program")
	}
	var lines []string
	for line := range strings.Lines(body) {
		if code, ok := strings.CutPrefix(line, "//\t"); ok {
			lines = append(lines, "\t"+code)
		}
	}
	source := "package main\n\nfunc main() {\n" + strings.Join(lines, "") + "}\n"
	if out := runProgram(t, source); !bytes.Contains(out, []byte("CVE-2023-5363")) || !bytes.Contains(out, []byte("Packages of linuxmint 21.3 come from ubuntu 22.04")) {
		t.Errorf("it prints\n%s", out)
	}
}

// runProgram builds a program within the module, with the imports that it needs, runs it on the committed image and database, and
// returns its output.
func runProgram(t *testing.T, source string) []byte {
	t.Helper()
	dir, err := os.MkdirTemp(".", "program")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	file := filepath.Join(dir, "main.go")
	if parsed, err := parser.ParseFile(token.NewFileSet(), file, source, parser.ImportsOnly); err != nil {
		t.Fatal(err)
	} else if len(parsed.Imports) == 0 {
		completed, err := imports.Process(file, []byte(source), nil)
		if err != nil {
			t.Fatal(err)
		}
		source = string(completed)
	}
	if err := os.WriteFile(file, []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "program")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./"+dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return output(t.Context(), t, program, "oci:"+programImage, programDatabase)
}

func output(ctx context.Context, t *testing.T, program string, args ...string) []byte {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, errs.String())
	}
	return out.Bytes()
}
