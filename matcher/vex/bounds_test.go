package vex_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/testing/cputime"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/vex"
)

// FuzzRead asks that no document panics, and that what is read can be applied.
func FuzzRead(f *testing.F) {
	names, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range txtar.Parse(text).Files {
			f.Add(file.Data)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := vex.Read(bytes.NewReader(text), "x")
		if err != nil {
			return
		}
		for _, scanned := range images() {
			r, u := vex.Documents{d}.Apply(scanned, found(scanned), []string{"registry.example/app:1", own})
			if len(r.Matches) != len(found(scanned).Matches) || len(u) != 1 {
				t.Errorf("%d matches, %d usages", len(r.Matches), len(u))
			}
			_ = u[0].String()
		}
	})
}

// Whoever writes a document decides neither how long it takes to apply nor how much is kept of what is wrong in it.
func TestBounds(t *testing.T) {
	scanned := &analyzer.Report{}
	result := &matcher.Result{}
	for i := range 5000 {
		c := component(fmt.Sprint(i), analyzer.Package{Type: "npm", Name: fmt.Sprintf("p%d", i), Version: "1.0.0"}, fmt.Sprintf("a/%d/package.json", i), nil)
		scanned.Components = append(scanned.Components, c)
		result.Matches = append(result.Matches, matcher.Match{ID: "CVE-1", Component: c.ID})
	}
	document := func(statements int, product func(int) string, status string) string {
		var b strings.Builder
		b.WriteString(`{"@context": "https://openvex.dev/ns", "timestamp": "2026-01-01T00:00:00Z", "statements": [`)
		for i := range statements {
			if i > 0 {
				b.WriteString(",")
			}
			fmt.Fprintf(&b, `{"vulnerability": {"name": "CVE-1"}, "status": %q, "justification": "component_not_present", "products": [%s]}`, status, product(i))
		}
		b.WriteString("]}")
		return b.String()
	}
	for _, c := range []struct {
		name, text string
		cut        bool
	}{
		{"many names", document(20000, func(i int) string { return fmt.Sprintf(`{"@id": "pkg:npm/p%d@1.0.0"}`, i) }, "not_affected"), false},
		{"many wildcards", document(20000, func(i int) string { return fmt.Sprintf(`{"@id": "pkg:npm/*p%d*"}`, i) }, "not_affected"), true},
		{"wildcards in wildcards", document(20, func(i int) string { return `{"@id": "pkg:npm/*1", "subcomponents": [{"@id": "pkg:npm/p*"}]}` }, "not_affected"), true},
	} {
		d, err := vex.Read(strings.NewReader(c.text), c.name)
		if err != nil {
			t.Fatal(err)
		}
		start := cputime.Used()
		_, u := vex.Documents{d}.Apply(scanned, result, nil)
		if took := cputime.Used() - start; took > 10*time.Second {
			t.Errorf("%s: %v", c.name, took)
		} else {
			t.Logf("%s: %v, %s", c.name, took, &u[0])
		}
		if u[0].Truncated != c.cut || c.cut != strings.Contains(u[0].String(), "some of its wildcards") {
			t.Errorf("%s: cut %v, %s", c.name, u[0].Truncated, &u[0])
		}
	}
	d, err := vex.Read(strings.NewReader(document(5000, func(int) string { return `"x"` }, "nonsense")), "x")
	if err != nil || len(d.Problems) != 101 || d.Problems[100] != "and 4900 more" {
		t.Errorf("%d problems, %v", len(d.Problems), err)
	}
	if _, err := vex.Read(endless{}, "x"); err == nil || !strings.Contains(err.Error(), "larger than 128 MiB") {
		t.Errorf("a document without end: %v", err)
	}
	// Remarks that name groups of products that name all: 200,000 remarks on a group of 100,000 products.
	group := "[" + strings.Repeat(`"P",`, 99_999) + `"P"]`
	flags := "[" + strings.Repeat(`{"label":"x","group_ids":["G"]},`, 199_999) + `{"label":"x","group_ids":["G"]}]`
	start := cputime.Used()
	d, err = vex.Read(strings.NewReader(`{"document": {"csaf_version": "2.0"}, "product_tree": {"product_groups": [{"group_id": "G", "product_ids": `+group+`}]}, "vulnerabilities": [{"cve": "CVE-1", "flags": `+flags+`}]}`), "x")
	if err != nil || len(d.Problems) != 1 || cputime.Used()-start > 10*time.Second {
		t.Errorf("%v, %v after %v", d.Problems, err, cputime.Used()-start)
	}
}

type endless struct{}

func (endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = ' '
	}
	return len(b), nil
}

// The order in which documents are given decides nothing that their times do.
func TestOrder(t *testing.T) {
	a, err := txtar.ParseFile("testdata/supersession.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var docs []*vex.Document
	for _, f := range a.Files[:3] {
		d, err := vex.Read(bytes.NewReader(f.Data), f.Name)
		if err != nil {
			t.Fatal(err)
		}
		docs = append(docs, d)
	}
	scanned := images()["debian"]
	for _, order := range [][3]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		r, _ := vex.Documents{docs[order[0]], docs[order[1]], docs[order[2]]}.Apply(scanned, found(scanned), nil)
		for i := range r.Matches {
			m := &r.Matches[i]
			if m.ID == "CVE-2021-44228" && m.Component != "spring" && (m.Analysis == nil || m.Analysis.Document != "new.json" || len(m.Analysis.Overruled) != 2 || m.Analysis.Overruled[0].Document != "middle.json") {
				t.Errorf("%v: %s in %s: %+v", order, m.ID, m.Component, m.Analysis)
			}
		}
	}
}

// Elements of SPDX may nest, and are read in linear time.
func TestNestedSPDX(t *testing.T) {
	const depth = 5000
	text := `{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": [` + strings.Repeat(`{"type": "security_VexFixedVulnAssessmentRelationship", "from": `, depth) +
		`"` + strings.Repeat("x", 4<<20) + `"` + strings.Repeat("}", depth) + "]}"
	start := cputime.Used()
	d, err := vex.Read(strings.NewReader(text), "x")
	if err != nil || len(d.Problems) != 1 {
		t.Errorf("%v, %v", d, err)
	}
	if took := cputime.Used() - start; took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}
