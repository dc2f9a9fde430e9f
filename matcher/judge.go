package matcher

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/internal/composerbranch"
	"github.com/hullmark/hullmark/internal/rpmname"
	"github.com/hullmark/hullmark/matcher/distro"
	"github.com/hullmark/hullmark/matcher/version"
)

// A verdict is an advisory that affects a component, or may affect it.
type verdict struct {
	*Advisory
	fixed     string // lowest fix above the installed version
	uncertain string // the reason if it is unknown whether the advisory holds
	evidence  string // the reason why it is about the component
}

// judge reports whether an advisory holds for the version that is installed under a name. The verdict lacks the advisory.
func (n *name) judge(a *Advisory) (verdict, bool) {
	if len(a.Parts) > 0 && n.system != "" && a.isForOtherSystem(n.system) {
		return verdict{}, false
	}
	v, holds := n.compare(a)
	if holds && v.uncertain == "" && n.system == "" && a.isForOtherSystem("") {
		v.uncertain = "the advisory is about some operating systems only, and the image's is unknown"
	}
	if holds && v.uncertain == "" {
		v.uncertain = n.doubt
	}
	v.evidence = n.proof
	return v, holds
}

// compare is judge, for an advisory that is certainly about the package.
func (n *name) compare(a *Advisory) (verdict, bool) {
	var v verdict
	if a.Status == NotAffected {
		return v, false
	}
	if len(a.Ranges) == 0 && len(a.Versions) == 0 {
		return v, true // about every version of the package
	}
	if n.uncertain != nil {
		if !slices.Contains(a.Versions, n.version) {
			v.uncertain = n.uncertain.Error()
		}
		return v, true
	}
	fixed, holds, doubt := n.compareRanges(a)
	holds = holds || slices.ContainsFunc(a.Versions, n.isListed)
	if holds {
		if v.fixed = fixed; fixed == "" {
			v.fixed = n.nextFix(a)
		}
		return v, true
	}
	if v.uncertain = doubt; doubt != "" {
		v.fixed = n.nextFix(a)
	}
	return v, doubt != ""
}

// compareRanges reports whether the version lies in a range of an advisory, and returns the lowest fixed version of those ranges, or the reason
// why the comparison may have missed one.
func (n *name) compareRanges(a *Advisory) (fixed string, holds bool, doubt string) {
	var lowest version.Version
	compared := len(a.Versions) > 0
	own := n.pack != "" && slices.ContainsFunc(a.Ranges, func(r Range) bool { return packOf(a.Key.Namespace, r.Fixed) == n.pack })
	for i := range a.Ranges {
		r := &a.Ranges[i]
		if r.Repo != "" {
			continue
		}
		compared = true
		if own && packOf(a.Key.Namespace, r.Fixed) != n.pack {
			continue
		}
		in, why := n.within(a, r)
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
		if f, err := n.scheme.Parse(r.Fixed); err == nil && (fixed == "" || f.Compare(lowest) < 0) {
			fixed, lowest = r.Fixed, f
		}
	}
	if !compared {
		doubt = "the advisory names commits only, no versions"
	}
	return fixed, holds, doubt
}

// isListed reports whether a version in the list of an advisory is that of the package.
func (n *name) isListed(listed string) bool {
	w, err := n.scheme.Parse(listed)
	if err != nil {
		return listed == n.version
	}
	return n.is(w)
}

// within reports whether the installed version lies in a range of an advisory, or the reason why that is unknown.
func (n *name) within(a *Advisory, r *Range) (in bool, doubt string) {
	if n.composer && n.byBranch(r) {
		return false, ""
	}
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
		if c >= 0 {
			return false, ""
		}
		if line := n.otherLine(a, r); line != "" {
			return false, "fixed: " + r.Fixed + " is a build of " + line
		}
		return true, ""
	case r.LastAffected != "":
		c, doubt := n.against(r.LastAffected)
		if doubt != "" {
			return false, "last affected: " + doubt
		}
		return c <= 0 || n.last(r.LastAffected), ""
	}
	return true, ""
}

// otherLine describes the line of versions that a fix is of, if the installed version is not, or may not be, of the same line. A
// fix in one line says nothing about another.
func (n *name) otherLine(a *Advisory, r *Range) string {
	if !n.rpm {
		return ""
	}
	if n.otherStream(r.Fixed) {
		return "a module's stream, the installed version is not"
	}
	if pack := packOf(a.Key.Namespace, r.Fixed); n.pack != "" && pack != "" && pack != n.pack {
		if a.Key.Namespace == "epel" {
			return "another minor release than the installed version"
		}
		return "another service pack than the installed version"
	}
	if a.Key.Namespace == "amzn" && r.Introduced == "" && rpmname.Extra(a.Reason) && firstNumber(n.version) != firstNumber(r.Fixed) {
		return "another repository than the core one, and the installed version may not be"
	}
	return ""
}

// packOf returns the mark of the service pack of openEuler, or the minor release of EPEL, that a version is a build for, or "".
func packOf(namespace, version string) string {
	if namespace != "epel" {
		return rpmname.ServicePack(version)
	}
	if m := enterprise.FindStringSubmatch(version); m != nil {
		return m[2]
	}
	return ""
}

