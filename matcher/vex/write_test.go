package vex_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/tools/txtar"

	"github.com/hullmark/hullmark/internal/testing/cputime"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/vex"
)

var (
	formats = []string{"OpenVEX", "CycloneDX"}
	noon    = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	aliased = []string{"registry.example/team/app:1", "https://example.com/products/app", own} // names of the images
)

// A schemaLoader finds the schemas that come with the source of cyclonedx-go.
type schemaLoader struct{ dir string }

func (l schemaLoader) Load(address string) (any, error) {
	name := address[strings.LastIndexByte(address, '/')+1:]
	if name == "jsf-0.82.schema.json" {
		name = "jsf-0.82.schemax.json"
	}
	text, err := os.ReadFile(filepath.Join(l.dir, name))
	if err != nil {
		return nil, err
	}
	return jsonschema.UnmarshalJSON(bytes.NewReader(text))
}

var schemas = sync.OnceValues(func() (map[string]*jsonschema.Schema, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/CycloneDX/cyclonedx-go").Output()
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(schemaLoader{filepath.Join(strings.TrimSpace(string(out)), "schema")})
	c.AssertFormat()
	cdx, err := c.Compile("http://cyclonedx.org/schema/bom-1.6.schema.json")
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile("testdata/openvex.schema.json")
	if err != nil {
		return nil, err
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	c = jsonschema.NewCompiler()
	if err := c.AddResource("openvex.json", v); err != nil {
		return nil, err
	}
	open, err := c.Compile("openvex.json")
	return map[string]*jsonschema.Schema{"OpenVEX": open, "CycloneDX": cdx}, err
})

func valid(t *testing.T, format string, text []byte) {
	t.Helper()
	all, err := schemas()
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err == nil {
		err = all[format].Validate(v)
	}
	if err != nil {
		t.Errorf("%s: %v\n%s", format, err, text)
	}
}

// again writes a document and reads it. It returns nil if there is nothing to write.
func again(t *testing.T, d *vex.Document, format string) (*vex.Document, []string) {
	t.Helper()
	var b bytes.Buffer
	omitted, err := d.Write(&b, format)
	if errors.Is(err, vex.ErrEmpty) {
		return nil, omitted
	}
	if err != nil {
		t.Fatal(err)
	}
	valid(t, format, b.Bytes())
	r, err := vex.Read(&b, d.Name)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Problems) > 0 {
		t.Errorf("%s: problems of a document that Write wrote: %q", format, r.Problems)
	}
	return r, omitted
}

// decided returns a line for each match that documents decide.
func decided(docs vex.Documents, image string) (list []string) {
	scanned := images()[image]
	r, _ := docs.At(noon).Apply(scanned, found(scanned), aliased)
	for i := range r.Matches {
		if m := &r.Matches[i]; m.Analysis != nil {
			list = append(list, fmt.Sprintf("%s in %s: %s", m.ID, m.Component, m.Analysis.Status))
		}
	}
	return list
}

// TestRewritten merges the documents of each file of testdata, writes the result in both formats, and asks that it decides the same.
func TestRewritten(t *testing.T) {
	names, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(names) < 10 {
		t.Fatalf("%d files: %v", len(names), err)
	}
	rewritten := 0
	for _, name := range names {
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		image := "debian"
		if bytes.Contains(a.Comment, []byte("Red Hat")) {
			image = "rhel"
		}
		for _, f := range a.Files {
			d, err := vex.Read(bytes.NewReader(f.Data), f.Name)
			if err != nil {
				continue
			}
			want := decided(vex.Documents{d}, image)
			for _, format := range formats {
				merged := vex.Merge("Merger", noon, d)
				r, omitted := again(t, merged, format)
				omitted = append(omitted, merged.Problems[len(d.Problems):]...)
				if r == nil {
					continue
				}
				got := decided(vex.Documents{r}, image)
				if len(omitted) == 0 && !slices.Equal(got, want) {
					t.Errorf("%s, %s: %s decides %q, want %q", name, f.Name, format, got, want)
				}
				for _, line := range got {
					if !slices.Contains(want, line) {
						t.Errorf("%s, %s: %s decides %q, which the document did not", name, f.Name, format, line)
					}
				}
				rewritten += len(got)
			}
		}
	}
	if rewritten < 20 {
		t.Errorf("%d decisions of rewritten documents", rewritten)
	}
}

