package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// TestCapabilities: each of the 104 capabilities has a test that exists, or says why it is left out.
func TestCapabilities(t *testing.T) {
	text, err := os.ReadFile("CAPABILITIES.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile("(?m)^\\| ([XACMD]\\d+) \\| .* \\| (.*) \\| (?:`([^`]*)` (\\w+))? \\|$").FindAllStringSubmatch(string(text), -1)
	if len(rows) != 104 {
		t.Errorf("%d rows, want 104", len(rows))
	}
	for _, row := range rows {
		id, how, dir, name := row[1], row[2], row[3], row[4]
		if name == "" {
			if !regexp.MustCompile(`^left out`).MatchString(how) {
				t.Errorf("%s has neither a test nor a reason", id)
			}
			continue
		}
		files, err := filepath.Glob(filepath.Join("../..", dir, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			found = found || regexp.MustCompile(`(?m)^func `+name+`\(`).Match(content)
		}
		if !found {
			t.Errorf("%s: %s has no %s", id, dir, name)
		}
	}
}
