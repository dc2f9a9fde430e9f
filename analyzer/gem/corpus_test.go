package gem

import (
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/license"
	"github.com/hullmark/hullmark/internal/testing/corpus"
)

// TestCorpus compares what is found, declared packages included, in both directions.
func TestCorpus(t *testing.T) {
	corpus.Cases(t, []string{"ruby-gemspec", "gemfile-lock"}, func(t *testing.T, c *corpus.Case) {
		found := make(map[string]analyzer.Component)
		for _, p := range c.Scan(t, New()).Components {
			found[p.Name+" "+p.Version] = p
		}
		corpus.Compare(t, &c.Want, found, corpus.Package.Key, nil)
	})
}

// TestCorpusInstalled compares the licences of installed packages.
func TestCorpusInstalled(t *testing.T) {
	corpus.Cases(t, []string{"ruby-gemspec"}, func(t *testing.T, c *corpus.Case) {
		r := c.Scan(t, New())
		for i := range r.Components {
			p := &r.Components[i]
			var stated [][]string // one place may be described twice
			for _, w := range c.Want.Packages {
				if strings.TrimPrefix(w.Location, "app/") == strings.TrimPrefix(p.Path, "app/") {
					stated = append(stated, normalized(w.Licenses))
				}
			}
			if stated != nil && !slices.ContainsFunc(stated, func(l []string) bool { return slices.Equal(l, p.Licenses) }) {
				t.Errorf("%s: licences %q, stated %q", p.Path, p.Licenses, stated)
			}
		}
	})
}

// normalized returns licences as SPDX expressions where they are such in other words.
func normalized(declared []string) []string {
	var list []string
	for _, s := range declared {
		e, _ := license.Normalize(s)
		list = append(list, e)
	}
	return list
}

// TestImages asks that everything which the truth of an image lists is found where it says, and nothing else.
func TestImages(t *testing.T) { corpus.CheckImages(t, "gem", New(), "debian-app", "many-layers") }