func statement() vex.Statement {
	return vex.Statement{
		Vulnerability: "CVE-2023-5678", Products: []vex.Product{{Name: "pkg:deb/debian/libssl3@3.0.11-1~deb12u2"}}, Status: matcher.NotAffected,
		Justification: "vulnerable_code_not_present", Detail: "built without it", Time: noon.Add(-time.Hour),
	}
}

func TestAdd(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(s *vex.Statement)
		err    string
	}{
		{"right", func(*vex.Statement) {}, ""},
		{"no vulnerability", func(s *vex.Statement) { s.Vulnerability = "" }, "not an identifier"},
		{"a sentence", func(s *vex.Statement) { s.Vulnerability = "CVE 1" }, "not an identifier"},
		{"no product", func(s *vex.Statement) { s.Products = nil }, "no product"},
		{"a bad package URL", func(s *vex.Statement) { s.Products[0].Name = "pkg:deb" }, "is not a package URL"},
		{"a bad digest", func(s *vex.Statement) { s.Products[0].Name = "sha256:12" }, "not a digest"},
		// https://github.com/anchore/grype/issues/1589
		{"the algorithm twice", func(s *vex.Statement) { s.Products[0].Name = "pkg:oci/app@sha256:" + digest }, "has no digest"},
		{"a part that is no package", func(s *vex.Statement) { s.Products[0].Parts = []string{"openssl"} }, "is not a package URL"},
		{"no reason", func(s *vex.Statement) { s.Justification, s.Detail = "", " " }, "needs a justification or a detail"},
		{"a justification of CycloneDX", func(s *vex.Statement) { s.Justification = "code_not_present" }, "unknown justification"},
		{"a justification of a fix", func(s *vex.Statement) { s.Status = matcher.Fixed }, "for not_affected only"},
		{"no action", func(s *vex.Statement) { s.Status, s.Justification, s.Detail = matcher.Affected, "", "" }, "the action to take"},
		{"a status of advisories", func(s *vex.Statement) { s.Status, s.Justification = matcher.WillNotFix, "" }, "no status"},
		{"no time", func(s *vex.Statement) { s.Time = time.Time{} }, "no time"},
		{"over before it begins", func(s *vex.Statement) { s.Expires = s.Time }, "before it is made"},
		{"an author of two lines", func(s *vex.Statement) { s.Author = "a\nExpires: never" }, "control character"},
		{"a long detail", func(s *vex.Statement) { s.Detail = strings.Repeat("x", 1<<20) }, "longer than"},
		// https://github.com/openvex/vexctl/issues/66
		{"an impact statement only", func(s *vex.Statement) { s.Justification = "" }, ""},
	} {
		s := statement()
		c.change(&s)
		err := vex.NewDocument("Team", noon).Add(s)
		if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%s: %v, want %q", c.name, err, c.err)
		}
	}
}

