package check

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A design note begins with its number and title, and then has its date and status.
var noteHead = regexp.MustCompile(`^# (\d+)\. ([^\n]+)\n\nDate: ([^.\n]+)\. Status: ([^.\n]+)\.`)

// longestNote is the number of words in a note that fits on a page.
const longestNote = 900

// TestDesignNotes checks that internal/design/README.md lists each note, and that a note fits on a page.
func TestDesignNotes(t *testing.T) {
	index, err := os.ReadFile(filepath.Join(root, "internal", "design", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(root, "internal", "design", "[0-9]*.md"))
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	var rows []string
	for i, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		base := filepath.Base(name)
		m := noteHead.FindStringSubmatch(string(text))
		if m == nil {
			t.Errorf("%s has no number, title, date and status at its head", base)
			continue
		}
		if number := fmt.Sprintf("%04d-", i+1); !strings.HasPrefix(base, number) || m[1] != fmt.Sprint(i+1) {
			t.Errorf("%s is number %s, want %d", base, m[1], i+1)
		}
		if n := len(strings.Fields(string(text))); n > longestNote {
			t.Errorf("%s has %d words, want at most %d", base, n, longestNote)
		}
		rows = append(rows, fmt.Sprintf("| [%s. %s](%s) | %s | %s |\n", m[1], m[2], base, m[3], m[4]))
	}
	if _, table, _ := strings.Cut(string(index), "|---|---|---|\n"); table != strings.Join(rows, "") {
		t.Errorf("the table of internal/design/README.md is\n%s\nwant\n%s", table, strings.Join(rows, ""))
	}
}

// TestVersions compares the table of note 30 with the constants and tests that it names.
func TestVersions(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "internal", "design", "0030-versions-of-forms.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile("(?m)^\\| ([^|]+) \\| (\\d+) \\| `([^`]+)` `([^`]+)` \\| [^|]+ \\| `([^`]+)` `([^`]+)` \\|$").FindAllStringSubmatch(string(text), -1)
	if len(rows) < 5 {
		t.Fatalf("%d rows", len(rows))
	}
	for _, row := range rows {
		for file, pattern := range map[string]string{
			row[3]: `\b` + row[4] + `\s*= ` + row[2] + `\b`,
			row[5]: `(?m)^func ` + row[6] + `\(`,
		} {
			code, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
			if err != nil || !regexp.MustCompile(pattern).Match(code) {
				t.Errorf("%s: %s has nothing like %q, %v", row[1], file, pattern, err)
			}
		}
	}
}
