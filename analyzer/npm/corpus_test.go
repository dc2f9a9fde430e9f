package npm

import (
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/testing/corpus"
)

func fullName(p *analyzer.Package) string {
	if p.Namespace != "" {
		return p.Namespace + "/" + p.Name
	}
	return p.Name
}

// TestCorpus compares what is found, declared packages included, in both directions.
func TestCorpus(t *testing.T) {
	formats := []string{"npm-package-json", "npm-lock", "yarn-lock-v1", "yarn-lock-berry", "pnpm-lock", "bun-lock"}
	corpus.Cases(t, formats, func(t *testing.T, c *corpus.Case) {
		found := make(map[string]analyzer.Component)
		for _, p := range c.Scan(t, New()).Components {
			found[fullName(&p.Package)+" "+p.Version] = p
		}
		may := func(p corpus.Package) bool {
			return slices.ContainsFunc(c.Want.May, func(m corpus.Package) bool { return m.Key() == p.Key() })
		}
		c.Want.Packages = slices.DeleteFunc(c.Want.Packages, may) // the package.json of a workspace is in both lists of one case
		corpus.Compare(t, &c.Want, found, corpus.Package.Key, nil)
	})
}

// TestCorpusDev compares what is declared for development only, where the case says. Arborist sets every flag of what it
// cannot reach from the root, for want of the package.json of workspaces; there npm's own word in the file is better.
func TestCorpusDev(t *testing.T) {
	corpus.Cases(t, []string{"npm-lock", "pnpm-lock"}, func(t *testing.T, c *corpus.Case) {
		r := c.Scan(t, New())
		dev := make(map[string]bool)
		stated := false
		for _, w := range c.Want.Packages {
			before, ok := dev[w.Key()]
			dev[w.Key()] = w.Dev && (before || !ok)
			stated = stated || w.Dev
		}
		for _, w := range c.Want.Packages {
			var flags struct{ Optional, Peer bool }
			corpus.Decode(t, w.Raw, &flags)
			if w.Dev && flags.Optional && flags.Peer {
				delete(dev, w.Key())
			}
		}
		for i := range r.Components {
			p := &r.Components[i]
			key := fullName(&p.Package) + " " + p.Version
			if want, ok := dev[key]; ok && stated && p.Dev != want {
				t.Errorf("%s: Dev is %t, want %t", key, p.Dev, want)
			}
		}
	})
}

// TestCorpusInstalled compares the licences of installed packages.
func TestCorpusInstalled(t *testing.T) {
	corpus.Cases(t, []string{"npm-package-json"}, func(t *testing.T, c *corpus.Case) {
		r := c.Scan(t, New())
		for i := range r.Components {
			p := &r.Components[i]
			var stated [][]string // one place may be described twice
			for _, w := range c.Want.Packages {
				if strings.TrimPrefix(w.Location, "app/") == strings.TrimPrefix(p.Path, "app/") {
					stated = append(stated, w.Licenses)
				}
			}
			if stated != nil && !slices.ContainsFunc(stated, func(l []string) bool { return slices.Equal(l, p.Licenses) }) {
				t.Errorf("%s: licences %q, stated %q", p.Path, p.Licenses, stated)
			}
		}
	})
}

// TestImages asks that everything which the truth of an image lists is found where it says, and nothing else.
func TestImages(t *testing.T) { corpus.CheckImages(t, "npm", New(), "debian-app", "many-layers") }