// TestMembers asks that everything in a statement comes back in both formats.
func TestMembers(t *testing.T) {
	scanned := images()["debian"]
	for _, change := range []func(s *vex.Statement){
		func(*vex.Statement) {},
		func(s *vex.Statement) { s.Author, s.Expires = "Jane Doe", noon.Add(time.Hour) },
		func(s *vex.Statement) { s.Expires = noon.Add(time.Hour) },
		func(s *vex.Statement) { s.Author = "Jane Doe" },
		func(s *vex.Statement) { s.Detail = "a\nExpires: never" },
		func(s *vex.Statement) { s.Detail = "a\nAuthor: x\nExpires: 2020-01-01T00:00:00Z" },
		func(s *vex.Statement) { s.Detail = "Author: x" },
		func(s *vex.Statement) { s.Justification = "" },
		func(s *vex.Statement) { s.Justification, s.Expires = "", noon.Add(time.Hour) },
		func(s *vex.Statement) { s.Justification = "inline_mitigations_already_exist" },
		func(s *vex.Statement) {
			s.Justification, s.Detail = "vulnerable_code_cannot_be_controlled_by_adversary", ""
		},
		func(s *vex.Statement) { s.Status, s.Justification = matcher.Affected, "" },
		func(s *vex.Statement) { s.Status, s.Justification = matcher.Fixed, "" },
		func(s *vex.Statement) { s.Status, s.Justification, s.Author = matcher.UnderInvestigation, "", "Jane" },
		func(s *vex.Statement) { s.Vulnerability, s.Aliases = "DSA-1", []string{"CVE-2023-5678", "GHSA-x"} },
		func(s *vex.Statement) {
			s.Products = []vex.Product{{Name: "registry.example/team/app:1", Parts: []string{"pkg:deb/debian/openssl"}}}
		},
		func(s *vex.Statement) { s.Products = []vex.Product{{Name: digest}} },
		func(s *vex.Statement) {
			s.Products = []vex.Product{{Name: "pkg:npm/other"}, {Name: digest, Parts: []string{"pkg:deb/debian/libssl3"}}}
		},
	} {
		s := statement()
		change(&s)
		d := vex.NewDocument("Team", noon)
		if err := d.Add(s); err != nil {
			t.Errorf("%+v: %v", s, err)
			continue
		}
		for _, format := range formats {
			once, _ := again(t, d, format)
			for _, r := range []*vex.Document{once, twice(t, once)} {
				result, _ := vex.Documents{r}.At(noon).Apply(scanned, found(scanned), aliased)
				i := slices.IndexFunc(result.Matches, func(m matcher.Match) bool { return m.Component == "libssl3" })
				a := result.Matches[i].Analysis
				if a == nil {
					t.Errorf("%s: %+v decides nothing", format, s)
					continue
				}
				author := s.Author
				if author == "" {
					author = "Team"
				}
				if a.Status != s.Status || a.Justification != s.Justification || a.Detail != s.Detail || a.Author != author || !a.Time.Equal(s.Time) || !a.Expires.Equal(s.Expires) {
					t.Errorf("%s: %+v came back as %+v", format, s, a)
				}
			}
			late, usage := vex.Documents{once}.At(noon.Add(2*time.Hour)).Apply(scanned, found(scanned), aliased)
			timeless, _ := vex.Documents{once}.Apply(scanned, found(scanned), aliased)
			for _, r := range []*matcher.Result{late, timeless} {
				for i := range r.Matches {
					if r.Matches[i].Analysis != nil && !s.Expires.IsZero() {
						t.Errorf("%s: %+v still decides after it expired, or without a time", format, s)
					}
				}
			}
			if !s.Expires.IsZero() && (len(usage[0].Problems) != 1 || !strings.Contains(usage[0].Problems[0], "expired on 2026-03-01T13:00:00Z")) {
				t.Errorf("%s: problems %q", format, usage[0].Problems)
			}
		}
	}
}

// twice adds a document's statements to nothing, and writes them in the other format and back.
func twice(t *testing.T, d *vex.Document) *vex.Document {
	for _, format := range formats {
		d, _ = again(t, vex.Merge("Team", noon, d), format)
	}
	return d
}

