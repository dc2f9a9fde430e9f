package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestOutputs names files of several formats.
func TestOutputs(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	fails(t, "go to the same output", "scan", "--cache", "off", "-f", "json=a.json,sarif=./a.json", "demo:")
	fails(t, "is a directory", "scan", "--cache", "off", "-f", "json,table", "-o", "d/", "demo:")
	ok(t, "scan", "--cache", "off", "-f", "json,table", "-o", ".hidden", "demo:")
	for _, name := range []string{".hidden.json", ".hidden.txt"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	if _, stderr, code := hullmark(t, "scan", "--cache", "off", "--exclude", "..", "demo:"); code != exitFailed || !strings.Contains(stderr, "..") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}

// TestOutputNames chooses formats by the names of files, unless a flag, a variable or the file of settings does.
func TestOutputNames(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, tt := range []struct{ name, line, file, begins string }{
		{"aquasecurity/trivy-action#182: a page is a table", "scan -o report.html demo:", "report.html", "<!DOCTYPE html>"},
		{"a JSON report", "scan -o report.json demo:", "report.json", "{\n  \"schema\""},
		{"CycloneDX", "scan -o report.cdx.json demo:", "report.cdx.json", "{\n  \"$schema\": \"http://cyclonedx.org"},
		{"SARIF", "scan -o report.sarif demo:", "report.sarif", "{\n  \"$schema\""},
		{"a table", "scan -o report.txt demo:", "report.txt", "demo:  Debian"},
		{"another name", "scan -o report demo:", "report", "demo:  Debian"},
		{"a flag wins", "scan -f table -o flag.json demo:", "flag.json", "demo:  Debian"},
		{"several formats", "scan -f table,sarif -o two.html demo:", "two.txt", "demo:  Debian"},
		{"a page of a document's findings", "match -o matched.html sbom.json", "matched.html", "<!DOCTYPE html>"},
		{"SPDX", "sbom -o sbom.spdx.json demo:", "sbom.spdx.json", "{\n  \"spdxVersion\""},
		{"XML", "sbom -o sbom.xml demo:", "sbom.xml", "<?xml"},
		{"a table of files", "files -o files.csv demo:", "files.csv", "path,"},
		{"an explanation", "explain -o why.json demo: CVE-2014-9761", "why.json", "{"},
		{"a variable wins", "scan -o variable.json demo:", "variable.json", "<!DOCTYPE html>"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			args := strings.Fields(tt.line)
			switch {
			case args[0] == "match":
				ok(t, "sbom", "--cache", "off", "-o", "sbom.json", "demo:")
			default:
				args = append(args, "--cache", "off")
			}
			if tt.name == "a variable wins" {
				t.Setenv("HULLMARK_FORMAT", "html")
			}
			ok(t, args...)
			text, err := os.ReadFile(tt.file)
			if err != nil || !strings.HasPrefix(string(text), tt.begins) {
				t.Errorf("%v: %.80q", err, text)
			}
		})
	}
	fails(t, "write contrib/html.tpl, without @", "scan", "--cache", "off", "-f", "template", "--template", "@contrib/html.tpl", "demo:")
}

// TestIgnoreFileKind doesn't read an ignore list unasked that may block or never end.
func TestIgnoreFileKind(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir(".hullmarkignore", 0o777); err != nil {
		t.Fatal(err)
	}
	fails(t, ".hullmarkignore is not a regular file", "scan", "--cache", "off", "demo:")
	ok(t, "scan", "--cache", "off", "--ignore-file", "off", "demo:")
}
