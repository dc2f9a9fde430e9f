package json_test

import (
	"bytes"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/matcher/report/json"
)

func write(t testing.TB, a *report.Assessment) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := json.Write(&b, a); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// validate holds a document against the schema.
func validate(t testing.TB, text []byte) {
	t.Helper()
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(json.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("https://schema.example/s.json", schema); err != nil {
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
		t.Error(err)
	}
}

// TestRoundTrip reads the documents in testdata, which have every field, and writes them again.
func TestRoundTrip(t *testing.T) {
	for _, name := range []string{"../testdata/report.json", "../../../examples/hullmark/testdata/demo.json"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		validate(t, text)
		a, err := json.Read(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if got := write(t, a); !bytes.Equal(got, text) {
			t.Errorf("%s: other bytes after reading and writing:\n%s", name, firstDifference(got, text))
		}
	}
	text, err := os.ReadFile("../../../examples/hullmark/testdata/explain.json")
	if err != nil {
		t.Fatal(err)
	}
	validate(t, text)
	x, err := json.ReadExplanations(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := json.WriteExplanations(&b, x); err != nil || !bytes.Equal(b.Bytes(), text) {
		t.Errorf("other bytes after reading and writing an explanation: %v\n%s", err, firstDifference(b.Bytes(), text))
	}
}

func firstDifference(got, want []byte) string {
	a, b := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return strings.Join(a[max(0, i-3):i+1], "\n") + "\nwant\n" + b[i]
		}
	}
	return "one is longer"
}

// TestVersion1 reads a document of version 1, which wrote reasons in English.
func TestVersion1(t *testing.T) {
	text, err := os.ReadFile("testdata/version1.json")
	if err != nil {
		t.Fatal(err)
	}
	a, err := json.Read(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if a.Skipped[matcher.OwnedByDistro] != 1 || a.HiddenCount != 2 || a.Reasons[0].Code != report.ReasonVEX || a.Reasons[1].Code != report.ReasonNotNew || len(a.Findings) != 1 {
		t.Errorf("skipped %v, hidden %v, findings %v", a.Skipped, a.Hidden, a.Findings)
	}
}

// TestVersion2 reads a document of version 2, which did not count findings in files, and loses nothing of it.
func TestVersion2(t *testing.T) {
	text, err := os.ReadFile("testdata/version2.json")
	if err != nil {
		t.Fatal(err)
	}
	a, err := json.Read(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var was, is map[string]any
	if err := errors.Join(stdjson.Unmarshal(text, &was), stdjson.Unmarshal(write(t, a), &is)); err != nil {
		t.Fatal(err)
	}
	if is["schema"] != 3.0 {
		t.Errorf("written as version %v", is["schema"])
	}
	delete(was, "schema")
	for _, lost := range missing("", was, is) {
		t.Errorf("lost: %s", lost)
	}
}

// TestFormerExplanations reads explanations of version 1, which wrote reasons in English, and writes those of today.
func TestFormerExplanations(t *testing.T) {
	text, err := os.ReadFile("testdata/explain1.txt")
	if err != nil {
		t.Fatal(err)
	}
	x, err := json.ReadExplanations(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := json.WriteExplanations(&b, x); err != nil {
		t.Fatal(err)
	}
	validate(t, b.Bytes())
	for _, want := range []string{`"schema": 2`, `"skipped": "owned-by-distro"`} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the document has no %s:\n%s", want, &b)
		}
	}
}

// missing returns the paths of values in was that are not in is.
func missing(path string, was, is any) (paths []string) {
	switch was := was.(type) {
	case map[string]any:
		is, _ := is.(map[string]any)
		for k, v := range was {
			paths = append(paths, missing(path+"."+k, v, is[k])...)
		}
	case []any:
		is, _ := is.([]any)
		for i, v := range was {
			if i >= len(is) {
				return append(paths, fmt.Sprintf("%s[%d]", path, i))
			}
			paths = append(paths, missing(fmt.Sprintf("%s[%d]", path, i), v, is[i])...)
		}
	default:
		if was != is {
			paths = append(paths, fmt.Sprintf("%s: %v became %v", path, was, is))
		}
	}
	return paths
}

// TestUnmatched covers an Assessment without a result.
func TestUnmatched(t *testing.T) {
	a := report.New(&analyzer.Report{Components: []analyzer.Component{{ID: "1", PURL: "pkg:npm/a@1", Package: analyzer.Package{Type: "npm", Name: "a", Version: "1"}}}}, nil, report.Options{Name: "image"})
	text := write(t, a)
	validate(t, text)
	if _, err := json.Read(bytes.NewReader(text)); err != nil {
		t.Error(err)
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		name, text, want string
		is               error
	}{
		{"nothing", "", "unexpected end of JSON input", nil},
		{"another document", `{"bomFormat": "CycloneDX"}`, "json: schema 0: unknown version", json.ErrVersion},
		{"a later version", `{"schema": 4}`, "json: schema 4: unknown version", json.ErrVersion},
		{"a foreign component", `{"schema": 2, "matches": [{"id": "CVE-1", "component": "x"}]}`, `json: matches[0]: match of CVE-1: no component "x"`, nil},
		{"a foreign decision", `{"schema": 2, "verdict": {"decisions": [{"kind": "match", "id": "CVE-1", "component": "x"}]}}`, `json: verdict.decisions[0]: no match of CVE-1 in component "x"`, nil},
		{"a foreign finding", `{"schema": 2, "verdict": {"decisions": [{"kind": "finding", "id": "rule", "path": "x"}]}}`, `json: verdict.decisions[0]: no finding rule in "x"`, nil},
		{"no time", `{"schema": 2, "coverage": [{"date": "yesterday"}]}`, `json: "yesterday" is not a time`, nil},
		{"no status", `{"schema": 2, "matches": [{"status": "bad"}]}`, "bad", nil},
		{"an unknown reason of version 1", `{"schema": 1, "skipped": [{"reason": "other"}]}`, `json: skipped: unknown reason "other"`, nil},
		{"many objects", `{"schema": 2, "components": [` + strings.Repeat("{},", 1<<21) + `{}]}`, "json: too large", nil},
	} {
		_, err := json.Read(strings.NewReader(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) || c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.want)
		}
	}
}

// FuzzRead requires that a document which can be read can be written, and read again with the same result.
func FuzzRead(f *testing.F) {
	for _, pattern := range []string{"../testdata/report.json", "testdata/*.json"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if x, err := json.ReadExplanations(bytes.NewReader(text)); err == nil {
			if err := json.WriteExplanations(new(bytes.Buffer), x); err != nil {
				t.Error(err)
			}
		}
		a, err := json.Read(bytes.NewReader(text))
		if err != nil {
			return
		}
		first := write(t, a)
		again, err := json.Read(bytes.NewReader(first))
		if err != nil {
			t.Fatalf("%v in\n%s", err, first)
		}
		if second := write(t, again); !bytes.Equal(first, second) {
			t.Error(firstDifference(second, first))
		}
	})
}
