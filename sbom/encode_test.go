package sbom_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/CycloneDX/cyclonedx-go"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/testing/golden"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/sbom"
)

func encode(t testing.TB, r *analyzer.Report, m *matcher.Result, o sbom.Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := sbom.Encode(&b, &report.Assessment{Report: r, Result: m}, o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// decode encodes and reads back what was written.
func decode(t testing.TB, r *analyzer.Report, m *matcher.Result, o sbom.Options) *cyclonedx.BOM {
	t.Helper()
	format := cyclonedx.BOMFileFormatJSON
	if o.Format == sbom.CycloneDXXML {
		format = cyclonedx.BOMFileFormatXML
	}
	bom := new(cyclonedx.BOM)
	if err := cyclonedx.NewBOMDecoder(bytes.NewReader(encode(t, r, m, o)), format).Decode(bom); err != nil {
		t.Fatal(err)
	}
	return bom
}

func TestGolden(t *testing.T) {
	r, m, o := everything()
	golden.Check(t, "testdata/everything.cdx.json", encode(t, r, m, o))
	o.Format = sbom.CycloneDXXML
	golden.Check(t, "testdata/everything.cdx.xml", encode(t, r, m, o))
	golden.Check(t, "testdata/nothing.cdx.json", encode(t, new(analyzer.Report), nil, sbom.Options{}))
}

func TestSchema(t *testing.T) {
	r, m, o := everything()
	for _, o.Version = range versions {
		s := schemaOf(t, o.Version)
		validate(t, s, encode(t, r, m, o))
		validate(t, s, encode(t, r, nil, o))
		validate(t, s, encode(t, new(analyzer.Report), new(matcher.Result), sbom.Options{Version: o.Version}))
		if v := decode(t, r, m, o).SpecVersion.String(); v != o.Version {
			t.Errorf("asked for %s, got %s", o.Version, v)
		}
	}
	if o.Version = ""; !bytes.Contains(encode(t, r, m, o), []byte(`"specVersion": "1.6"`)) {
		t.Error("1.6 is not the default")
	}
}

// TestXML asks that both notations say the same, in every version.
func TestXML(t *testing.T) {
	r, m, o := everything()
	for _, o.Version = range versions {
		o.Format = sbom.CycloneDXJSON
		want := decode(t, r, m, o)
		o.Format = sbom.CycloneDXXML
		got := decode(t, r, m, o)
		if got.SerialNumber == want.SerialNumber {
			t.Error("two documents have one serial number")
		}
		for _, bom := range []*cyclonedx.BOM{got, want} {
			for _, c := range *bom.Components {
				if c.Evidence == nil {
					continue
				}
				(*c.Evidence.Occurrences)[0].AdditionalContext = "" // which the library cannot write in XML
				if one := c.Evidence.Identity.Identity; one != nil {
					c.Evidence.Identity = &cyclonedx.EvidenceIdentityChoice{Identities: &[]cyclonedx.EvidenceIdentity{*one}}
				}
			}
			bom.JSONSchema, bom.BOMFormat, bom.XMLNS, bom.XMLName.Space, bom.XMLName.Local, bom.SerialNumber, bom.SpecVersion = "", "", "", "", "", "", 0
		}
		a, b := asJSON(t, got), asJSON(t, want)
		if !bytes.Equal(a, b) {
			t.Errorf("%s: the notations differ:\n%s", o.Version, firstDifference(a, b))
		}
	}
}

// firstDifference shows the lines about the first byte that differs.
func firstDifference(a, b []byte) string {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	from := max(0, n-200)
	return string(a[from:min(len(a), n+200)]) + "\n--- and ---\n" + string(b[from:min(len(b), n+200)])
}

func asJSON(t testing.TB, v any) []byte {
	t.Helper()
	text, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestIndent compares with the standard library, on the other form of the same document.
func TestIndent(t *testing.T) {
	r, m, o := everything()
	long := large(2000)
	for _, c := range []struct {
		r *analyzer.Report
		m *matcher.Result
	}{{r, m}, {long, nil}, {new(analyzer.Report), new(matcher.Result)}} {
		o.Compact = true
		var want bytes.Buffer
		if err := json.Indent(&want, encode(t, c.r, c.m, o), "", "  "); err != nil {
			t.Fatal(err)
		}
		if o.Compact = false; !bytes.Equal(encode(t, c.r, c.m, o), want.Bytes()) {
			t.Error("not indented as json.Indent does")
		}
	}
}

func TestSerial(t *testing.T) {
	serial := func(change func(*analyzer.Report, *sbom.Options)) string {
		r, m, o := everything()
		change(r, &o)
		return decode(t, r, m, o).SerialNumber
	}
	first := serial(func(*analyzer.Report, *sbom.Options) {})
	if !regexp.MustCompile(`^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(first) {
		t.Errorf("not a UUID of version 8: %s", first)
	}
	if got := serial(func(_ *analyzer.Report, o *sbom.Options) { o.Compact = true }); got != first {
		t.Error("white space changes the serial number")
	}
	if got := serial(func(r *analyzer.Report, _ *sbom.Options) { r.Components[5].Version += "1" }); got == first {
		t.Error("another version has the same serial number")
	}
	if got := serial(func(_ *analyzer.Report, o *sbom.Options) { o.Timestamp = time.Time{} }); got == first {
		t.Error("another time has the same serial number")
	}
}

// TestDeterminism encodes equal reports whose maps were filled in other orders, on several numbers of processors.
func TestDeterminism(t *testing.T) {
	r, m, o := everything()
	for i := range 20 {
		if r.Components[2].Hashes == nil {
			t.Fatal("no map")
		}
		r.Components[2].Hashes["other"+string(rune('a'+i))] = "00"
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, o.Format = range []sbom.Format{sbom.CycloneDXJSON, sbom.CycloneDXXML, sbom.SPDXJSON} {
		want := encode(t, r, m, o)
		for n := range 100 {
			runtime.GOMAXPROCS(1 + n%8)
			for i := range r.Components {
				shuffled := make(map[string]string)
				maps.Copy(shuffled, r.Components[i].Hashes)
				r.Components[i].Hashes = shuffled
			}
			if got := encode(t, r, m, o); !bytes.Equal(got, want) {
				t.Fatal("the same report, another document")
			}
		}
	}
}

// TestProperties asks that the table of the package documentation lists the properties that documents have, and no others.
func TestProperties(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	listed := make(map[string]bool)
	for _, match := range regexp.MustCompile(`(?m)^//\t(hullmark:[^ ]+) `).FindAllStringSubmatch(string(doc), -1) {
		listed[match[1]] = true
	}
	r, m, o := everything()
	bom := decode(t, r, m, o)
	used := make(map[string]bool)
	number := regexp.MustCompile(`:[0-9]+:`)
	use := func(p *[]cyclonedx.Property) {
		if p == nil {
			return
		}
		for _, q := range *p {
			name := number.ReplaceAllString(q.Name, ":N:")
			for i := range r.Components {
				name = strings.ReplaceAll(name, r.Components[i].ID, "REF")
			}
			used[name] = true
		}
	}
	use(bom.Metadata.Properties)
	use(bom.Metadata.Component.Properties)
	for _, c := range *bom.Components {
		use(c.Properties)
	}
	why := make(map[string]string)
	odd := &analyzer.Report{Findings: []analyzer.FileFinding{{Path: "f", Finding: analyzer.Finding{Rule: "a"}}, {Path: "f", Finding: analyzer.Finding{Rule: "b"}}}, Distro: &analyzer.Distro{Name: "nameless"}, Components: []analyzer.Component{{ID: "x_y", Path: "a", Package: analyzer.Package{Type: "npm", Namespace: "n"}}, {
		ID: "p", Package: analyzer.Package{Type: "yocto", Qualifiers: map[string]string{"cpe": "cpe:2.3:a:b:c:1 cpe:2.3:a:b:d:1"}},
	}}}
	for _, c := range *decode(t, odd, nil, sbom.Options{Version: "1.4"}).Components {
		use(c.Properties)
	}
	for _, v := range *bom.Vulnerabilities {
		use(v.Properties)
	}
	program := analyzer.Component{
		Package: analyzer.Package{Type: "generic", Name: "node", Version: "18.0.0"},
		ID:      "aa000000000000ff", PURL: "pkg:generic/node@18.0.0", Analyzer: "binary", Path: "usr/bin/node", Owner: "aa00000000000001", Nested: true,
	}
	nested := &analyzer.Report{Components: []analyzer.Component{{ID: "aa00000000000001", PURL: "pkg:deb/debian/nodejs@18", Package: analyzer.Package{Type: "deb", Name: "nodejs", Version: "18", System: true}}, program}}
	if list := *decode(t, nested, nil, sbom.Options{}).Components; len(list) != 1 {
		t.Errorf("%d components, with one that is nested", len(list))
	} else {
		use(list[0].Properties)
	}
	listing, o := withFiles()
	for _, c := range *decode(t, listing, nil, o).Components {
		use(c.Properties)
	}
	var b bytes.Buffer
	if err := sbom.Encode(&b, &report.Assessment{
		Report:   odd,
		Excluded: []report.Excluded{{Exclusion: report.Exclusion{Path: "/opt", Origin: "--exclude"}, Components: 1, Records: 2, Files: 3}, {}},
		Hidden: []report.HiddenFindings{
			{Reason: report.Reason{Code: report.ReasonVEX, Text: "not affected by a VEX statement"}},
			{Reason: report.Reason{Code: report.ReasonIgnored, Text: "ignored by --ignore"}, Findings: make([]report.Finding, 2), Files: []report.FileFinding{{Index: 1}}},
			{Reason: report.Reason{Code: report.ReasonSeverity, Text: "severity low"}, Files: []report.FileFinding{{Index: 0}}},
		},
	}, sbom.Options{}); err != nil {
		t.Fatal(err)
	}
	less := new(cyclonedx.BOM)
	if err := cyclonedx.NewBOMDecoder(&b, cyclonedx.BOMFileFormatJSON).Decode(less); err != nil {
		t.Fatal(err)
	}
	use(less.Metadata.Properties)
	for _, c := range *less.Components {
		use(c.Properties)
		if c.Type == cyclonedx.ComponentTypeFile {
			for _, q := range *c.Properties {
				why[q.Name] = q.Value
			}
		}
	}
	if why["hullmark:finding:0:suppressed"] != "severity low" || why["hullmark:finding:1:suppressed"] != "ignored by --ignore" {
		t.Errorf("suppressed %v", why)
	}
	if want := "[{hullmark:excluded:0:by --exclude /opt} {hullmark:excluded:0:components 1} {hullmark:excluded:0:findings 0} {hullmark:excluded:0:records 2} {hullmark:excluded:0:diagnostics 0} {hullmark:excluded:0:files 3} " +
		"{hullmark:hidden:0:why ignored by --ignore} {hullmark:hidden:0:findings 2}]"; fmt.Sprint(*less.Metadata.Properties) != want {
		t.Errorf("left out: %v, want %s", *less.Metadata.Properties, want)
	}
	for _, found := range regexp.MustCompile(`"(hullmark:(group|ref))=`).FindAllSubmatch(encode(t, odd, nil, sbom.Options{Format: sbom.SPDXJSON}), -1) {
		used[string(found[1])] = true
	}
	for name := range used {
		if base, ok := strings.CutSuffix(name, ":REF"); ok {
			delete(used, name)
			used[base] = true
		}
	}
	if a, b := slices.Sorted(maps.Keys(used)), slices.Sorted(maps.Keys(listed)); !slices.Equal(a, b) {
		t.Errorf("documents have\n%s\nthe documentation lists\n%s", strings.Join(a, "\n"), strings.Join(b, "\n"))
	}
}

func TestErrors(t *testing.T) {
	r, m, _ := everything()
	foreign := &matcher.Result{Matches: []matcher.Match{{ID: "CVE-1", Component: "elsewhere"}}}
	for _, c := range []struct {
		name   string
		result *matcher.Result
		o      sbom.Options
		want   error
	}{
		{"an older version", m, sbom.Options{Version: "1.3"}, sbom.ErrUnsupported},
		{"no version", m, sbom.Options{Version: "latest"}, sbom.ErrUnsupported},
		{"another format", m, sbom.Options{Format: 99}, sbom.ErrUnsupported},
	} {
		var b bytes.Buffer
		if err := sbom.Encode(&b, &report.Assessment{Report: r, Result: c.result}, c.o); !errors.Is(err, c.want) || b.Len() > 0 {
			t.Errorf("%s: %v, %d bytes", c.name, err, b.Len())
		}
	}
	if err := sbom.Encode(io.Discard, &report.Assessment{Report: r, Result: foreign}, sbom.Options{}); err == nil || !strings.Contains(err.Error(), `no component "elsewhere"`) {
		t.Errorf("another report: %v", err)
	}
	for _, o := range []sbom.Options{{}, {Compact: true}, {Version: "1.4"}, {Format: sbom.CycloneDXXML}} {
		if err := sbom.Encode(broken{}, &report.Assessment{Report: r, Result: m}, o); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("%+v: a writer that fails gives %v", o, err)
		}
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// TestUnchanged asks that a report is not written to.
func TestUnchanged(t *testing.T) {
	r, m, o := everything()
	encode(t, r, m, o)
	r2, m2, _ := everything()
	if !reflect.DeepEqual(r, r2) || !reflect.DeepEqual(m, m2) {
		t.Error("Encode changed its arguments")
	}
}
