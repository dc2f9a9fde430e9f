package all_test

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/all"
	"github.com/hullmark/hullmark/internal/testing/corpus"
)

// A tally counts what of one ecosystem is in an image, by its own tools, and what all analyzers together find.
type tally struct {
	truth, found, right int // packages, each with its place
	owned, owner        int // that lie in a file of a package of the distribution, and of which that is told
}

// TestTruth requires that analyzers find exactly the packages that an image's truth lists, and the distribution's packages that own
// them. It prints precision and recall by ecosystem.
//
// A truth lists no archive of Java whose file name has no version, and no wheel, which is where importlib.metadata does not
// look, so those are not judged, nor packages that are no more than declared.
func TestTruth(t *testing.T) {
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 8, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "image\tecosystem\ttruth\tfound\tprecision\trecall\towned\towner told\t")
	for _, image := range corpus.Images(t) {
		tallies := make(map[string]*tally)
		of := func(kind string) *tally {
			if tallies[kind] == nil {
				tallies[kind] = new(tally)
			}
			return tallies[kind]
		}
		want, owned, unjudged := make(map[string]bool), make(map[string]bool), make(map[string]bool)
		knowsOwners := false
		for _, p := range corpus.Truth(t, image) {
			switch {
			case strings.HasSuffix(p.Type, "-lock"):
				continue
			case p.Type == "jar-unversioned":
				unjudged[p.Path] = true
				continue
			}
			if p.Type == "rpm" {
				p.Path = "" // of an image there is one database, and the truth names it or its directory
			}
			k := key(p.Type, p.Name, p.Version, p.Path)
			if !want[k] {
				of(p.Type).truth++
			}
			want[k] = true
			if p.Owned {
				owned[k], knowsOwners = true, true
				of(p.Type).owned++
			}
		}
		seen := make(map[string]bool)
		for _, c := range corpus.ScanImage(t, image, all.All()...).Components {
			place := c.Path
			if c.ArchivePath != "" && c.Type == "maven" {
				place += "!/" + strings.ReplaceAll(c.ArchivePath, "!", "!/")
			}
			if c.Type == "rpm" {
				place = ""
			}
			if c.Declared || unjudged[c.Path] || path.Ext(c.Path) == ".whl" {
				continue
			}
			k := key(c.Type, nameIn(&c), c.Version, place)
			if seen[k] {
				continue
			}
			seen[k] = true
			n := of(c.Type)
			n.found++
			if !want[k] {
				t.Errorf("%s: extra: %s", image, k)
				continue
			}
			n.right++
			if owned[k] && c.Owner != "" {
				n.owner++
			}
			if knowsOwners && owned[k] != (c.Owner != "") {
				t.Errorf("%s: %s: owner %q", image, k, c.Owner)
			}
		}
		for _, k := range slices.Sorted(maps.Keys(want)) {
			if !seen[k] {
				t.Errorf("%s: missing: %s", image, k)
			}
		}
		for _, kind := range slices.Sorted(maps.Keys(tallies)) {
			n := tallies[kind]
			fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%.4f\t%.4f\t%d\t%d\t\n", image, kind, n.truth, n.found,
				float64(n.right)/float64(max(n.found, 1)), float64(n.right)/float64(max(n.truth, 1)), n.owned, n.owner)
		}
	}
	w.Flush()
	t.Logf("\n%s", &table)
}

func key(kind, name, version, place string) string {
	return strings.Join([]string{kind, strings.ToLower(name), strings.TrimPrefix(version, "v"), place}, " ")
}

// nameIn returns the name as the truth has it: with the scope, vendor or path if that is part of it.
func nameIn(c *analyzer.Component) string {
	switch c.Type {
	case "npm", "composer", "golang":
		return path.Join(c.Namespace, c.Name)
	}
	return c.Name
}