// firstNumber returns the number that a version of an RPM package begins with, after its epoch.
func firstNumber(version string) string {
	version = withoutEpoch(version)
	return version[:len(version)-len(strings.TrimLeft(version, "0123456789"))]
}

// byBranch reports whether a range compares a branch of Composer, which is in no range.
func (n *name) byBranch(r *Range) bool {
	bounds := strings.TrimLeft(r.Introduced, "0") + r.Fixed + r.LastAffected
	return bounds != "" && composerbranch.Is(n.version) || composerbranch.Is(r.Introduced) || composerbranch.Is(r.Fixed) || composerbranch.Is(r.LastAffected)
}

// otherStream reports whether a fix is a build of a module's stream, and the installed version is not.
func (n *name) otherStream(fixed string) bool {
	return n.rpm && rpmname.InModule(fixed) && !rpmname.InModule(n.version)
}

// against compares the installed version with a bound, or returns the reason why the answer is uncertain.
func (n *name) against(bound string) (c int, doubt string) {
	if n.noEpoch {
		bound = withoutEpoch(bound)
	}
	v, err := n.scheme.Parse(bound)
	if err != nil {
		return 0, err.Error()
	}
	c = n.parsed.Compare(v)
	if n.rebuild != "" {
		var doubt string
		if c, doubt = n.asBase(c, bound); doubt != "" {
			return c, doubt
		}
	}
	if n.tag && inMovingTag(n.version, bound) {
		return c, n.version + " is a tag that moves, and may be before or after " + bound
	}
	if c < 0 && n.partial {
		return c, n.missing(bound)
	}
	if !n.rpm || c <= 0 {
		return c, ""
	}
	// Some feeds omit epochs. A bound without an epoch is below every version with one.
	epoch, rest, ok := strings.Cut(n.version, ":")
	if !ok || strings.Trim(epoch, "0") == "" || strings.Contains(bound, ":") {
		return c, ""
	}
	if w, err := n.scheme.Parse(rest); err == nil && w.Compare(v) < 0 {
		return c, fmt.Sprintf("%s has no epoch, the installed version has", bound)
	}
	return c, ""
}

// asBase compares a derivative's rebuild with a bound of the base's advisories, given the order c of the whole versions. A
// rebuild that its mark alone puts after the bound is uncertain.
func (n *name) asBase(c int, bound string) (int, string) {
	version, bound, ok := distro.Rebuilt(n.rebuild, n.version, bound)
	if !ok {
		return c, ""
	}
	v, err := n.scheme.Parse(version)
	if err != nil {
		return c, ""
	}
	w, err := n.scheme.Parse(bound)
	if err != nil {
		return c, ""
	}
	switch base := v.Compare(w); {
	case c < 0 && base >= 0:
		return base, ""
	case c >= 0 && base < 0:
		return c, fmt.Sprintf("%s is a rebuild of %s, which is before %s", n.version, version, bound)
	}
	return c, ""
}

// inMovingTag reports whether a bound lies within the releases of a tag such as "v4", to which an action's author moves the tag.
func inMovingTag(tag, bound string) bool {
	tag = strings.TrimPrefix(tag, "v")
	return strings.Count(tag, ".") < 2 && strings.HasPrefix(strings.TrimPrefix(bound, "v"), tag+".")
}

// missing returns the reason why an installed version below a bound may not be: the document, note or hints file that states it may leave out
// the epoch or the release, which the bound has.
func (n *name) missing(bound string) string {
	rest := bound
	if !strings.Contains(n.version, ":") {
		rest = withoutEpoch(bound)
		if v, err := n.scheme.Parse(rest); err == nil && n.parsed.Compare(v) >= 0 {
			return fmt.Sprintf("%s has an epoch, the package is stated without one", bound)
		}
	}
	if i := strings.LastIndexByte(rest, '-'); i > 0 && !strings.Contains(n.version, "-") {
		if v, err := n.scheme.Parse(rest[:i]); err == nil && n.parsed.Compare(v) == 0 {
			return fmt.Sprintf("%s has a release, the package is stated without one", bound)
		}
	}
	return ""
}

// is reports whether the installed version is one that an advisory lists, or a build of one: see wholeOf. For PyPI,
// https://peps.python.org/pep-0440/#version-matching says so.
func (n *name) is(listed version.Version) bool {
	if n.parsed.Compare(listed) == 0 {
		return true
	}
	return n.whole.Scheme() == n.scheme && n.whole.Compare(listed) == 0
}

// last reports whether a last affected version includes the installed version, although that comes after it.
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

// anyRelease reports whether a last affected version without a release is the installed one without its release. It then
// stands for all releases, as in dependencies of RPM, although the order of versions puts it before all of them. For other
// bounds that order is right: a vulnerability that is introduced or fixed in a version is so in its first release.
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

// nextFix returns the lowest fix above a version that is in no range.
func (n *name) nextFix(a *Advisory) string {
	best := ""
	var least version.Version
	for i := range a.Ranges {
		r := &a.Ranges[i]
		if r.Fixed == "" || r.Repo != "" || n.otherStream(r.Fixed) {
			continue
		}
		if f, err := n.scheme.Parse(r.Fixed); err == nil && f.Compare(n.parsed) > 0 && (best == "" || f.Compare(least) < 0) {
			best, least = r.Fixed, f
		}
	}
	return best
}
