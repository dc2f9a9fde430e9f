package rpm

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/testing/corpus"
)

// scan returns what the analyzer finds in files, with what is wrong there.
func contents(t *testing.T, files fs.FS) (pkgs []analyzer.Package, errs []error) {
	t.Helper()
	results, errs := corpus.Analyze(t, files, New())
	for _, r := range results {
		pkgs = append(pkgs, r.Packages...)
	}
	return pkgs, errs
}

func TestCorpus(t *testing.T) {
	corpus.Cases(t, []string{"rpm-bdb", "rpm-manifest", "rpm-ndb", "rpm-sqlite"}, func(t *testing.T, c *corpus.Case) {
		var limit struct {
			MaxSeconds int `json:"max_seconds"`
		}
		corpus.Decode(t, c.Want.Raw, &limit)
		start := time.Now()
		pkgs, errs := contents(t, c.Files)
		if took := time.Since(start); limit.MaxSeconds > 0 && took > time.Duration(limit.MaxSeconds)*time.Second {
			t.Errorf("took %v, at most %d s are allowed", took, limit.MaxSeconds)
		}
		c.Want.CheckErrors(t, errs...)
		found := make(map[string]analyzer.Package)
		for _, p := range pkgs {
			k := p.Name + " " + p.Version + " " + p.Arch
			if _, twice := found[k]; twice {
				t.Errorf("%s: found twice", k)
			}
			found[k] = p
		}
		key := func(w corpus.Package) string { return w.Key() + " " + w.Arch }
		corpus.Compare(t, &c.Want, found, key, func(p analyzer.Package, w corpus.Package) { checkFields(t, p, w) })
		for _, w := range c.Want.MustNot { // of whatever architecture
			if slices.ContainsFunc(pkgs, func(p analyzer.Package) bool { return p.Name == w.Name && p.Version == w.Version }) {
				t.Errorf("must not be found: %s", w.Key())
			}
		}
	})
}

func checkFields(t *testing.T, p analyzer.Package, w corpus.Package) {
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
	check("rpmmod", p.Qualifiers["rpmmod"], w.Modularity)
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
	if p.SourcePackage == nil {
		t.Errorf("%s: no source package", p.Name)
		return
	}
	// The corpus gives source versions without an epoch; see New for why there is one here.
	version, epoch := p.SourcePackage.Version, ""
	if e, rest, ok := strings.Cut(version, ":"); ok {
		epoch, version = e, rest
	}
	check("source", p.SourcePackage.Name+" "+version, w.SourceName+" "+w.SourceVersion)
	if e, _, ok := strings.Cut(p.Version, ":"); ok || epoch != "" {
		check("epoch of the source", epoch, e)
	}
}

// In a whole distribution, every dependency is answered by the name of a package or by what one provides.
func TestDependsAnswered(t *testing.T) {
	for _, c := range []string{"rpm-bdb/centos5-plain", "rpm-bdb/centos6-plain", "rpm-bdb/centos7-plain", "rpm-bdb/ubi8-s390x",
		"rpm-sqlite/cbl-mariner-2.0"} {
		files, err := corpus.Files(os.DirFS(filepath.Join(corpus.Dir(t), "fixtures", c)))
		if err != nil {
			t.Fatal(err)
		}
		pkgs, errs := contents(t, files)
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
