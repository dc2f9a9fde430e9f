package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Several forms can be written at once, each with the bytes that it has alone.
func TestSeveralFormats(t *testing.T) {
	dir := t.TempDir()
	stdout, stderr, code := hullmark(t, "scan", "--cache", "off", "--format", "table", "--format", "json="+filepath.Join(dir, "a.json"), "--format", "cyclonedx="+filepath.Join(dir, "a.cdx.json"), "demo:")
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	golden(t, "demo.txt", stdout)
	for file, want := range map[string]string{"a.json": "demo.json", "a.cdx.json": "demo.cdx.json"} {
		got, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		golden(t, want, string(got))
	}
}

func TestBadFormats(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--format", "table", "--format", "json"}, "--format table and json go to the same output; name a file for one: --format json=FILE"},
		{[]string{"--format", "table=" + dir + "/x", "--format", "json", "-o", dir + "/x"}, "--format table and json go to the same output"},
		{[]string{"--format", "json="}, "--format json= names no file"},
		{[]string{"--format", "yaml"}, `unknown --format "yaml"; use table, json`},
		{[]string{"--format", "json=" + dir + "/no/x"}, "cannot write results"},
	} {
		stdout, stderr, code := hullmark(t, append([]string{"scan", "--cache", "off", "demo:"}, c.args...)...)
		if code != exitFailed || stdout != "" || !strings.Contains(stderr, c.want) {
			t.Errorf("%q: exit code %d, standard error %q, want %q", c.args, code, stderr, c.want)
		}
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Errorf("%q: left %v behind", c.args, left)
		}
	}
}
