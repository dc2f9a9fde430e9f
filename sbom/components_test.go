package sbom_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/CycloneDX/cyclonedx-go"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/license"
	"github.com/hullmark/hullmark/sbom"
)

func TestLicenses(t *testing.T) {
	for _, c := range []struct {
		declared []string
		want     string
	}{
		{nil, ""},
		{[]string{"", " "}, ""},
		{[]string{"MIT"}, "id MIT"},
		{[]string{"mit"}, "id MIT"},
		{[]string{"MIT", "Apache-2.0"}, "id MIT, id Apache-2.0"},
		{[]string{"MIT OR Apache-2.0"}, "expression MIT OR Apache-2.0"},
		{[]string{"BSD License"}, "name BSD License"},
		{[]string{"MIT", "BSD License"}, "id MIT, name BSD License"},
		{[]string{"GPL-2.0+"}, "id GPL-2.0+"},                       // deprecated, but on the list
		{[]string{"LicenseRef-Ours"}, "expression LicenseRef-Ours"}, // SPDX, and not on the list
		{[]string{"BlueOak-1.0.0", "Apache-2.0+"}, "expression BlueOak-1.0.0 AND Apache-2.0+"},
		{[]string{"MIT OR Apache-2.0", "ISC"}, "expression (MIT OR Apache-2.0) AND ISC"},
		{[]string{"MIT OR Apache-2.0", "ISC", "as Perl itself"}, "name MIT OR Apache-2.0, id ISC, name as Perl itself"},
	} {
		r := &analyzer.Report{Components: []analyzer.Component{{ID: "a", Package: analyzer.Package{Name: "a", Licenses: c.declared}}}}
		var got []string
		if list := (*decode(t, r, nil, sbom.Options{}).Components)[0].Licenses; list != nil {
			for _, l := range *list {
				switch {
				case l.License == nil:
					got = append(got, "expression "+l.Expression)
				case l.License.ID != "":
					got = append(got, "id "+l.License.ID)
				default:
					got = append(got, "name "+l.License.Name)
				}
			}
		}
		if s := strings.Join(got, ", "); s != c.want {
			t.Errorf("%q: %s, want %s", c.declared, s, c.want)
		}
	}
}

// TestLicenseIDs compares license.Listed with the list of the schema.
func TestLicenseIDs(t *testing.T) {
	dir, err := schemaDir()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "spdx.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	var schema struct{ Enum []string }
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	r := &analyzer.Report{}
	for _, id := range schema.Enum {
		if !license.Listed(id) {
			t.Errorf("%s is not listed", id)
		}
		r.Components = append(r.Components, analyzer.Component{ID: id, Package: analyzer.Package{Name: id, Licenses: []string{id}}})
	}
	if n := len(schema.Enum); n != 530 { // as in the test of the list
		t.Errorf("the schema has %d identifiers: renew the stars in internal/license and the number in its test", n)
	}
	for _, c := range *decode(t, r, nil, sbom.Options{}).Components {
		if l := (*c.Licenses)[0].License; l == nil || l.ID != c.Name {
			t.Errorf("%s is not found", c.Name)
		}
	}
	if license.Listed("mit") || license.Listed("") || license.Listed("Zeeff") {
		t.Error("identifiers are listed that are not in the schema")
	}
}

