package maven_test

import (
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/maven"
	"github.com/hullmark/hullmark/analyzer/source"
	"github.com/hullmark/hullmark/internal/corpus"
)

// An expectation is what Maven, or a script over zip archives, read from a case; see the corpus's own description.
type expectation struct {
	Packages   []expected
	May        []expected
	BestEffort []expected `json:"best_effort"`
	Heuristic  []string   `json:"heuristic_locations"`
	Error      string
}

type expected struct {
	Name, Version, Location string // Name is "group:artifact"
}

func (e expected) key() string { return e.Name + " " + e.Version }

func scanDir(t testing.TB, dir string) *analyzer.Report {
	t.Helper()
	s := analyzer.Scanner{Analyzers: []analyzer.Analyzer{maven.New()}}
	report, err := s.ScanFS(t.Context(), os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// TestCorpus asks that all packages are found that an archive or file states, and no others but those of archives that
// state nothing. Of these it counts how many are what they truly are.
func TestCorpus(t *testing.T) {
	root := corpus.Dir(t)
	best, bestFound := 0, 0
	for _, format := range []string{"java-archive", "maven-pom", "gradle-lockfile"} {
		files, err := filepath.Glob(filepath.Join(root, "fixtures", format, "*", "expected.json"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no cases of %s below %s: %v", format, root, err)
		}
		for _, file := range files {
			dir := filepath.Dir(file)
			t.Run(format+"/"+filepath.Base(dir), func(t *testing.T) {
				var want expectation
				text, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if err := json.Unmarshal(text, &want); err != nil {
					t.Fatal(err)
				}
				report := scanDir(t, dir)
				found := make(map[string]analyzer.Component)
				for _, c := range report.Components {
					found[c.Namespace+":"+c.Name+" "+c.Version] = c
				}
				if parents := crossFile[format+"/"+filepath.Base(dir)]; parents {
					want.Packages = nil
				}
				for _, w := range want.Packages {
					if c, ok := found[w.key()]; !ok {
						t.Errorf("missing: %s in %s", w.key(), w.Location)
					} else if place := location(c); format == "java-archive" && len(found) == len(report.Components) && place != w.Location {
						t.Errorf("%s is in %s, found in %s", w.key(), w.Location, place)
					}
				}
				known := make(map[string]bool)
				for _, w := range slices.Concat(want.Packages, want.May, want.BestEffort) {
					known[w.key()] = true
				}
				for k, c := range found {
					if place := location(c); !known[k] && !slices.Contains(want.Heuristic, place) {
						t.Errorf("extra: %s in %s", k, place)
					}
				}
				best += len(want.BestEffort)
				for _, w := range want.BestEffort {
					if _, ok := found[w.key()]; ok {
						bestFound++
					} else {
						var got []string
						for k, c := range found {
							if location(c) == w.Location {
								got = append(got, k)
							}
						}
						t.Logf("best effort: %s in %s: got %s", w.key(), w.Location, strings.Join(got, ", "))
					}
				}
				for _, d := range report.Diagnostics {
					t.Logf("%s: %s: %s", d.Path, d.Kind, d.Message)
				}
			})
		}
	}
	t.Logf("archives that state no coordinates: %d of %d found", bestFound, best)
}

// crossFile are the cases in which a parent in another file sets versions, which no analyzer of single files can see.
var crossFile = map[string]bool{
	"maven-pom/trivy-parent-properties": true,
}

func location(c analyzer.Component) string {
	return strings.TrimSuffix(c.Path+"!"+c.Inside, "!")
}

// TestImages asks that everything is found that the jars of real images say of themselves, and where.
func TestImages(t *testing.T) {
	root := corpus.Dir(t)
	for _, image := range []string{"debian-app", "many-layers"} {
		t.Run(image, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join(root, "images", "truth", image+".json"))
			if err != nil {
				t.Fatal(err)
			}
			var truth []struct{ Type, Name, Version, Path, Group string }
			if err := json.Unmarshal(text, &truth); err != nil {
				t.Fatal(err)
			}
			img, err := source.Open(t.Context(), "oci:"+filepath.Join(root, "images", image), source.Options{})
			if err != nil {
				t.Fatal(err)
			}
			report, err := analyzer.Scanner{Analyzers: []analyzer.Analyzer{maven.New()}}.Scan(t.Context(), img)
			if err != nil {
				t.Fatal(err)
			}
			found := make(map[string]string)
			for _, c := range report.Components {
				place := strings.ReplaceAll(location(c), "!", "!/")
				found[c.Name+" "+c.Version+" /"+place] = c.Namespace
			}
			wanted := 0
			for _, w := range truth {
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
