package catalog

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
)

// TestKinds requires that the parts hold only values that have a canonical form.
func TestKinds(t *testing.T) {
	seen := make(map[reflect.Type]bool)
	var walk func(reflect.Type, string)
	walk = func(typ reflect.Type, path string) {
		if seen[typ] || typ == timeType || typ == filesType {
			return
		}
		seen[typ] = true
		switch typ.Kind() {
		case reflect.Struct:
			if typ.NumField() > 64 {
				t.Errorf("%s: %s has %d fields", path, typ, typ.NumField())
			}
			for i := range typ.NumField() {
				f := typ.Field(i)
				if !f.IsExported() {
					t.Errorf("%s.%s is not exported", path, f.Name)
				}
				walk(f.Type, path+"."+f.Name)
			}
		case reflect.Map:
			if typ.Key().Kind() != reflect.String {
				t.Errorf("%s: keys of %s", path, typ.Key())
			}
			walk(typ.Elem(), path)
		case reflect.Pointer, reflect.Slice:
			walk(typ.Elem(), path)
		case reflect.Float32, reflect.Float64, reflect.Complex64, reflect.Complex128, reflect.Chan, reflect.Func, reflect.Interface, reflect.UnsafePointer, reflect.Array:
			t.Errorf("%s: %s has no canonical form", path, typ)
		}
	}
	for _, v := range []any{chunk{}, facts{}, setting{}, listing{}, orders{}, matcher.Subject{}} {
		walk(reflect.TypeOf(v), fmt.Sprintf("%T", v))
	}
}

// TestForm requires that the form of a known value stays the same, since stored parts have it.
func TestForm(t *testing.T) {
	got := encode(&chunk{System: "linux", Components: []analyzer.Component{{ID: "a", Layer: -1, Package: analyzer.Package{Name: "x", Qualifiers: map[string]string{"b": "", "a": "x"}, Files: []string{}}}}})
	const form = `"\x01\f\nComponents\x02ID\x01a\x05Layer\aPackage\x05Files\x04Name\x01x\nQualifiers\x01b\x06System\x05linux\x02\x01\x01\x03\x02\x03\x04\x01\x05\x03\x06\x00\a\b\t\x02\x03\b\n\x00\v\f"`
	if fmt.Sprintf("%q", got) != form {
		t.Errorf("got  %q\nwant %s", got, form)
	}
}

// TestRandom requires of random reports, with layers or without, ordered or not, the same as TestCorpus.
func TestRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	matches := 0
	for i := range 120 {
		report := randomReport(r)
		name := fmt.Sprint("random ", i)
		m := matcher.Matcher{Source: fake{}, Declared: i%2 == 0, Now: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)}
		if i%3 == 0 {
			m.Include = []analyzer.Place{analyzer.Cached, analyzer.TestData}
		}
		n, _ := checkReport(t, name, m, report)
		matches += n
		checkSubjects(t, name, m, report)
		if t.Failed() {
			return
		}
	}
	if matches < 2000 {
		t.Errorf("%d matches", matches)
	}
}

func pick[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }

