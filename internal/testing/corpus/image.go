package corpus

import (
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
	var list []TruthPackage
	Decode(t, Read(t, "images/truth/"+image+".json"), &list)
	for i := range list {
		list[i].Path = strings.TrimPrefix(list[i].Path, "/")
	}
	return list
}

// Image returns the reference of an image.
func Image(t testing.TB, name string) string {
	t.Helper()
	return "oci:" + filepath.Join(Dir(t), "images", name)
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
			want := make(map[string]string)
			for _, w := range Truth(t, image) {
				if w.Type == typ {
					want[w.Path+" "+w.Name] = w.Version
				}
			}
			report := ScanImage(t, image, a)
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
