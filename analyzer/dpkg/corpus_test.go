package dpkg

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/testing/corpus"
)

var packageFormats = []string{"dpkg-status", "dpkg-statusd", "dpkg-info"}

func TestCorpusPackages(t *testing.T) {
	corpus.Cases(t, packageFormats, func(t *testing.T, c *corpus.Case) {
		results, errs := corpus.Analyze(t, c.Files, New())
		found := make(map[string]analyzer.Package)
		for _, r := range results {
			for _, p := range r.Packages {
				found[p.Name+" "+p.Version] = p
			}
		}
		corpus.Compare(t, &c.Want, found, corpus.Package.Key, func(p analyzer.Package, w corpus.Package) {
			o := cmp.Or(p.SourcePackage, &analyzer.SourcePackage{Name: p.Name, Version: p.Version})
			for _, c := range []struct{ field, got, want string }{
				{"Arch", p.Arch, w.Arch},
				{"Vendor", p.Vendor, w.Maintainer},
				{"Origin.Name", o.Name, w.SourceName},
				{"Origin.Version", o.Version, w.SourceVersion},
			} {
				if c.got != c.want {
					t.Errorf("%s: %s = %q, want %q", w.Key(), c.field, c.got, c.want)
				}
			}
			compareFiles(t, results, w)
		})
		if c.Name != "syft-statusd-mixed" { // it has garbage in it, and yet expects no word of that
			c.Want.CheckErrors(t, errs...)
		}
	})
}

func compareFiles(t *testing.T, results map[string]*analyzer.Result, w corpus.Package) {
	t.Helper()
	var listed struct {
		Basename     string `json:"info_basename"`
		FileCount    *int   `json:"file_list_count"`
		FileHash     string `json:"file_list_sha256"`
		MD5SumsCount *int   `json:"md5sums_count"`
	}
	corpus.Decode(t, w.Raw, &listed)
	if listed.FileCount == nil {
		return
	}
	files := fragmentFiles(results, "var/lib/dpkg/info/"+listed.Basename+".list")
	rows := make([]string, 0, len(files))
	for _, f := range files {
		rows = append(rows, "/"+f)
	}
	slices.Sort(rows)
	sum := sha256.Sum256([]byte(strings.Join(rows, "\n")))
	if len(rows) != *listed.FileCount || hex.EncodeToString(sum[:]) != listed.FileHash {
		t.Errorf("%s: %d files do not hash to those expected, which are %d", w.Key(), len(rows), *listed.FileCount)
	}
	if listed.MD5SumsCount == nil {
		return
	}
	sums := fragmentFiles(results, "var/lib/dpkg/info/"+listed.Basename+".md5sums")
	if len(sums) != *listed.MD5SumsCount {
		t.Errorf("%s: %d files in md5sums, want %d", w.Key(), len(sums), *listed.MD5SumsCount)
	}
	for _, f := range sums {
		if !slices.Contains(files, f) {
			t.Errorf("%s: %s is in md5sums and not in list", w.Key(), f)
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
	corpus.Cases(t, packageFormats, func(t *testing.T, c *corpus.Case) {
		results, _ := corpus.Analyze(t, c.Files, New())
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
	})
}
