package composer

import (
	"slices"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/license"
	"github.com/hullmark/hullmark/internal/testing/corpus"
)

func fullName(p *analyzer.Package) string {
	if p.Type == typeComposer {
		return p.Namespace + "/" + p.Name
	}
	return p.Name
}

// TestCorpus compares what is found, declared packages included, in both directions.
func TestCorpus(t *testing.T) {
	corpus.Cases(t, []string{"composer-installed", "composer-lock", "php-pear"}, func(t *testing.T, c *corpus.Case) {
		found := make(map[string]analyzer.Component)
		for _, p := range c.Scan(t, New()).Components {
			found[fullName(&p.Package)+" "+p.Version] = p
		}
		corpus.Compare(t, &c.Want, found, corpus.Package.Key, nil)
	})
}

// TestCorpusLicenses compares licences, by name and version.
func TestCorpusLicenses(t *testing.T) {
	corpus.Cases(t, []string{"composer-installed", "composer-lock", "php-pear"}, func(t *testing.T, c *corpus.Case) {
		for _, p := range c.Scan(t, New()).Components {
			k := slices.IndexFunc(c.Want.Packages, func(w corpus.Package) bool { return w.Key() == fullName(&p.Package)+" "+p.Version })
			if k < 0 {
				continue
			}
			w := c.Want.Packages[k]
			if stated := normalized(w.Licenses); !slices.Equal(p.Licenses, stated) {
				t.Errorf("%s: licences %q, stated %q", p.PURL, p.Licenses, stated)
			}
			if p.Dev != w.Dev {
				t.Errorf("%s: Dev %t, want %t", p.PURL, p.Dev, w.Dev)
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
func TestImages(t *testing.T) { corpus.CheckImages(t, "composer", New(), "debian-app", "many-layers") }
