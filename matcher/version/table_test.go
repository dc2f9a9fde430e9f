package version_test

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/db/feed/all"
	"github.com/hullmark/hullmark/matcher/version"
)

// typeOf has the type of the feeds whose datasets don't state it, because Update can't fetch them without an input.
var typeOf = map[string]string{
	"chainguard": "apk", "minimos": "apk", "secureos": "apk", "wolfi": "apk",
	"openeuler": "rpm", "photon": "rpm",
}

// describing are the feeds that describe vulnerabilities and file no advisories.
var describing = []string{"epss", "exploitdb", "kev"}

// TestTable holds the table in README.md to the schemes and the feeds. With -update, it writes the column of feeds.
func TestTable(t *testing.T) {
	feeds := map[string][]string{}
	for _, f := range all.Feeds() {
		types := map[string]bool{}
		for _, d := range f.Datasets {
			for _, k := range d.Covers {
				types[k.Type] = true
			}
		}
		if typ := typeOf[f.Name]; typ != "" {
			types[typ] = true
		}
		if len(types) == 0 && !slices.Contains(describing, f.Name) {
			t.Errorf("feed %s has no type", f.Name)
		}
		for typ := range types {
			if _, ok := version.For(typ); !ok {
				t.Errorf("feed %s files advisories of type %s, which has no order", f.Name, typ)
			}
			feeds[typ] = append(feeds[typ], f.Name)
		}
	}
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	seen := map[string]bool{}
	for i, line := range lines {
		row := strings.Split(strings.Trim(line, "|"), "|")
		if !strings.HasPrefix(line, "| ") || len(row) != 5 || strings.HasPrefix(line, "| type") {
			continue
		}
		for j := range row {
			row[j] = strings.TrimSpace(row[j])
		}
		typ, order, source, test := row[0], row[1], row[2], row[4]
		seen[typ] = true
		want := strings.Join(feeds[typ], ", ")
		if flag.Lookup("update").Value.String() == "true" {
			lines[i] = "| " + strings.Join([]string{typ, order, source, want, test}, " | ") + " |"
		} else if row[3] != want {
			t.Errorf("%s: feeds %q, want %q", typ, row[3], want)
		}
		if order == "" || source == "" {
			t.Errorf("%s: a column is empty", typ)
		}
		switch program := regexp.MustCompile("^tool: .*, `(native/[^`]+)`$").FindStringSubmatch(test); {
		case program != nil && version.HasTool(typ):
			if _, err := os.Stat(filepath.Join("testdata", program[1])); err != nil {
				t.Errorf("%s: %v", typ, err)
			}
		case test != "model" || !version.HasModel(typ):
			t.Errorf("%s: test %q", typ, test)
		}
		golden, err := os.ReadFile("testdata/" + typ + ".golden")
		if err != nil {
			t.Error(err)
		}
		if n := len(regexp.MustCompile(`(?m)^[^!]\S* [<=>] \S+$`).FindAll(golden, -1)); n < 2000 {
			t.Errorf("%s: %d golden pairs", typ, n)
		}
	}
	if got, want := slices.Sorted(maps.Keys(seen)), version.Types(); !slices.Equal(got, want) {
		t.Errorf("the table has %v, want %v", got, want)
	}
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile("README.md", []byte(strings.Join(lines, "\n")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