func TestMergeReported(t *testing.T) {
	read := func(name, text string) *vex.Document {
		d, err := vex.Read(strings.NewReader(text), name)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	const of = `"products": [{"@id": "pkg:deb/debian/libssl3"}]`
	older := read("older", `{"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://a.example/1", "author": "A", "timestamp": "2022-12-28T13:31:27-06:00", "version": 3,
		"statements": [{"vulnerability": {"name": "CVE-2023-5678", "description": "kept"}, `+of+`, "status": "affected", "action_statement": "wait", "supplier": "S"}]}`)
	newer := read("newer", `{"@context": "https://openvex.dev/ns", "@id": "https://b.example/1", "author": "B", "timestamp": "2023-12-28T13:31:27Z", "version": "1",
		"statements": [{"vulnerability": "CVE-2023-5678", "products": ["pkg:deb/debian/libssl3"], "status": "not_affected", "justification": "component_not_present", "impact_statement": "both"}]}`)
	timeless := read("timeless", `{"@context": "https://openvex.dev/ns", "@id": "https://b.example/1", "author": "B",
		"statements": [{"vulnerability": "CVE-2023-5678", "products": ["pkg:deb/debian/libssl3"], "status": "not_affected", "justification": "component_not_present"}]}`)
	// The times of documents become those of their statements, in the order of time; https://github.com/chainguard-dev/vex/issues/49.
	// The merged document has a context, a version and authors: https://github.com/openvex/vexctl/issues/3.
	merged := vex.Merge("C", noon, newer, older, newer, timeless)
	var b bytes.Buffer
	omitted, err := merged.Write(&b, "OpenVEX")
	if err != nil {
		t.Fatal(err)
	}
	valid(t, "OpenVEX", b.Bytes())
	if len(omitted) != 1 || omitted[0] != "timeless: statements[0]: has no time" {
		t.Errorf("omitted %q", omitted)
	}
	text := b.String()
	at := 0
	for _, want := range []string{`"@context": "https://openvex.dev/ns/v0.2.0"`, `"@id": "urn:uuid:`, `"author": "C"`, `"timestamp": "2026-03-01T12:00:00Z"`, `"version": 1`,
		`"description": "kept"`, `"timestamp": "2022-12-28T19:31:27Z"`, `"supplier": "S"`, `"status_notes": "Author: A"`, `"action_statement": "wait"`,
		`"timestamp": "2023-12-28T13:31:27Z"`, `"status_notes": "both\nAuthor: B"`, `"justification": "component_not_present"`} {
		i := strings.Index(text[at:], want)
		if i < 0 {
			t.Errorf("no %s after %d in\n%s", want, at, text)
			continue
		}
		at += i
	}
	if n := strings.Count(text, `"vulnerability"`); n != 2 {
		t.Errorf("%d statements, want each once", n)
	}
	check := vex.Merge("C", noon, older, read("same time", strings.ReplaceAll(`{"@context": "https://openvex.dev/ns", "@id": "x", "author": "A", "timestamp": "2022-12-28T19:31:27Z",
		"statements": [{"vulnerability": "CVE-2023-5678", "products": ["pkg:deb/debian/libssl3"], "status": "fixed"}, {"vulnerability": "CVE-1", "products": ["pkg:a/b"], "status": "fixed", "status_notes": "Expires: 2023-01-01T00:00:00Z"}]}`, "\t", ""))).Check(noon)
	want := []string{"older: statements[0] and same time: statements[0] contradict each other about CVE-2023-5678: affected and fixed, at the same time", "same time: statements[1]: expired on 2023-01-01T00:00:00Z"}
	if !slices.Equal(check, want) {
		t.Errorf("check: %q, want %q", check, want)
	}
}

// TestWrittenReported recreates reports about documents that other tools wrote wrongly, and asks of both formats that they decide as wanted.
func TestWrittenReported(t *testing.T) {
	const head = `{"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://a.example/1", "author": "A", "timestamp": "2025-01-01T00:00:00Z", "version": 1, "statements": [`
	const image = `{"@id": "` + digest + `", "subcomponents": [{"@id": "pkg:deb/debian/libssl3"}]}`
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		// A newer statement about a subcomponent decides. https://github.com/docker/scout-cli/issues/199
		{"newer statement", head + `{"vulnerability": {"name": "CVE-2023-5678"}, "timestamp": "2025-02-01T00:00:00Z", "products": [{"@id": "pkg:oci/app", "subcomponents": [{"@id": "pkg:deb/debian/libssl3"}]}], "status": "not_affected", "justification": "component_not_present"},
			{"vulnerability": {"name": "CVE-2023-5678"}, "timestamp": "2025-01-01T00:00:00Z", "products": [{"@id": "pkg:oci/app", "subcomponents": [{"@id": "pkg:deb/debian/libssl3"}]}], "status": "under_investigation"}]}`,
			[]string{"CVE-2023-5678 in libssl3: not-affected"}},
		// A statement is about its component, not about all with the vulnerability. https://github.com/DependencyTrack/dependency-track/issues/3554
		{"one of two components", `{"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "metadata": {"timestamp": "2025-01-01T00:00:00Z"}, "components": [
			{"type": "library", "bom-ref": "a", "name": "spring-boot", "purl": "pkg:maven/org.springframework.boot/spring-boot@2.6.0-M3"}, {"type": "library", "bom-ref": "b", "name": "log4j-core", "purl": "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1"}],
			"vulnerabilities": [{"id": "CVE-2021-44228", "analysis": {"state": "exploitable"}, "affects": [{"ref": "a"}]}]}`,
			[]string{"CVE-2021-44228 in spring: affected"}},
		// Two entries of a vulnerability are not the same twice. https://github.com/DependencyTrack/dependency-track/issues/3834
		{"duplicates", `{"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "metadata": {"timestamp": "2025-01-01T00:00:00Z"}, "components": [{"type": "library", "bom-ref": "a", "name": "tar", "purl": "pkg:deb/debian/tar"}],
			"vulnerabilities": [{"id": "CVE-2005-2541", "analysis": {"state": "resolved"}, "affects": [{"ref": "a"}]}, {"id": "CVE-2005-2541", "analysis": {"state": "resolved"}, "affects": [{"ref": "a"}]}]}`,
			[]string{"CVE-2005-2541 in tar: fixed"}},
		// The justification survives. https://github.com/ossf/cve-bin-tool/issues/3114
		{"justification", `{"bomFormat": "CycloneDX", "specVersion": "1.4", "version": 1, "metadata": {"timestamp": "2025-01-01T00:00:00Z"}, "components": [{"type": "library", "bom-ref": "a", "name": "tar", "purl": "pkg:deb/debian/tar"}],
			"vulnerabilities": [{"id": "CVE-2005-2541", "analysis": {"state": "not_affected", "justification": "requires_environment"}, "affects": [{"ref": "a"}]}]}`,
			[]string{"CVE-2005-2541 in tar: not-affected"}},
		// An affected statement has an action, and no impact statement. https://github.com/kubescape/kubevuln/pull/404
		{"affected without an action", head + `{"vulnerability": {"name": "CVE-2023-5678"}, "products": [` + image + `], "status": "affected", "impact_statement": "left over", "justification": "component_not_present"}]}`,
			[]string{"CVE-2023-5678 in libssl3: affected"}},
		// Each statement has its own expiry. https://github.com/kubescape/kubevuln/issues/454
		{"an expiry for each", head + `{"vulnerability": {"name": "CVE-2023-5678"}, "products": [` + image + `], "status": "fixed", "status_notes": "Expires: 2026-01-01T00:00:00Z"},
			{"vulnerability": {"name": "CVE-2005-2541"}, "products": [{"@id": "pkg:deb/debian/tar"}], "status": "fixed", "status_notes": "Expires: 2027-01-01T00:00:00Z"}]}`,
			[]string{"CVE-2005-2541 in tar: fixed"}},
	} {
		d, err := vex.Read(strings.NewReader(c.text), c.name)
		if err != nil {
			t.Fatal(err)
		}
		decide := func(d *vex.Document) (list []string) {
			scanned := images()["debian"]
			r, _ := vex.Documents{d}.At(noon).Apply(scanned, found(scanned), append(aliased, "registry.example/app:1"))
			for i := range r.Matches {
				if m := &r.Matches[i]; m.Analysis != nil {
					list = append(list, fmt.Sprintf("%s in %s: %s", m.ID, m.Component, m.Analysis.Status))
					if c.name == "justification" && m.Analysis.Justification+m.Analysis.Detail != "requires_environment" {
						t.Errorf("the reason is %q, %q", m.Analysis.Justification, m.Analysis.Detail)
					}
				}
			}
			return list
		}
		if got := decide(d); !slices.Equal(got, c.want) {
			t.Errorf("%s: decides %q, want %q", c.name, got, c.want)
		}
		for _, format := range formats {
			r, omitted := again(t, vex.Merge("M", noon, d), format)
			if got := decide(r); !slices.Equal(got, c.want) || len(omitted) > 0 {
				t.Errorf("%s, %s: decides %q, want %q; omitted %q", c.name, format, got, c.want, omitted)
			}
		}
	}
}

