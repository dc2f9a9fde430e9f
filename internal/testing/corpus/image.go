package corpus

import (
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/analyzer/source"
)

// A TruthPackage is a package of an image in the list of the ecosystem's own tools.
type TruthPackage struct {
	Type, Name, Version, Path, Arch, Source, Group string
	SourceVersion                                  string `json:"source_version"`
	Owned                                          bool   `json:"os_owned"`
}

// Truth returns the packages of an image. Paths have no leading slash.
func Truth(t testing.TB, image string) []TruthPackage {
	t.Helper()
	dir, _ := folder(t)
	var list []TruthPackage
	Decode(t, read(t, dir, "images/truth/"+image+".json"), &list)
	for i := range list {
		list[i].Path = strings.TrimPrefix(list[i].Path, "/")
	}
	return list
}

// Images returns the names of all images, sorted. Those of the small corpus are named after the real images that they stand for.
func Images(t testing.TB) []string {
	t.Helper()
	dir, _ := folder(t)
	layouts, err := filepath.Glob(filepath.Join(dir, "images", "*", "index.json"))
	if err != nil || len(layouts) == 0 {
		t.Fatalf("no images below %s: %v", dir, err)
	}
	var names []string
	for _, layout := range layouts {
		names = append(names, filepath.Base(filepath.Dir(layout)))
	}
	return names
}

// Image returns the reference of an image. It skips the test if only the real data has the image, and HULLMARK_CORPUS is not set.
func Image(t testing.TB, name string) string {
	t.Helper()
	dir, real := folder(t)
	layout := filepath.Join(dir, "images", name)
	if _, err := os.Stat(layout); err != nil && !real {
		t.Skipf("the small corpus has no image %s, and HULLMARK_CORPUS is not set", name)
	}
	return "oci:" + layout
}

// ScanImage scans an image.
func ScanImage(t testing.TB, name string, analyzers ...analyzer.Analyzer) *analyzer.Report {
	t.Helper()
	img, err := source.Open(t.Context(), Image(t, name), source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	report, err := scan.Scanner{Analyzers: analyzers}.Scan(t.Context(), img)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// CheckImages fails the test unless an analyzer finds exactly the packages of a type in Truth, at their paths. It ignores
// declared packages.
func CheckImages(t *testing.T, typ string, a analyzer.Analyzer, images ...string) {
	t.Helper()
	for _, image := range images {
		t.Run(image, func(t *testing.T) {
			report := ScanImage(t, image, a)
			want := make(map[string]string)
			for _, w := range Truth(t, image) {
				if w.Type == typ {
					want[w.Path+" "+w.Name] = w.Version
				}
			}
			for _, d := range report.Diagnostics {
				t.Logf("%s: %s", d.Path, d)
			}
			right, extra := 0, 0
			for _, c := range report.Components {
				key := c.Path + " " + path.Join(c.Namespace, c.Name)
				switch version, ok := want[key]; {
				case c.Declared:
				case !ok:
					t.Errorf("extra: %s %s", key, c.Version)
					extra++
				default:
					if c.Version != version {
						t.Errorf("%s: version %q, want %q", key, c.Version, version)
					}
					delete(want, key)
					right++
				}
			}
			for key, version := range want {
				t.Errorf("missing: %s %s", key, version)
			}
			t.Logf("%d found, %d missing, %d extra", right, len(want), extra)
		})
	}
}
