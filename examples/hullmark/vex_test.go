package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestVEX records a statement, checks, merges and applies it; and writes what a scan decided, which decides the next scan.
func TestVEX(t *testing.T) {
	dir := t.TempDir()
	ours, merged, made := filepath.Join(dir, "ours.vex.json"), filepath.Join(dir, "merged.cdx.json"), filepath.Join(dir, "made.vex.json")
	run := func(code int, want string, args ...string) string {
		t.Helper()
		stdout, stderr, got := hullmark(t, args...)
		if got != code || !strings.Contains(stdout+stderr, want) {
			t.Errorf("%q: exit code %d, want %d with %q\n%s%s", args, got, code, want, stdout, stderr)
		}
		return stdout
	}
	add := func(more ...string) []string {
		return append([]string{"vex", "add", ours, "CVE-2019-14232", "--product", "pkg:pypi/django"}, more...)
	}
	run(1, "unknown --status", add()...)
	run(1, "needs a justification or a detail", add("--status", "not_affected")...)
	run(1, "is not a date", add("--status", "fixed", "--expires", "soon")...)
	if _, err := os.Stat(ours); err == nil {
		t.Error("a statement that breaks the rules made a file")
	}
	run(0, "", add("--status", "not-affected", "--justification", "vulnerable_code_not_present", "--author", "Jane", "--expires", "2999-12-31")...)
	run(0, "", "vex", "add", ours, "CVE-2019-14233", "--product", "pkg:pypi/django", "--status", "fixed", "--author", "Joe")
	run(0, "OpenVEX, 2 statements", "vex", "check", ours)
	run(0, "", "vex", "merge", "-f", "cyclonedx", "-o", merged, ours)
	run(0, "CycloneDX, 2 statements", "vex", "check", merged)
	run(1, "vex add completes OpenVEX", "vex", "add", merged, "CVE-1", "--product", "pkg:a/b", "--status", "fixed")
	run(1, "unknown --format", "vex", "merge", "-f", "csaf", ours)
	for _, file := range []string{ours, merged} {
		run(0, "decides 2 matches, suppresses 2 of them", "scan", "--cache", "off", "--vex", file, "--write-vex", made, "demo:")
	}
	var written struct {
		Statements []struct {
			Status string `json:"status"`
			Notes  string `json:"status_notes"`
		} `json:"statements"`
	}
	text, err := os.ReadFile(made)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &written); err != nil || len(written.Statements) != 2 {
		t.Fatalf("%v\n%s", err, text)
	}
	if s := written.Statements[0]; s.Status != "not_affected" || s.Notes != "Author: Jane\nExpires: 2999-12-31T23:59:59Z" {
		t.Errorf("wrote %+v", s)
	}
	run(0, "decides 2 matches, suppresses 2 of them", "scan", "--cache", "off", "--vex", made, "demo:")
	if err := os.Remove(made); err != nil {
		t.Fatal(err)
	}
	run(0, "nothing is decided", "scan", "--cache", "off", "--write-vex", made, "demo:")
	if _, err := os.Stat(made); err == nil {
		t.Error("a scan without decisions wrote a document")
	}
	past := file(t, "past.vex.json", `{"@context": "https://openvex.dev/ns/v0.2.0", "@id": "x", "author": "A", "timestamp": "2024-01-01T00:00:00Z", "version": 1, "statements": [
		{"vulnerability": {"name": "CVE-2019-14232"}, "products": [{"@id": "pkg:pypi/django"}], "status": "fixed", "status_notes": "Expires: 2024-02-01T00:00:00Z"}]}`)
	run(1, "statements[0]: expired on 2024-02-01T00:00:00Z", "vex", "check", past)
	run(0, "statements[0]: expired on 2024-02-01T00:00:00Z; ignored", "scan", "--cache", "off", "--vex", past, "demo:")
}