// TestDependencies gives packages as "path name needs...", or "@arch name needs..." for those of the distribution, and
// the indices of what each is found to need.
func TestDependencies(t *testing.T) {
	for _, c := range []struct {
		name     string
		packages []string
		want     string
	}{
		{"by name", []string{"@amd64 a b c", "@amd64 b", "@amd64 c b"}, "0:1,2 1: 2:1"},
		{"not found", []string{"@amd64 a x"}, "0:"},
		{"itself", []string{"@amd64 a a"}, "0:"},
		{"twice", []string{"@amd64 a b b", "@amd64 b"}, "0:1 1:"},
		{"a cycle", []string{"@amd64 a b", "@amd64 b a"}, "0:1 1:0"},
		{"the same architecture first", []string{"@amd64 a c", "@i386 b c", "@amd64 c", "@i386 c"}, "0:2 1:3 2: 3:"},
		{"another architecture else", []string{"@amd64 a b", "@all b"}, "0:1 1:"},
		{"by another name", []string{"@amd64 a virtual", "@amd64 b=virtual"}, "0:1 1:"},
		{"the real name before another", []string{"@amd64 a b", "@amd64 c=b", "@amd64 b"}, "0:2 1: 2:"},
		{"the nearest directory", []string{"n/a/package.json a b", "n/b/package.json b", "n/a/n/b/package.json b", "n/c/n/b/package.json b"}, "0:2 1: 2: 3:"},
		{"the least deep below the nearest", []string{"n/a/package.json a b", "n/c/n/b/package.json b", "n/b/package.json b"}, "0:2 1: 2:"},
		{"nobody says what is needed", []string{"n/a/package.json a", "n/b/package.json b"}, ""},
	} {
		r := new(analyzer.Report)
		for i, line := range c.packages {
			f := strings.Fields(line)
			p := analyzer.Component{ID: fmt.Sprint(i), Analyzer: "test", Path: f[0]}
			p.Type, p.Depends = "test", f[2:]
			var other string
			if p.Name, other, _ = strings.Cut(f[1], "="); other != "" {
				p.Provides = []string{other}
			}
			if arch, ok := strings.CutPrefix(f[0], "@"); ok {
				p.System, p.Arch, p.Path = true, arch, "var/lib/dpkg/status"
			}
			r.Components = append(r.Components, p)
		}
		var got []string
		for _, d := range (*decode(t, r, nil, sbom.Options{}).Dependencies)[1:] {
			var needs []string
			if d.Dependencies != nil {
				needs = *d.Dependencies
			}
			got = append(got, d.Ref+":"+strings.Join(needs, ","))
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: %s, want %s", c.name, s, c.want)
		}
	}
}

// TestOwner asks that what a package owns hangs on it, and not on the image.
func TestOwner(t *testing.T) {
	r := &analyzer.Report{Components: []analyzer.Component{{ID: "a"}, {ID: "b", Owner: "a"}, {ID: "c", Owner: "gone"}, {ID: "d", Owner: "d"}}}
	got := *decode(t, r, nil, sbom.Options{}).Dependencies
	if len(got) != 2 || !slices.Equal(*got[0].Dependencies, []string{"a", "c", "d"}) || got[1].Ref != "a" || !slices.Equal(*got[1].Dependencies, []string{"b"}) {
		t.Errorf("%s", asJSON(t, got))
	}
}

// TestReferences asks for references that are there, valid and unique, whatever the report says.
func TestReferences(t *testing.T) {
	r := &analyzer.Report{
		Image:  analyzer.ImageInfo{ID: "x"},
		Distro: &analyzer.Distro{ID: "debian"},
		Components: []analyzer.Component{
			{ID: ""}, {ID: "x"}, {ID: "x"}, {ID: "x-2"}, {ID: "distribution"}, {ID: "a\x00b"}, {ID: "a\x01b"}, {ID: "a\xffb"}, {ID: "urn:cdx:1"},
		},
		Findings: []analyzer.FileFinding{{Path: "f", Layer: 0}, {Path: "f", Layer: 1}},
	}
	document := encode(t, r, nil, sbom.Options{})
	validate(t, schemaOf(t, "1.6"), document)
	seen := make(map[string]bool)
	bom := decode(t, r, nil, sbom.Options{})
	for _, c := range append([]cyclonedx.Component{*bom.Metadata.Component}, *bom.Components...) {
		if c.BOMRef == "" || seen[c.BOMRef] || strings.HasPrefix(c.BOMRef, "urn:cdx:") {
			t.Errorf("reference %q", c.BOMRef)
		}
		seen[c.BOMRef] = true
	}
	if len(seen) != 1+1+9+2 {
		t.Errorf("%d references", len(seen))
	}
	for _, want := range []string{"component", "x", "x-2", "distribution"} {
		if !seen[want] {
			t.Errorf("no reference %q", want)
		}
	}
}

func TestConfidence(t *testing.T) {
	r := &analyzer.Report{Components: []analyzer.Component{
		{ID: "1", Path: "p", Package: analyzer.Package{System: true}},
		{ID: "0.9", Path: "p"},
		{ID: "0.5", Path: "p", Package: analyzer.Package{Declared: true}},
	}}
	for _, c := range *decode(t, r, nil, sbom.Options{}).Components {
		if got := fmt.Sprint(*(*c.Evidence.Identity.Identities)[0].Confidence); got != c.BOMRef {
			t.Errorf("%s, want %s", got, c.BOMRef)
		}
	}
}