// FuzzWrite asks that a document that was read and written again is valid, and suppresses nothing that it did not suppress.
func FuzzWrite(f *testing.F) {
	names, _ := filepath.Glob("testdata/*.txtar")
	for _, name := range names {
		a, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range a.Files {
			f.Add(file.Data)
		}
	}
	f.Add([]byte(`{"@context": "https://openvex.dev/ns", "author": "A\nB", "timestamp": "2022-12-28T19:31:27Z", "statements": [{"vulnerability": "CVE-2023-5678", "products": ["pkg:deb/debian/libssl3"], "status": "fixed", "status_notes": "x\nAuthor: \nExpires: never"}]}`))
	f.Add([]byte(`{"document": {"csaf_version": "2.0", "tracking": {"current_release_date": "2025-01-01T00:00:00Z"}}, "product_tree": {"branches": [
		{"category": "product_version_range", "name": "", "product": {"product_id": "P1", "product_identification_helper": {"purl": "pkg:npm/lodash"}}},
		{"category": "product_version_range", "name": "1.0,2.0", "product": {"product_id": "P2", "product_identification_helper": {"purl": "pkg:npm/lodash"}}}]},
		"vulnerabilities": [{"cve": "CVE-2021-23337", "product_status": {"under_investigation": ["P1", "P2"]}}]}`)) // ranges that hold no version
	for _, name := range []string{" ", "1.0?x=y", "4.17.20%20", "4.17.20#a", "/", "vers:npm/*"} { // what a package URL may read in another way
		f.Add([]byte(`{"document": {"csaf_version": "2.0", "tracking": {"current_release_date": "2025-01-01T00:00:00Z"}}, "product_tree": {"branches": [
			{"category": "product_version_range", "name": "` + name + `", "product": {"product_id": "P1", "product_identification_helper": {"purl": "pkg:npm/lodash"}}}]},
			"vulnerabilities": [{"cve": "CVE-2021-23337", "product_status": {"under_investigation": ["P1"]}}]}`))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 1<<16 {
			return
		}
		d, err := vex.Read(bytes.NewReader(text), "x")
		if err != nil {
			return
		}
		for _, image := range []string{"debian", "rhel"} {
			was := decided(vex.Documents{d}, image)
			for _, format := range formats {
				var b bytes.Buffer
				if _, err := vex.Merge("M", noon, d).Write(&b, format); err != nil {
					continue
				}
				r, err := vex.Read(&b, "x")
				if err != nil {
					t.Fatal(err)
				}
				for _, line := range decided(vex.Documents{r}, image) {
					if !slices.Contains(was, line) {
						t.Errorf("%s: decides %q, which the document did not: %q", format, line, was)
					}
				}
			}
		}
	})
}