// randomReport returns a report with the odd cases of matching: owners in other layers, Red Hat's products, archives without a group,
// products by CPE name, third parties, and statements of documents.
func randomReport(r *rand.Rand) *analyzer.Report {
	out := &analyzer.Report{Image: analyzer.ImageInfo{ID: "sha256:1", Platform: pick(r, "", "linux/amd64", "windows/amd64")}}
	switch r.IntN(5) {
	case 0:
		out.Distro = &analyzer.Distro{ID: "debian", VersionID: pick(r, "12", "13"), Name: "Debian"}
	case 1:
		out.Distro = &analyzer.Distro{ID: "rhel", VersionID: pick(r, "9", "9.2", "8.10"), Repositories: pick(r, nil, []string{"base"}, []string{"a__8", "b", "cpe:/a:redhat:enterprise_linux:9::appstream"})}
	case 2:
		out.Distro = &analyzer.Distro{ID: pick(r, "alpine", "linuxmint", "kali", "centos"), VersionID: pick(r, "3.19.1", "21", "8")}
	case 3:
		out.Distro = &analyzer.Distro{ID: "fedora", VersionID: "40", Like: []string{}}
	}
	layers := r.IntN(4)
	for i := range layers {
		out.Layers = append(out.Layers, analyzer.Layer{DiffID: fmt.Sprint("sha256:", i), Entries: int64(i)})
	}
	layer := func() int { return r.IntN(layers+1) - 1 }
	kind := "deb"
	if out.Distro != nil {
		kind = map[string]string{"rhel": "rpm", "fedora": "rpm", "centos": "rpm", "alpine": "apk"}[out.Distro.ID]
		if kind == "" {
			kind = "deb"
		}
	}
	version := func() string {
		return fmt.Sprintf("%s%d.%d-%d%s", pick(r, "", "", "1:"), r.IntN(9), r.IntN(9), r.IntN(3), pick(r, "", "+deb12u1", ".el9_2", "~bpo12+1", ".module+el8+1", "r1"))
	}
	n := r.IntN(40)
	if r.IntN(40) == 0 {
		n = 1000
	}
	for i := range n {
		c := analyzer.Component{ID: fmt.Sprintf("%04d", r.IntN(10)*1000+i), Layer: layer(), Analyzer: pick(r, "", "dpkg", "npm")}
		c.Name, c.Version = fmt.Sprint("p", r.IntN(30)), version()
		c.Path = pick(r, "", "usr/", "opt/") + pick(r, "x", "node_modules/a/test/node_modules/b/package.json", "~x.dist-info/METADATA")
		if r.IntN(10) == 0 {
			c.Version = ""
		}
		switch r.IntN(7) {
		case 0, 1, 2:
			c.Type, c.System, c.Arch = kind, true, pick(r, "", "x86_64", "noarch")
			c.PURL = pick(r, "", "pkg:rpm/a", "pkg:rpm/a?epoch=1")
			if out.Distro != nil {
				c.Namespace = pick(r, out.Distro.ID, out.Distro.ID, "other")
			}
			c.Vendor = pick(r, "", "A <a@debian.org>", "Red Hat, Inc.", "Fedora Project")
			if r.IntN(2) == 0 {
				c.SourcePackage = &analyzer.SourcePackage{Name: fmt.Sprint("p", r.IntN(30)), Version: pick(r, "", version())}
			}
			switch r.IntN(6) {
			case 0:
				c.Qualifiers = map[string]string{"repository_id": pick(r, "base", "b__9")}
			case 1:
				c.Qualifiers = map[string]string{"rpmmod": "nodejs:18:8040020:abc"}
			case 2:
				c.Qualifiers = map[string]string{"distro": "debian-13"}
			}
		case 3:
			c.Type, c.Qualifiers = "generic", map[string]string{"cpe": pick(r, "cpe:2.3:a:v:p1:1:*:*:*:*:*:*:*", "cpe:2.3:a:*:p2:1:*:*:*:*:*:*:* cpe:/a:v:p3:2")}
		case 4:
			c.Type, c.Namespace = "maven", pick(r, "", "", "org.example1")
		default:
			c.Type = pick(r, "npm", "pypi", "golang", "gem", "github")
		}
		c.Declared, c.Stated, c.Altered, c.Nested = r.IntN(9) == 0, r.IntN(9) == 0, r.IntN(9) == 0, r.IntN(9) == 0
		c.Files, c.Licenses = pick(r, nil, []string{}, []string{"usr/x\xff"}), pick(r, nil, []string{"MIT"})
		if i > 0 && r.IntN(2) == 0 {
			c.Owner = out.Components[r.IntN(i)].ID
		}
		out.Components = append(out.Components, c)
	}
	if r.IntN(3) > 0 {
		slices.SortStableFunc(out.Components, compareValues)
	}
	if r.IntN(9) == 0 && n > 1 {
		out.Components[0].ID = out.Components[1].ID
	}
	for i := range r.IntN(6) {
		out.Findings = append(out.Findings, analyzer.FileFinding{Finding: analyzer.Finding{Rule: fmt.Sprint(i)}, Layer: layer()})
		out.Records = append(out.Records, analyzer.FileRecord{Record: analyzer.Record{Kind: "account", Fields: map[string]string{"b": "1", "a": "2"}}, Layer: layer()})
		out.Diagnostics = append(out.Diagnostics, analyzer.FileDiagnostic{Diagnostic: analyzer.Diagnostic{Code: analyzer.NotRead, Type: pick(r, "", "npm", "cran")}, Layer: layer()})
	}
	out.Examined = []analyzer.Examination{{Analyzer: "dpkg", Version: 2, Finds: []string{"packages"}}, {Analyzer: "npm", NotRun: "x"}}
	if r.IntN(5) == 0 {
		files := []*analyzer.ListedFile{{Path: "a", Layer: 1, Entry: analyzer.Entry{Mode: 0o644, ModTime: time.Unix(5, 0).UTC()}}, {Path: "b", Owner: "0001", Digests: []analyzer.Digest{{Algorithm: "sha256", Sum: "\x00\xff"}}}}
		out.Files = analyzer.FilesOf(slices.Values(files))
	}
	return out
}

func FuzzDecode(f *testing.F) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 5 {
		_, parts := Divide(randomReport(r))
		for _, p := range parts {
			if len(p.Form) < 4096 {
				f.Add(p.Form)
			}
		}
	}
	f.Fuzz(func(t *testing.T, form []byte) {
		for _, into := range []any{new(chunk), new(facts), new(setting), new(listing), new(orders), new(matcher.Subject)} {
			if decode(form, into) != nil {
				continue
			}
			again := reflect.New(reflect.TypeOf(into).Elem()).Interface()
			once := encode(into)
			if err := decode(once, again); err != nil || !bytes.Equal(encode(again), once) {
				t.Errorf("%T changes: %v", into, err)
			}
		}
	})
}
