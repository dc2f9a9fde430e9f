package merge_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/all"
	"github.com/hullmark/hullmark/analyzer/merge"
	"github.com/hullmark/hullmark/internal/testing/corpus"
)

func component(id, kind, name, version, path string) analyzer.Component {
	return analyzer.Component{ID: id, Layer: -1, Path: path, PURL: "pkg:" + kind + "/" + name + "@" + version,
		Package: analyzer.Package{Type: kind, Name: name, Version: version, System: kind == "deb"}}
}

func report(list ...analyzer.Component) *analyzer.Report { return &analyzer.Report{Components: list} }

func summary(r *analyzer.Report) string {
	var out []string
	for i := range r.Components {
		c := &r.Components[i]
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s=%s@%s %s", c.ID, c.Name, c.Version, c.Path)))
	}
	slices.Sort(out)
	return strings.Join(out, "; ")
}

func TestReports(t *testing.T) {
	for name, c := range map[string]struct {
		reports []*analyzer.Report
		want    string
	}{
		"nothing":              {nil, ""},
		"different packages":   {[]*analyzer.Report{report(component("a", "npm", "x", "1", "")), report(component("b", "npm", "y", "1", ""))}, "a=x@1; b=y@1"},
		"the same":             {[]*analyzer.Report{report(component("a", "npm", "x", "1", "p")), report(component("b", "npm", "x", "1", "p"))}, "a=x@1 p"},
		"two places":           {[]*analyzer.Report{report(component("a", "npm", "x", "1", "p")), report(component("b", "npm", "x", "1", "q"))}, "a=x@1 p; b=x@1 q"},
		"one without a place":  {[]*analyzer.Report{report(component("a", "npm", "x", "1", "")), report(component("b", "npm", "x", "1", "q"))}, "a=x@1 q"},
		"two versions":         {[]*analyzer.Report{report(component("a", "npm", "x", "1", "p")), report(component("b", "npm", "x", "2", "p"))}, "a=x@1 p; b=x@2 p"},
		"one ID for two":       {[]*analyzer.Report{report(component("a", "npm", "x", "1", "p")), report(component("a", "npm", "y", "1", "p"))}, "a-2=y@1 p; a=x@1 p"},
		"normal form of names": {[]*analyzer.Report{report(component("a", "pypi", "A_b", "1", "p")), report(component("b", "pypi", "a-b", "1", "p"))}, "a=A_b@1 p"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := merge.Reports(c.reports...)
			if err != nil {
				t.Fatal(err)
			}
			if got := summary(r); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestManyComponents merges reports of twenty thousand components of one package.
func TestManyComponents(t *testing.T) {
	const n = 20_000
	many := func(id func(int) string, path func(int) string) *analyzer.Report {
		r := &analyzer.Report{Components: make([]analyzer.Component, n)}
		for i := range r.Components {
			r.Components[i] = component(id(i), "npm", "x", "1", path(i))
		}
		return r
	}
	number := func(i int) string { return fmt.Sprint(i) }
	start := time.Now()
	r, err := merge.Reports(many(number, number), many(func(int) string { return "a" }, func(i int) string { return fmt.Sprint(n/2 + i) }), many(number, func(int) string { return "" }))
	if err != nil || len(r.Components) != n+n/2 || time.Since(start) > time.Minute {
		t.Errorf("%d components, %v, after %v", len(r.Components), err, time.Since(start))
	}
}

// TestFieldsOfOneReport asks that what one report does not say comes from the other.
func TestFieldsOfOneReport(t *testing.T) {
	a, b := component("a", "deb", "x", "1", ""), component("b", "deb", "x", "1", "var/lib/dpkg/status")
	a.Declared, b.Layer, b.SourcePackage, b.Licenses = true, 1, &analyzer.SourcePackage{Name: "y"}, []string{"MIT"}
	b.Depends, b.Hashes = []string{"z"}, map[string]string{"sha1": "00"}
	owned := component("c", "npm", "o", "1", "usr/o")
	owned.Owner = "b"
	layers := []analyzer.Layer{{DiffID: "1"}, {DiffID: "2"}}
	first, second := report(a), report(b, owned)
	second.Layers, second.Image.ID = layers, "sha256:1"
	r, err := merge.Reports(first, second)
	if err != nil {
		t.Fatal(err)
	}
	want := b
	want.ID, want.Qualifiers = "a", nil
	if !reflect.DeepEqual(r.Components[0], want) || r.Components[1].Owner != "a" || len(r.Layers) != 2 || r.Image.ID != "sha256:1" {
		t.Errorf("got  %+v\nwant %+v\n%+v", r.Components[0], want, r)
	}
	if first.Components[0].SourcePackage != nil || second.Components[1].Owner != "b" {
		t.Error("the reports were changed")
	}
}

// TestFacts requires that the findings, records and examinations of all reports are in the merged one, each once, and that owners are the
// packages of the merged report.
func TestFacts(t *testing.T) {
	first, second := report(component("a", "deb", "x", "1", "status")), report(component("b", "deb", "x", "1", "status"))
	finding := analyzer.FileFinding{Finding: analyzer.Finding{Rule: "set-uid"}, Path: "usr/bin/x", Layer: -1, Owner: "b"}
	record := func(uid string) analyzer.FileRecord {
		return analyzer.FileRecord{Record: analyzer.Record{Kind: "account", Key: "root", Fields: map[string]string{"uid": uid, "shell": "sh"}}, Path: "etc/passwd", Layer: -1}
	}
	second.Findings, second.Records = []analyzer.FileFinding{finding, finding}, []analyzer.FileRecord{record("0"), record("1")}
	first.Records, first.Examined = []analyzer.FileRecord{record("0")}, []analyzer.Examination{{Analyzer: "dpkg"}, {Analyzer: "clamav", Finds: []string{"malware"}}}
	second.Examined = []analyzer.Examination{{Analyzer: "dpkg"}, {Analyzer: "clamav", Finds: []string{"malware"}, NotRun: "no clamd"}}
	r, err := merge.Reports(first, second)
	if err != nil {
		t.Fatal(err)
	}
	finding.Owner = "a"
	if len(r.Findings) != 1 || r.Findings[0] != finding || len(r.Records) != 2 || second.Findings[0].Owner != "b" {
		t.Errorf("findings %+v, records %+v", r.Findings, r.Records)
	}
	if want := []analyzer.Examination{first.Examined[1], second.Examined[1], first.Examined[0]}; !reflect.DeepEqual(r.Examined, want) {
		t.Errorf("examined %+v, want %+v", r.Examined, want)
	}
}

func TestImages(t *testing.T) {
	a, b := report(component("a", "npm", "x", "1", "p")), report(component("b", "npm", "y", "1", "p"))
	a.Image.ID, b.Image.ID = "sha256:1", "sha256:2"
	a.Layers, b.Layers = []analyzer.Layer{{DiffID: "1"}}, []analyzer.Layer{{DiffID: "2"}}
	a.Components[0].Layer = 0
	r, err := merge.Reports(a, b)
	if err != nil || r.Image != (analyzer.ImageInfo{}) || r.Layers != nil || r.Components[0].Layer != -1 || len(r.Diagnostics) != 1 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestDistro(t *testing.T) {
	of := func(id, version, codename string) *analyzer.Report {
		return &analyzer.Report{Distro: &analyzer.Distro{ID: id, VersionID: version, Codename: codename}}
	}
	if r, err := merge.Reports(of("debian", "", "bookworm"), &analyzer.Report{}, of("debian", "12.5", "")); err != nil || r.Distro.VersionID != "12.5" {
		t.Errorf("%+v, %v", r, err)
	}
	for _, other := range []*analyzer.Report{of("ubuntu", "12", ""), of("debian", "11", "")} {
		if _, err := merge.Reports(of("debian", "12", ""), other); err == nil || !strings.Contains(err.Error(), "different distributions") {
			t.Errorf("%v", err)
		}
	}
}

// TestImage merges reports of real images with themselves and with nothing.
func TestImage(t *testing.T) {
	r := corpus.ScanImage(t, "debian-base", all.All()...)
	for _, list := range [][]*analyzer.Report{{r}, {r, r}, {r, &analyzer.Report{}}} {
		got, err := merge.Reports(list...)
		if err != nil {
			t.Fatal(err)
		}
		if summary(got) != summary(r) || !reflect.DeepEqual(got.Layers, r.Layers) || !reflect.DeepEqual(got.Image, r.Image) || len(got.Diagnostics) != len(r.Diagnostics) {
			t.Errorf("a report merged with itself is another one")
		}
	}
}

func ExampleReports() {
	build := &analyzer.Report{Components: []analyzer.Component{
		{ID: "1", Package: analyzer.Package{Type: "npm", Name: "left", Version: "1.0.0", Licenses: []string{"MIT"}}},
	}}
	scan := &analyzer.Report{Components: []analyzer.Component{
		{ID: "2", Package: analyzer.Package{Type: "npm", Name: "left", Version: "1.0.0"}, Path: "srv/node_modules/left/package.json"},
	}}
	r, err := merge.Reports(build, scan)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range r.Components {
		fmt.Println(c.ID, c.Name, c.Version, c.Licenses, c.Path)
	}
	// Output: 1 left 1.0.0 [MIT] srv/node_modules/left/package.json
}
