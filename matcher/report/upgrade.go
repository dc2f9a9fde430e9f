package report

import (
	"cmp"
	"strings"

	"github.com/hullmark/hullmark/internal/indirectsort"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/version"
)

// An Upgrade is the update of one source package, or of a package that is not built from another, that fixes findings.
type Upgrade struct {
	Subject Subject
	To      string        // the lowest version that fixes all of Fixes; "1.2 or v3-final" if those cannot be compared
	Fixes   int           // findings
	Open    int           // findings of the subject that no version fixes
	Worst   matcher.Level // among those that it fixes

	Packages []string // installed packages to upgrade, by the names that their package manager has, sorted
	Unsure   string   // why it is not known that the configured release has To; "" if its publisher says so
}

// Upgrades returns the updates that fix findings which are shown: the one that fixes the most severe findings first, then the one that
// fixes more.
func (a *Assessment) Upgrades() []Upgrade {
	at := make(map[Subject]int)
	var all []Upgrade
	for i := range a.Findings {
		f := &a.Findings[i]
		k, ok := at[f.Subject]
		if !ok {
			k = len(all)
			at[f.Subject] = k
			all = append(all, Upgrade{Subject: f.Subject})
		}
		u := &all[k]
		a.upgrade(u, f)
	}
	var list []Upgrade
	for _, u := range all {
		if u.Fixes > 0 {
			list = append(list, u)
		}
	}
	indirectsort.Sort(list, func(x, y *Upgrade) int {
		return cmp.Or(cmp.Compare(y.Worst, x.Worst), cmp.Compare(y.Fixes, x.Fixes),
			strings.Compare(x.Subject.Name, y.Subject.Name), strings.Compare(x.Subject.Version, y.Subject.Version))
	})
	return list
}

// higher returns the higher of two versions, or both if they cannot be compared. The first may be several: "1.2 or v3-final".
func higher(purlType, a, b string) string {
	if a == "" {
		return b
	}
	var kept []string
	for v := range strings.SplitSeq(a, " or ") {
		c, err := version.Compare(purlType, v, b)
		switch {
		case v == b, err == nil && c >= 0:
			return a
		case err != nil:
			kept = append(kept, v)
		}
	}
	return strings.Join(append(kept, b), " or ")
}
