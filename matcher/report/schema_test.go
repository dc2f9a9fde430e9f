package report_test

import (
	"bytes"
	"encoding/xml"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	lib "github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/hullmark/hullmark/matcher/report"
)

func validate(t *testing.T, schema string, text []byte) {
	t.Helper()
	parsed, err := jsonschema.UnmarshalJSON(strings.NewReader(schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("https://schema.example/s.json", parsed); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("https://schema.example/s.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(doc); err != nil {
		t.Errorf("%v", err)
	}
}

// officialSARIF returns the official schema of SARIF 2.1.0, which is a constant in the source of go-sarif.
func officialSARIF(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/owenrumney/go-sarif/v3").Output()
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(strings.TrimSpace(string(out)), "pkg/report/v210/sarif/schema.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	ast.Inspect(file, func(n ast.Node) bool {
		if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING && strings.Contains(l.Value, "$schema") {
			text, err = strconv.Unquote(l.Value)
		}
		return true
	})
	if err != nil || text == "" {
		t.Fatalf("no schema in the library: %v", err)
	}
	return strings.Replace(text, `"id": "https://docs.oasis-open.org`, `"$comment": "https://docs.oasis-open.org`, 1)
}

// TestSARIF asks that what is written is of the official schema, and that the library reads it as it was meant.
func TestSARIF(t *testing.T) {
	schema := officialSARIF(t)
	for _, v := range []*report.Assessment{sample(), empty()} {
		text := forms(t, v)["sarif.json"]
		validate(t, schema, text)
		r, err := lib.FromBytes(text)
		if err != nil {
			t.Fatal(err)
		}
		rules, results := make(map[string]int), 0
		for i, rule := range r.Runs[0].Tool.Driver.Rules {
			rules[*rule.ID] = i
		}
		suppressed, places := 0, 0
		for _, x := range r.Runs[0].Results {
			results++
			if rules[*x.RuleID] != x.RuleIndex {
				t.Errorf("%s is rule %d, not %d", *x.RuleID, rules[*x.RuleID], x.RuleIndex)
			}
			suppressed += len(x.Suppressions)
			for _, l := range x.Locations {
				places += max(1, len(l.LogicalLocations))
			}
		}
		if want := len(v.Findings) + len(v.FileFindings) + v.HiddenCount; results != want || suppressed != v.HiddenCount {
			t.Errorf("%d results, %d suppressed, want %d and %d", results, suppressed, want, v.HiddenCount)
		}
		if want := len(v.Result.Matches) + len(v.Report.Findings); places != want {
			t.Errorf("%d places, want %d", places, want)
		}
	}
	validateFails(t, schema, `{"version": "2.1.0", "runs": [{"results": []}]}`)
}

// TestGitLab holds the form against a schema that states what GitLab's own of version 15.0.4 does.
func TestGitLab(t *testing.T) {
	schema, err := os.ReadFile("testdata/gitlab.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []*report.Assessment{sample(), empty()} {
		validate(t, string(schema), forms(t, v)["gitlab.json"])
	}
	validateFails(t, string(schema), `{"version": "15.0.4", "scan": {}, "vulnerabilities": []}`)
}

func validateFails(t *testing.T, schema, text string) {
	t.Helper()
	parsed, _ := jsonschema.UnmarshalJSON(strings.NewReader(schema))
	c := jsonschema.NewCompiler()
	if err := c.AddResource("https://schema.example/s.json", parsed); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("https://schema.example/s.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, _ := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if s.Validate(doc) == nil {
		t.Errorf("the schema accepts %s", text)
	}
}

// TestJUnit holds the form against a schema with xmllint, and its counts against its cases.
func TestJUnit(t *testing.T) {
	for _, v := range []*report.Assessment{sample(), empty()} {
		text := forms(t, v)["junit.xml"]
		var d struct {
			Tests    int `xml:"tests,attr"`
			Failures int `xml:"failures,attr"`
			Errors   int `xml:"errors,attr"`
			Skipped  int `xml:"skipped,attr"`
			Suites   []struct {
				Tests int `xml:"tests,attr"`
				Cases []struct {
					Failure, Error, Skipped *struct{}
				} `xml:"testcase"`
			} `xml:"testsuite"`
		}
		if err := xml.Unmarshal(text, &d); err != nil {
			t.Fatal(err)
		}
		tests := 0
		for _, s := range d.Suites {
			tests += len(s.Cases)
		}
		if tests != d.Tests {
			t.Errorf("%d cases, %d are said", tests, d.Tests)
		}
		if len(v.Findings) > 0 && (d.Failures != 3 || d.Errors != 2 || d.Skipped != 8) {
			t.Errorf("%d failures, %d errors, %d skipped", d.Failures, d.Errors, d.Skipped)
		}
		lint, err := exec.LookPath("xmllint")
		if err != nil {
			t.Skip("xmllint is not installed (libxml2-utils): the form is not held against its schema")
		}
		file := filepath.Join(t.TempDir(), "junit.xml")
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(lint, "--noout", "--nonet", "--schema", "testdata/junit.xsd", file).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	}
}
