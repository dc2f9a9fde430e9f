package vex

import (
	"bytes"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	packageurl "github.com/package-url/packageurl-go"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/testing/corpus"
	"github.com/hullmark/hullmark/matcher"
)

// TestPublished reads documents that Red Hat, Ubuntu, Chainguard and others publish, and asks of each that it says something, and
// that what it says holds for the very packages that it names.
func TestPublished(t *testing.T) {
	root := corpus.Dir(t)
	documents, statements, met := 0, 0, 0
	for _, dir := range []string{"feeds/redhat/csaf-vex-claircore", "feeds/redhat/csaf-claircore", "feeds/redhat/csaf-rhsa-rhba-rhea",
		"feeds/ubuntu/vunnel-fixtures/vex", "feeds/apk-secdb-vendors/vunnel/chainguard_libraries/test-fixtures/input/openvex", "feeds/peers/grype/db-processors"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || !strings.HasSuffix(path, ".json") {
				return err
			}
			name, _ := filepath.Rel(root, path)
			text := corpus.Read(t, filepath.ToSlash(name))
			if !bytes.Contains(text, []byte("openvex.dev")) && !bytes.Contains(text, []byte(`"csaf_version"`)) {
				return nil
			}
			d, err := Read(bytes.NewReader(text), name)
			if err != nil {
				t.Errorf("%v", err)
				return nil
			}
			documents++
			statements += len(d.statements)
			if len(d.statements) == 0 && len(d.Problems) == 0 && bytes.Contains(text, []byte(`"known_not_affected"`)) {
				t.Errorf("%s: says nothing, and nothing is wrong", name)
			}
			step := max(1, len(d.statements)/20)
			for i := 0; i < len(d.statements); i += step {
				met += holds(t, d, &d.statements[i])
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d documents, %d statements, %d of those that were tried hold for what they name", documents, statements, met)
	if documents < 20 || met < 100 {
		t.Errorf("%d documents, %d statements met", documents, met)
	}
}

// holds makes the image that a statement is about, and returns 1 if it says of a match in it what the statement says, or a later one
// on the same thing; 0 where it names nothing that could be made.
func holds(t *testing.T, d *Document, s *statement) int {
	t.Helper()
	p := s.Products[0]
	id, distro := p.identity, &analyzer.Distro{ID: "x"}
	if len(p.Subcomponents) > 0 {
		id = p.Subcomponents[0]
		if len(p.CPEs) == 0 {
			return 0
		}
		distro.CPE = p.CPEs[0]
	}
	if len(id.PURLs) == 0 {
		return 0
	}
	u, err := packageurl.FromString(id.PURLs[0])
	if err != nil || u.Subpath != "" || u.Type == "oci" || u.Type == "docker" || len(id.Ranges) > 0 {
		return 0
	}
	q := u.Qualifiers.Map()
	c := analyzer.Component{ID: "1", PURL: id.PURLs[0], Package: analyzer.Package{Type: u.Type, Namespace: u.Namespace, Name: u.Name, Version: u.Version}}
	if arch := q["arch"]; arch == "src" || arch == "source" { // something that was built from it
		c.Name, c.SourcePackage = u.Name+"-libs", &analyzer.SourcePackage{Name: u.Name, Version: u.Version}
		if e := q["epoch"]; e != "" {
			c.SourcePackage.Version = e + ":" + u.Version
		}
		delete(q, "arch")
		c.PURL = packageurl.NewPackageURL(u.Type, u.Namespace, c.Name, u.Version, packageurl.QualifiersFromMap(q), "").ToString()
	}
	scanned := &analyzer.Report{Distro: distro, Components: []analyzer.Component{c}}
	result := &matcher.Result{Matches: []matcher.Match{{ID: s.Vulnerabilities[0], Component: "1"}}}
	out, _ := Documents{d}.Apply(scanned, result, nil)
	a := out.Matches[0].Analysis
	if a == nil {
		t.Errorf("%s: %s: says nothing of %s in %s (%s)", d.Name, s.Place, s.Vulnerabilities[0], c.PURL, distro.CPE)
		return 0
	}
	for _, x := range append([]matcher.Analysis{*a}, a.Overruled...) {
		if x.Place == s.Place && x.Status == s.Status {
			return 1
		}
	}
	t.Errorf("%s: %s: is not among what is said of %s in %s", d.Name, s.Place, s.Vulnerabilities[0], c.PURL)
	return 0
}
