package matcher

import (
	"fmt"
	"strings"

	"github.com/hullmark/hullmark/internal/rpmname"
	"github.com/hullmark/hullmark/matcher/version"
)

// A verdict is an advisory that holds for a component, or may hold.
type verdict struct {
	*Advisory
	fixed     string // lowest fix above the installed version
	uncertain string // why it is not known whether it holds
}

// judge says whether an advisory holds for the version that is installed under a name. The verdict is without the advisory.
func (n *name) judge(a *Advisory) (verdict, bool) {
	v, holds := n.compare(a)
	if holds && v.uncertain == "" {
		v.uncertain = n.doubt
	}
	return v, holds
}

// compare is judge for an advisory that is certainly about the package.
func (n *name) compare(a *Advisory) (verdict, bool) {
	var v verdict
	if a.Status == NotAffected {
		return v, false
	}
	if len(a.Ranges) == 0 && len(a.Versions) == 0 {
		return v, true // a word on the package, whatever its version
	}
	if n.uncertain != nil {
		for _, listed := range a.Versions {
			if listed == n.version {
				return v, true
			}
		}
		v.uncertain = n.uncertain.Error()
		return v, true
	}
	holds, doubt := false, ""
	var fix version.Version
	compared := len(a.Versions) > 0
	for i := range a.Ranges {
		r := &a.Ranges[i]
		if r.Repo != "" {
			continue
		}
		compared = true
		in, why := n.within(r)
		if why != "" {
			doubt = why
			continue
		}
		if !in {
			continue
		}
		holds = true
		if r.Fixed == "" {
			continue
		}
		if f, err := n.scheme.Parse(r.Fixed); err == nil && (v.fixed == "" || f.Compare(fix) < 0) {
			v.fixed, fix = r.Fixed, f
		}
	}
	for _, listed := range a.Versions {
		if holds {
			break
		}
		w, err := n.scheme.Parse(listed)
		if err != nil {
			holds = listed == n.version
			continue
		}
		holds = n.is(w)
	}
	if holds {
		if v.fixed == "" {
			v.fixed = n.nextFix(a)
		}
		return v, true
	}
	if !compared {
		doubt = "the advisory names commits only, no versions"
	}
	v.uncertain = doubt
	return v, doubt != ""
}

// within reports whether the installed version lies in a range, or why that is not known.
func (n *name) within(r *Range) (in bool, doubt string) {
	if r.Introduced != "" && r.Introduced != "0" {
		c, doubt := n.against(r.Introduced)
		if doubt != "" {
			return false, "introduced: " + doubt
		}
		if c < 0 {
			return false, ""
		}
	}
	switch {
	case r.Fixed != "":
		c, doubt := n.against(r.Fixed)
		if doubt != "" {
			return false, "fixed: " + doubt
		}
		if c < 0 && n.rpm && rpmname.InModule(r.Fixed) && !rpmname.InModule(n.version) {
			return false, "fixed: " + r.Fixed + " is the build of a module's stream, the installed one is not"
		}
		return c < 0, ""
	case r.LastAffected != "":
		c, doubt := n.against(r.LastAffected)
		if doubt != "" {
			return false, "last affected: " + doubt
		}
		return c <= 0 || n.last(r.LastAffected), ""
	}
	return true, ""
}

// against compares the installed version with a bound, or says why the answer would not be certain.
func (n *name) against(bound string) (c int, doubt string) {
	if n.noEpoch {
		bound = withoutEpoch(bound)
	}
	v, err := n.scheme.Parse(bound)
	if err != nil {
		return 0, err.Error()
	}
	c = n.parsed.Compare(v)
	if !n.rpm || c <= 0 {
		return c, ""
	}
	// Some feeds leave epochs out. A bound without one is below every version that has one.
	epoch, rest, ok := strings.Cut(n.version, ":")
	if !ok || strings.Trim(epoch, "0") == "" || strings.Contains(bound, ":") {
		return c, ""
	}
	if w, err := n.scheme.Parse(rest); err == nil && w.Compare(v) < 0 {
		return c, fmt.Sprintf("%s has no epoch, the installed version has", bound)
	}
	return c, ""
}

// is reports whether the installed version is one that an advisory lists. A local version of a PyPI package ("2.0.0+cu117") is a
// build of the version without it, as PEP 440 has it: https://peps.python.org/pep-0440/#version-matching.
func (n *name) is(listed version.Version) bool {
	if n.parsed.Compare(listed) == 0 {
		return true
	}
	return n.whole.Scheme() == n.scheme && n.whole.Compare(listed) == 0
}

// last reports whether the installed version, though it comes after a last affected version, is meant by it.
func (n *name) last(affected string) bool {
	if n.rpm {
		return n.anyRelease(affected)
	}
	if n.whole.Scheme() != n.scheme {
		return false
	}
	w, err := n.scheme.Parse(affected)
	return err == nil && n.whole.Compare(w) == 0
}

// anyRelease reports whether a last affected version without a release is the installed one without its release: as in
// dependencies of RPM, it then stands for all releases. The order of versions alone would put it before all of them. For
// the other bounds that is what is meant: what is introduced in, or fixed in, a version is so in its first release.
func (n *name) anyRelease(last string) bool {
	if strings.Contains(last, "-") {
		return false
	}
	i := strings.LastIndexByte(n.version, '-')
	if i < 0 {
		return false
	}
	v, err := n.scheme.Parse(n.version[:i])
	if err != nil {
		return false
	}
	w, err := n.scheme.Parse(last)
	return err == nil && v.Compare(w) == 0
}

// nextFix returns the lowest fix above a version that no range holds.
func (n *name) nextFix(a *Advisory) string {
	best := ""
	var least version.Version
	for i := range a.Ranges {
		r := &a.Ranges[i]
		if r.Fixed == "" || r.Repo != "" {
			continue
		}
		if f, err := n.scheme.Parse(r.Fixed); err == nil && f.Compare(n.parsed) > 0 && (best == "" || f.Compare(least) < 0) {
			best, least = r.Fixed, f
		}
	}
	return best
}
