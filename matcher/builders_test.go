package matcher

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/apk"
	"github.com/hullmark/hullmark/analyzer/dpkg"
	"github.com/hullmark/hullmark/analyzer/osrelease"
	"github.com/hullmark/hullmark/analyzer/rpm"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/packageorigin"
	"github.com/hullmark/hullmark/internal/testing/corpus"
)

// TestBuilders counts who built the packages of real databases, by distribution, and compares the counts and the names of packages of
// third parties with testdata/builders.txt. Set HULLMARK_BUILDERS to a file to list all packages with an unknown builder.
func TestBuilders(t *testing.T) {
	counts := make(map[string]*[3]int)
	others := make(map[string][]string) // names of packages of third parties
	var unsure strings.Builder
	add := func(r *analyzer.Report) {
		if r.Distro == nil {
			return
		}
		for i := range r.Components {
			c := &r.Components[i]
			if !c.System {
				continue
			}
			id := c.Type + " " + r.Distro.ID
			if counts[id] == nil {
				counts[id] = new([3]int)
			}
			by, _ := packageorigin.Of(c, distroOf(c, r.Distro))
			counts[id][by]++
			switch {
			case by == packageorigin.ThirdParty && c.Namespace != r.Distro.ID:
				others[id+": of "+c.Namespace] = append(others[id+": of "+c.Namespace], c.Name)
			case by == packageorigin.ThirdParty: // native packages of Debian have no revision
				others[id+": no form"] = append(others[id+": no form"], c.Name)
			case by == packageorigin.Unknown:
				fmt.Fprintf(&unsure, "%s: %s %s by %s\n", id, c.Name, c.Version, c.Vendor)
			}
		}
	}
	native := []analyzer.Analyzer{apk.New(), dpkg.New(), osrelease.New(), rpm.New()}
	entries, err := os.ReadDir(filepath.Join(corpus.Dir(t), "fixtures"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), "dpkg") && !strings.HasPrefix(e.Name(), "rpm") && !strings.HasPrefix(e.Name(), "apk") {
			continue
		}
		corpus.Cases(t, []string{e.Name()}, func(t *testing.T, c *corpus.Case) {
			r, err := scan.Scanner{Analyzers: native}.ScanFS(t.Context(), c.Files)
			if err != nil {
				t.Skip(err)
			}
			add(r)
		})
	}
	for _, name := range []string{"debian-app", "debian-base", "many-layers", "rpm-bdb", "rpm-mariner", "rpm-ndb", "rpm-sqlite"} {
		add(corpus.ScanImage(t, name, native...))
	}
	var lines []string
	for id, n := range counts {
		lines = append(lines, fmt.Sprintf("%s: %d by the distribution, %d unknown, %d by third parties", id, n[packageorigin.Distribution], n[packageorigin.Unknown], n[packageorigin.ThirdParty]))
	}
	for of, names := range others {
		slices.Sort(names)
		lines = append(lines, of+": "+strings.Join(slices.Compact(names), " "))
	}
	slices.Sort(lines)
	got := strings.Join(lines, "\n") + "\n"
	if file := os.Getenv("HULLMARK_BUILDERS"); file != "" {
		if err := os.WriteFile(file, []byte(got+unsure.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/builders.txt")
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the builders differ from testdata/builders.txt:\n%s", got)
	}
}