// TestWriteBounds merges and writes statements with many aliases, products, parts and links in a time that grows with their number.
func TestWriteBounds(t *testing.T) {
	many := 30_000
	if testing.Short() { // with the race detector
		many = 3_000
	}
	var aliases, products, parts strings.Builder
	for i := range many {
		fmt.Fprintf(&aliases, `,"A-%d"`, i)
		fmt.Fprintf(&products, `,{"@id":"pkg:npm/p%d"}`, i)
		fmt.Fprintf(&parts, `,{"@id":"urn:cdx:x/1#%d","identifiers":{"purl":"pkg:npm/x"}}`, i)
	}
	text := `{"@context": "https://openvex.dev/ns/v0.2.0", "@id": "x", "author": "A", "timestamp": "2025-01-01T00:00:00Z", "version": 1, "statements": [
		{"vulnerability": {"name": "A", "aliases": ["B"` + aliases.String() + `]}, "products": [{"@id": "pkg:a/b"}` + products.String() + `], "status": "fixed"},
		{"vulnerability": {"name": "A"}, "products": [{"@id": "pkg:a/b", "subcomponents": [{"@id": "pkg:a/c"}` + parts.String() + `]}], "status": "fixed"}]}`
	d, err := vex.Read(strings.NewReader(text), "x")
	if err != nil {
		t.Fatal(err)
	}
	start := cputime.Used()
	for _, format := range formats {
		var b bytes.Buffer
		if _, err := vex.Merge("M", noon, d, d).Write(&b, format); err != nil || b.Len() < many {
			t.Errorf("%s: %d bytes, %v", format, b.Len(), err)
		}
	}
	if took := cputime.Used() - start; took > 10*time.Second {
		t.Errorf("took %v", took)
	}
}
