package dpkg

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
)

// An expectation is what a native tool or an independent script read from a case; see the corpus's own description.
type expectation struct {
	Packages  []expected
	May       []expected
	MustNot   []expected `json:"must_not"`
	Error     string
	Copyright map[string]struct {
		DEP5           bool
		Synopses       []string `json:"license_synopses"`
		CommonLicenses []string `json:"common_licenses"`
	}
}

type expected struct {
	Name, Version, Arch, Maintainer string
	SourceName                      string `json:"source_name"`
	SourceVersion                   string `json:"source_version"`
	Basename                        string `json:"info_basename"`
	FileCount                       *int   `json:"file_list_count"`
	FileHash                        string `json:"file_list_sha256"`
	MD5SumsCount                    *int   `json:"md5sums_count"`
}

func (e expected) key() string { return e.Name + " " + e.Version }

// corpus calls f for each case of the given formats.
func corpus(t *testing.T, f func(t *testing.T, dir string, want expectation), formats ...string) {
	root := os.Getenv("HULLMARK_CORPUS")
	if root == "" {
		t.Skip("HULLMARK_CORPUS is not set: no real package databases")
	}
	for _, format := range formats {
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
				f(t, dir, want)
			})
		}
	}
}

// analyzeDir runs the analyzer over the files of a directory that it wants.
func analyzeDir(t *testing.T, dir string) (results map[string]*analyzer.Result, errs []error) {
	a := New()
	results = make(map[string]*analyzer.Result)
	err := filepath.WalkDir(dir, func(file string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(dir, file)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(rel)
		if !slices.ContainsFunc(a.Info().Patterns, func(p string) bool {
			ok, err := path.Match(p, name)
			return ok && err == nil
		}) {
			return nil
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		r, err := a.Analyze(t.Context(), analyzer.NewFile(name, 0o644, text))
		if err != nil {
			errs = append(errs, err)
		}
		if r != nil {
			results[name] = r
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return results, errs
}

func TestCorpusPackages(t *testing.T) {
	corpus(t, func(t *testing.T, dir string, want expectation) {
		results, errs := analyzeDir(t, dir)
		found := make(map[string]analyzer.Package)
		for _, r := range results {
			for _, p := range r.Packages {
				found[p.Name+" "+p.Version] = p
			}
		}
		for _, w := range want.Packages {
			p, ok := found[w.key()]
			if !ok {
				t.Errorf("missing: %s", w.key())
				continue
			}
			o := cmp.Or(p.Origin, &analyzer.Origin{Name: p.Name, Version: p.Version})
			for _, c := range []struct{ field, got, want string }{
				{"Arch", p.Arch, w.Arch},
				{"Vendor", p.Vendor, w.Maintainer},
				{"Origin.Name", o.Name, w.SourceName},
				{"Origin.Version", o.Version, w.SourceVersion},
			} {
				if c.got != c.want {
					t.Errorf("%s: %s = %q, want %q", w.key(), c.field, c.got, c.want)
				}
			}
			compareFiles(t, results, w)
		}
		for _, w := range want.MustNot {
			if _, ok := found[w.key()]; ok {
				t.Errorf("must not be found: %s", w.key())
			}
		}
		known := make(map[string]bool)
		for _, w := range append(want.Packages, want.May...) {
			known[w.key()] = true
		}
		for k := range found {
			if !known[k] {
				t.Errorf("extra: %s", k)
			}
		}
		if want.Error == "expected" && len(errs) == 0 {
			t.Error("no error")
		}
	}, "dpkg-status", "dpkg-statusd", "dpkg-info")
}

func compareFiles(t *testing.T, results map[string]*analyzer.Result, w expected) {
	t.Helper()
	if w.FileCount == nil {
		return
	}
	files := fragmentFiles(results, "var/lib/dpkg/info/"+w.Basename+".list")
	rows := make([]string, 0, len(files))
	for _, f := range files {
		rows = append(rows, "/"+f)
	}
	slices.Sort(rows)
	sum := sha256.Sum256([]byte(strings.Join(rows, "\n")))
	if len(rows) != *w.FileCount || hex.EncodeToString(sum[:]) != w.FileHash {
		t.Errorf("%s: %d files do not hash to those expected, which are %d", w.key(), len(rows), *w.FileCount)
	}
	if w.MD5SumsCount == nil {
		return
	}
	sums := fragmentFiles(results, "var/lib/dpkg/info/"+w.Basename+".md5sums")
	if len(sums) != *w.MD5SumsCount {
		t.Errorf("%s: %d files in md5sums, want %d", w.key(), len(sums), *w.MD5SumsCount)
	}
	for _, f := range sums {
		if !slices.Contains(files, f) {
			t.Errorf("%s: %s is in md5sums and not in list", w.key(), f)
		}
	}
}

func fragmentFiles(results map[string]*analyzer.Result, name string) []string {
	if r := results[name]; r != nil && len(r.Fragments) == 1 {
		return r.Fragments[0].Files
	}
	return nil
}

// TestCorpusThirdParty asks that none of the packages that Debian and Ubuntu built passes for somebody else's.
func TestCorpusThirdParty(t *testing.T) {
	corpus(t, func(t *testing.T, dir string, _ expectation) {
		results, _ := analyzeDir(t, dir)
		for _, r := range results {
			for _, p := range r.Packages {
				want := ""
				switch {
				case p.Name == "docker-ce":
					want = "docker.com"
				case strings.HasPrefix(p.Name, "google-cloud-cli"):
					want = "cloud.google.com"
				case p.Name == "kubectl":
					want = "kubernetes.io"
				case p.Name == "nodejs" && strings.Contains(p.Vendor, "NodeSource"):
					want = "nodesource.com"
				}
				if p.Namespace != want {
					t.Errorf("%s %s by %s: Namespace %q, want %q", p.Name, p.Version, p.Vendor, p.Namespace, want)
				}
			}
		}
	}, "dpkg-status", "dpkg-statusd", "dpkg-info")
}
