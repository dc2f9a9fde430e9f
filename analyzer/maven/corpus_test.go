package maven_test

import (
	"cmp"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/maven"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/testing/corpus"
)

func scanDir(t testing.TB, dir string) *analyzer.Report {
	t.Helper()
	s := scan.Scanner{Analyzers: []analyzer.Analyzer{maven.New()}}
	report, err := s.ScanFS(t.Context(), os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// TestCorpus asks that all packages are found that an archive or file states, and no others but those of archives that
// state nothing. Of these it counts how many are what they truly are.
func TestCorpus(t *testing.T) {
	best, bestFound := 0, 0
	corpus.Cases(t, []string{"java-archive", "maven-pom", "gradle-lockfile"}, func(t *testing.T, c *corpus.Case) {
		var guesses struct {
			Locations []string `json:"heuristic_locations"`
		}
		corpus.Decode(t, c.Want.Raw, &guesses)
		report := c.Scan(t, maven.New())
		found := make(map[string]analyzer.Component)
		for _, p := range report.Components {
			found[p.Namespace+":"+p.Name+" "+p.Version] = p
		}
		want := c.Want
		for k, p := range found { // what is guessed of archives that state nothing may be wrong
			known := func(w corpus.Package) bool { return w.Key() == k }
			if slices.Contains(guesses.Locations, location(p)) && !slices.ContainsFunc(slices.Concat(want.Packages, want.MustNot), known) {
				want.May = append(want.May, corpus.Package{Name: p.Namespace + ":" + p.Name, Version: p.Version})
			}
		}
		corpus.Compare(t, &want, found, corpus.Package.Key, func(p analyzer.Component, w corpus.Package) {
			if place := location(p); c.Format == "java-archive" && len(found) == len(report.Components) && place != w.Location {
				t.Errorf("%s is in %s, found in %s", w.Key(), w.Location, place)
			}
		})
		best += len(want.Best)
		for _, w := range want.Best {
			if _, ok := found[w.Key()]; ok {
				bestFound++
				continue
			}
			var got []string
			for k, p := range found {
				if location(p) == w.Location {
					got = append(got, k)
				}
			}
			t.Logf("best effort: %s in %s: got %s", w.Key(), w.Location, strings.Join(got, ", "))
		}
	})
	t.Logf("archives that state no coordinates: %d of %d found", bestFound, best)
}

func location(c analyzer.Component) string {
	return strings.TrimSuffix(c.Path+"!"+c.ArchivePath, "!")
}

// TestImages asks that everything is found that the jars of real images say of themselves, and where.
func TestImages(t *testing.T) {
	for _, image := range []string{"debian-app", "many-layers"} {
		t.Run(image, func(t *testing.T) {
			report := corpus.ScanImage(t, image, maven.New())
			found := make(map[string]string)
			for _, c := range report.Components {
				place := strings.ReplaceAll(location(c), "!", "!/")
				found[c.Name+" "+c.Version+" "+place] = c.Namespace
			}
			wanted := 0
			for _, w := range corpus.Truth(t, image) {
				if w.Type != "maven" {
					continue
				}
				wanted++
				key := w.Name + " " + w.Version + " " + w.Path
				group, ok := found[key]
				if !ok {
					t.Errorf("missing: %s", key)
				} else if group != cmp.Or(w.Group, group) {
					t.Errorf("%s: group %s, want %s", key, group, w.Group)
				}
				delete(found, key)
			}
			for k, group := range found {
				t.Logf("not in the truth: %s:%s", group, k)
			}
			for _, f := range report.Findings {
				t.Logf("%s: %s", f.Path, f.Detail)
			}
			for _, d := range report.Diagnostics {
				t.Errorf("%s: %s", d.Path, d.Message)
			}
			t.Logf("%d of the truth, %d found", wanted, len(report.Components))
		})
	}
}
