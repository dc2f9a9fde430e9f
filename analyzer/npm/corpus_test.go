package npm

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/source"
)

// A corpusPackage is a package as a native tool or an independent script reads it.
type corpusPackage struct {
	Name, Version, Location string
	Licenses                []string
	Dev, Optional, Peer     bool
}

func (p corpusPackage) key() string { return p.Name + " " + p.Version }

func fullName(p *analyzer.Package) string {
	if p.Namespace != "" {
		return p.Namespace + "/" + p.Name
	}
	return p.Name
}

func corpusRoot(t *testing.T) string {
	root := os.Getenv("HULLMARK_CORPUS")
	if root == "" {
		t.Skip("HULLMARK_CORPUS is not set: no real files")
	}
	return root
}

// corpus calls f with the report on each case of a format.
func corpus(t *testing.T, f func(t *testing.T, r *analyzer.Report, want, may []corpusPackage), formats ...string) {
	root := corpusRoot(t)
	for _, format := range formats {
		files, err := filepath.Glob(filepath.Join(root, "fixtures", format, "*", "expected.json"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no cases of %s below %s: %v", format, root, err)
		}
		for _, file := range files {
			dir := filepath.Dir(file)
			t.Run(format+"/"+filepath.Base(dir), func(t *testing.T) {
				var want struct {
					Packages, May []corpusPackage
					Error         string
				}
				text, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if err := json.Unmarshal(text, &want); err != nil {
					t.Fatal(err)
				}
				report, err := analyzer.Scanner{Analyzers: []analyzer.Analyzer{New()}}.ScanFS(t.Context(), os.DirFS(dir))
				if err != nil {
					t.Fatal(err)
				}
				if want.Error == "expected" && len(report.Diagnostics) == 0 {
					t.Error("bad input passed without a word")
				}
				if want.Error == "none" && len(report.Diagnostics) > 0 {
					t.Log(report.Diagnostics)
				}
				f(t, report, want.Packages, want.May)
			})
		}
	}
}

// TestCorpus compares what is found, declared packages included, in both directions.
func TestCorpus(t *testing.T) {
	corpus(t, func(t *testing.T, r *analyzer.Report, want, may []corpusPackage) {
		found := make(map[string]bool)
		for i := range r.Components {
			c := &r.Components[i]
			found[fullName(&c.Package)+" "+c.Version] = true
		}
		known := make(map[string]bool)
		for _, w := range may {
			known[w.key()] = true
		}
		for _, w := range want {
			if !found[w.key()] && !known[w.key()] { // the package.json of a workspace is in both lists of one case
				t.Errorf("missing: %s at %s", w.key(), w.Location)
			}
			known[w.key()] = true
		}
		for k := range found {
			if !known[k] {
				t.Errorf("extra: %s", k)
			}
		}
	}, "npm-package-json", "npm-lock", "yarn-lock-v1", "yarn-lock-berry", "pnpm-lock", "bun-lock")
}

// TestCorpusDev compares what is declared for development only, where the case says. Arborist sets every flag of what it
// cannot reach from the root, for want of the package.json of workspaces; there npm's own word in the file is better.
func TestCorpusDev(t *testing.T) {
	corpus(t, func(t *testing.T, r *analyzer.Report, want, _ []corpusPackage) {
		dev := make(map[string]bool)
		stated := false
		for _, w := range want {
			before, ok := dev[w.key()]
			dev[w.key()] = w.Dev && (before || !ok)
			stated = stated || w.Dev
		}
		for _, w := range want {
			if w.Dev && w.Optional && w.Peer {
				delete(dev, w.key())
			}
		}
		for i := range r.Components {
			c := &r.Components[i]
			key := fullName(&c.Package) + " " + c.Version
			if want, ok := dev[key]; ok && stated && c.Dev != want {
				t.Errorf("%s: Dev is %t, want %t", key, c.Dev, want)
			}
		}
	}, "npm-lock", "pnpm-lock")
}

// TestCorpusInstalled compares the licences of installed packages.
func TestCorpusInstalled(t *testing.T) {
	corpus(t, func(t *testing.T, r *analyzer.Report, want, _ []corpusPackage) {
		for i := range r.Components {
			c := &r.Components[i]
			var stated [][]string // one place may be described twice
			for _, w := range want {
				if strings.TrimPrefix(w.Location, "app/") == strings.TrimPrefix(c.Path, "app/") {
					stated = append(stated, w.Licenses)
				}
			}
			if stated != nil && !slices.ContainsFunc(stated, func(l []string) bool { return slices.Equal(l, c.Licenses) }) {
				t.Errorf("%s: licences %q, stated %q", c.Path, c.Licenses, stated)
			}
		}
	}, "npm-package-json")
}

// TestImages asks that everything which the truth of an image lists is found where it says, and prints what else is.
func TestImages(t *testing.T) {
	root := corpusRoot(t)
	for _, name := range []string{"debian-app", "many-layers"} {
		t.Run(name, func(t *testing.T) {
			img, err := source.Open(t.Context(), "oci:"+filepath.Join(root, "images", name), source.Options{})
			if err != nil {
				t.Fatal(err)
			}
			report, err := analyzer.Scanner{Analyzers: []analyzer.Analyzer{New()}}.Scan(t.Context(), img)
			if err != nil {
				t.Fatal(err)
			}
			installed := make(map[string]string)
			for _, c := range report.Components {
				if !c.Declared {
					installed["/"+c.Path] = fullName(&c.Package) + " " + c.Version
				}
			}
			for _, d := range report.Diagnostics {
				t.Logf("%s: %s", d.Path, d.Message)
			}
			var truth []struct{ Type, Name, Version, Path string }
			text, err := os.ReadFile(filepath.Join(root, "images", "truth", name+".json"))
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(text, &truth); err != nil {
				t.Fatal(err)
			}
			right := 0
			for _, w := range truth {
				if w.Type != "npm" {
					continue
				}
				if got := installed[w.Path]; got != w.Name+" "+w.Version {
					t.Errorf("%s: %q, want %s %s", w.Path, got, w.Name, w.Version)
				} else {
					right++
				}
				delete(installed, w.Path)
			}
			for path, got := range installed {
				t.Errorf("extra: %s: %s", path, got)
			}
			t.Logf("%d found, %d extra", right, len(installed))
		})
	}
}
