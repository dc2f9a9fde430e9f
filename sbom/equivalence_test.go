package sbom_test

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/all"
	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/azurelinux"
	"github.com/hullmark/hullmark/db/feed/debian"
	"github.com/hullmark/hullmark/db/feed/osv"
	"github.com/hullmark/hullmark/db/feed/suse"
	"github.com/hullmark/hullmark/internal/testing/corpus"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/sbom"
)

// An oracle has an advisory for each name and version of a report, of packages and of what they were built from, which
// names that version alone: a match says exactly by what key and version a package was looked up.
type oracle map[string]map[string]bool

func newOracle(r *analyzer.Report) oracle {
	o := make(oracle)
	add := func(name, version string) {
		if o[name] == nil {
			o[name] = make(map[string]bool)
		}
		o[name][version] = true
	}
	for i := range r.Components {
		c := &r.Components[i]
		name := c.Name
		if !c.System {
			name = matcher.PackageKey(c.Type, c.Namespace, c.Name).Name
		}
		add(name, c.Version)
		if c.SourcePackage != nil {
			add(c.SourcePackage.Name, c.SourcePackage.Version)
		}
	}
	return o
}

func (o oracle) Advisories(_ context.Context, keys []matcher.Key) iter.Seq2[matcher.Advisory, error] {
	return func(yield func(matcher.Advisory, error) bool) {
		for _, k := range keys {
			for version := range o[k.Name] {
				if !yield(matcher.Advisory{ID: fmt.Sprintf("%v@%s", k, version), Key: k, Versions: []string{version}, Status: matcher.Affected}, nil) {
					return
				}
			}
		}
	}
}

func (o oracle) Coverage(context.Context, []matcher.Key) ([]matcher.Coverage, error) { return nil, nil }

// feeds makes a database of samples of feeds.
func feeds(t *testing.T) matcher.Source {
	t.Helper()
	dir := corpus.Dir(t)
	var b db.Builder
	for _, in := range []feed.Input{
		{Feed: osv.Feed(), Location: filepath.Join(dir, "feeds/osv")},
		{Feed: debian.Feed(), Location: filepath.Join(dir, "feeds/debian/vunnel-fixtures/debian.json")},
		{Feed: azurelinux.Feed(), Location: filepath.Join(dir, "feeds/azure/vunnel-fixtures")},
		{Feed: suse.Feed(), Location: filepath.Join(dir, "feeds/suse")},
	} {
		if _, err := feed.Load(t.Context(), &b, in, feed.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	var buf bytes.Buffer
	if _, err := b.WriteTo(&buf); err != nil {
		t.Fatal(err)
	}
	d, err := db.Open(bytes.NewReader(buf.Bytes()), int64(buf.Len()))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func openDocument(t *testing.T, file string) *analyzer.Report {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := sbom.Decode(f, sbom.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// identity names a package as every tool names it.
func identity(c *analyzer.Component) string {
	k := matcher.PackageKey(c.Type, "", c.Name)
	if c.Namespace != "" && !c.System {
		k = matcher.PackageKey(c.Type, c.Namespace, c.Name)
	}
	return fmt.Sprintf("%v %s", k, c.Version)
}

// matched returns the matches of a report by the identity of their package, and why packages were skipped, "" if not.
func matched(t *testing.T, source matcher.Source, r *analyzer.Report) (matches map[string]bool, packages map[string][]matcher.SkipReason) {
	t.Helper()
	result, err := matcher.Matcher{Source: source}.Match(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	names := make(map[string]string)
	packages, matches = make(map[string][]matcher.SkipReason), make(map[string]bool)
	skipped := make(map[string]matcher.SkipReason)
	for _, s := range result.Skipped {
		skipped[s.Component] = s.Reason
	}
	for i := range r.Components {
		c := &r.Components[i]
		names[c.ID] = identity(c)
		packages[names[c.ID]] = append(packages[names[c.ID]], skipped[c.ID])
	}
	for _, m := range result.Matches {
		if m.Uncertain == "" {
			matches[names[m.Component]+": "+m.ID] = true
		}
	}
	return matches, packages
}

// deleted are packages that a document says are installed, from files which a later layer of the image deleted.
var deleted = map[string]map[string]bool{
	"debian-app.osv-scalibr.cdx.json.gz": {"{npm   minimist} 1.2.5": true, "{npm   ws} 8.13.0": true, "{npm   semver} 7.5.1": true, "{npm   lru-cache} 6.0.0": true},
}

// TestEquivalence compares what matches by the documents of other tools with what matches by the images that they are of. A
// package that both know must be looked up under the same key and version. What differs is stated here, and said by a
// diagnostic: none of the tools' CycloneDX documents says which packages of the distribution own others, so that those are
// matched too. trivy leaves such packages out.
func TestEquivalence(t *testing.T) {
	documents := corpus.Glob(t, "sboms/*.gz")
	if len(documents) == 0 {
		corpus.Dir(t)
		t.Fatal("no documents")
	}
	database := feeds(t)
	scans := make(map[string]*analyzer.Report)
	for _, file := range documents {
		base := filepath.Base(file)
		image, _, _ := strings.Cut(base, ".")
		t.Run(strings.TrimSuffix(base, ".gz"), func(t *testing.T) {
			if scans[image] == nil {
				scans[image] = corpus.ScanImage(t, image, all.All()...)
			}
			scan, document := scans[image], openDocument(t, file)
			for name, source := range map[string]matcher.Source{"every package": newOracle(scan), "sample feeds": database} {
				want, known := matched(t, source, scan)
				got, listed := matched(t, source, document)
				var missing, extra []string
				both, owned := 0, 0
				for m := range want {
					p, _, _ := strings.Cut(m, ": ")
					if slices.ContainsFunc(listed[p], func(r matcher.SkipReason) bool { return r != matcher.OnlyDeclared }) && !got[m] {
						missing = append(missing, m)
					} else if got[m] {
						both++
					}
				}
				for m := range got {
					p, _, _ := strings.Cut(m, ": ")
					if want[m] {
						continue
					}
					switch reasons := known[p]; {
					case slices.Contains(reasons, matcher.OwnedByDistro):
						owned++
					case deleted[base][p]:
					case reasons != nil:
						extra = append(extra, m)
					}
				}
				slices.Sort(missing)
				slices.Sort(extra)
				t.Logf("%s: %d matches of the image, %d of them by the document, and %d of packages that the distribution owns", name, len(want), both, owned)
				if len(missing)+len(extra) > 0 {
					t.Errorf("%s: %d missing %q, %d too many %q", name, len(missing), missing[:min(len(missing), 5)], len(extra), extra[:min(len(extra), 5)])
				}
				stated := slices.ContainsFunc(document.Diagnostics, func(d analyzer.FileDiagnostic) bool { return strings.Contains(d.Message, "without a known owner") })
				if owned > 0 && !stated {
					t.Error("no diagnostic says that owners are not known")
				}
			}
			// Every package of the distribution is in every document.
			_, listed := matched(t, oracle{}, document)
			for i := range scan.Components {
				c := &scan.Components[i]
				if _, ok := listed[identity(c)]; c.System && !ok {
					t.Errorf("%s is not in the document", identity(c))
				}
			}
		})
	}
}
