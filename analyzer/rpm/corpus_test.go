package rpm

import (
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/therootcompany/xz"

	"github.com/hullmark/hullmark/analyzer"
)

// expectation is what the corpus says of a case: see the README of its fixtures.
type expectation struct {
	Oracle     string
	Packages   []expected
	May        []expected
	MustNot    []expected `json:"must_not"`
	Error      string
	MaxSeconds int `json:"max_seconds"`
}

type expected struct {
	Name, Version, Arch string
	SourceName          string `json:"source_name"`
	SourceVersion       string `json:"source_version"`
	SourceRPM           string `json:"source_rpm"`
	Licenses            []string
	Vendor              string
	FileCount           *int `json:"file_count"`
	ModularityLabel     string
	PURL                string
}

func corpus(t testing.TB) string {
	dir := os.Getenv("HULLMARK_CORPUS")
	if dir == "" {
		t.Skip("HULLMARK_CORPUS is not set: the databases of real distributions are not there to be read")
	}
	return filepath.Join(dir, "fixtures")
}

// readFixture returns the content of a file of the corpus, unpacked.
func readFixture(t testing.TB, name string) []byte {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(name, ".xz") {
		if r, err = xz.NewReader(f, 0); err != nil {
			t.Fatal(err)
		}
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// scanCase analyzes the files of a case that the analyzer wants, with their siblings.
func scanCase(t *testing.T, dir string) (pkgs []analyzer.Package, errs []error) {
	t.Helper()
	files := make(map[string][]byte)
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		files[strings.TrimSuffix(filepath.ToSlash(rel), ".xz")] = readFixture(t, name)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	a := New()
	info := a.Info()
	for name, content := range files {
		if !slices.Contains(info.Patterns, name) {
			continue
		}
		var siblings []*analyzer.File
		for _, base := range info.With {
			sibling := filepath.Join(filepath.Dir(name), base)
			if b, ok := files[sibling]; ok {
				siblings = append(siblings, analyzer.NewFile(sibling, 0o644, b))
			}
		}
		r, err := a.Analyze(t.Context(), analyzer.NewFile(name, 0o644, content, siblings...))
		if err != nil {
			errs = append(errs, err)
		}
		if r != nil {
			pkgs = append(pkgs, r.Packages...)
		}
	}
	return pkgs, errs
}

func TestCorpus(t *testing.T) {
	cases, err := filepath.Glob(filepath.Join(corpus(t), "rpm-*", "*", "expected.json"))
	if err != nil || len(cases) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range cases {
		dir := filepath.Dir(file)
		t.Run(filepath.Base(filepath.Dir(dir))+"/"+filepath.Base(dir), func(t *testing.T) {
			var want expectation
			if err := json.Unmarshal(readFixture(t, file), &want); err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			pkgs, errs := scanCase(t, dir)
			if took := time.Since(start); want.MaxSeconds > 0 && took > time.Duration(want.MaxSeconds)*time.Second {
				t.Errorf("took %v, at most %d s are allowed", took, want.MaxSeconds)
			}
			if want.Error == "none" && len(errs) > 0 || want.Error == "expected" && len(errs) == 0 {
				t.Errorf("errors: %s; got %v", want.Error, errs)
			}
			compare(t, pkgs, want)
		})
	}
}

// compare checks that every package that is wanted was found as it is wanted, and no other.
func compare(t *testing.T, pkgs []analyzer.Package, want expectation) {
	t.Helper()
	type key struct{ name, version, arch string }
	found := make(map[key]int)
	for i, p := range pkgs {
		k := key{p.Name, p.Version, p.Arch}
		if _, twice := found[k]; twice {
			t.Errorf("%v: found twice", k)
		}
		found[k] = i
	}
	for _, w := range want.Packages {
		k := key{w.Name, w.Version, w.Arch}
		i, ok := found[k]
		if !ok {
			t.Errorf("%v: not found", k)
			continue
		}
		delete(found, k)
		checkFields(t, pkgs[i], w)
	}
	for _, w := range want.May {
		delete(found, key{w.Name, w.Version, w.Arch})
	}
	for k := range found {
		t.Errorf("%v: found, and not wanted", k)
	}
	for _, w := range want.MustNot {
		if slices.ContainsFunc(pkgs, func(p analyzer.Package) bool { return p.Name == w.Name && p.Version == w.Version }) {
			t.Errorf("%s %s: must not be found", w.Name, w.Version)
		}
	}
}

func checkFields(t *testing.T, p analyzer.Package, w expected) {
	t.Helper()
	check := func(field string, got, want any) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %s: got %v, want %v", p.Name, field, got, want)
		}
	}
	check("type", p.Type, "rpm")
	check("system", p.System, true)
	check("vendor", p.Vendor, w.Vendor)
	check("rpmmod", p.Qualifiers["rpmmod"], w.ModularityLabel)
	check("number of licenses", len(p.Licenses), len(w.Licenses))
	for i, declared := range w.Licenses {
		check("license", p.Licenses[i], licence(declared)) // package license has tests of its own
	}
	if w.FileCount != nil {
		check("number of files", len(p.Files), *w.FileCount)
	}
	for _, f := range p.Files {
		if !fs.ValidPath(f) {
			t.Errorf("%s: file %q: not relative and clean", p.Name, f)
		}
	}
	if w.SourceName == "" {
		return
	}
	if p.Origin == nil {
		t.Errorf("%s: no source package", p.Name)
		return
	}
	// The corpus gives source versions without an epoch; see New for why there is one here.
	version, epoch := p.Origin.Version, ""
	if e, rest, ok := strings.Cut(version, ":"); ok {
		epoch, version = e, rest
	}
	check("source", p.Origin.Name+" "+version, w.SourceName+" "+w.SourceVersion)
	if e, _, ok := strings.Cut(p.Version, ":"); ok || epoch != "" {
		check("epoch of the source", epoch, e)
	}
}

// In a whole distribution, every dependency is answered by the name of a package or by what one provides.
func TestDependsAnswered(t *testing.T) {
	for _, c := range []string{"rpm-bdb/centos5-plain", "rpm-bdb/centos6-plain", "rpm-bdb/centos7-plain", "rpm-bdb/ubi8-s390x",
		"rpm-sqlite/cbl-mariner-2.0"} {
		pkgs, errs := scanCase(t, filepath.Join(corpus(t), c))
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		provided := make(map[string]bool)
		for _, p := range pkgs {
			provided[p.Name] = true
			for _, name := range p.Provides {
				provided[name] = true
			}
		}
		n := 0
		for _, p := range pkgs {
			n += len(p.Depends)
			for _, name := range p.Depends {
				if !provided[name] {
					t.Errorf("%s: %s needs %s, which nobody provides", c, p.Name, name)
				}
			}
		}
		if n < 5*len(pkgs) {
			t.Errorf("%s: %d dependencies of %d packages", c, n, len(pkgs))
		}
	}
}
