package matcher

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/rhel"
	"github.com/hullmark/hullmark/matcher/distro"
)

// Red Hat states the status of a package for each product that contains it: a release of RHEL, a stream of extended updates for a minor
// release, or a product that is installed on RHEL. The image states the repositories of its packages, and the Source knows the products in
// each repository. So only the statements about those products hold.
//
// Without that information, any stream of updates for the image's minor release may hold. The statements about the release decide, and the
// match is uncertain if a stream's statement differs.

// A lineage is the releases in the keys of statements about one product, the most specific first. The first one with a statement about a
// vulnerability decides.
type lineage struct {
	releases []string
	proof    string // the repository that has the product; "" of RHEL itself, and of a product that the image does not state
}

// products are those that the packages of an image may be of. Nil is for images of other distributions.
type products struct {
	major, minor string
	image        []lineage            // products of all repositories of the image; nil if it states none that the Source knows
	repositories map[string][]lineage // by ID
	most         int                  // releases under which a package is looked up
}

// Bounds on the releases of the products that an image states, and on the lookups under them of all its packages. An image that states more
// is like one that states none.
const (
	maxReleases = 300
	maxLookups  = 1 << 18
)

// repositoryID is the qualifier of a package's repository.
const repositoryID = "repository_id"

// productsOf asks a Source for the products in the repositories that an image states.
func productsOf(ctx context.Context, source Source, report *analyzer.Report) (*products, error) {
	d := report.Distro
	if d == nil || distro.ID(d.ID) != "rhel" {
		return nil, nil
	}
	p := &products{major: distro.ReleaseOf("rhel", d.VersionID, d.Codename), repositories: make(map[string][]lineage)}
	if strings.HasPrefix(d.VersionID, p.major+".") {
		p.minor = d.VersionID
	}
	packages := 0
	wanted := make(map[string]bool)
	for _, name := range d.Repositories {
		if !strings.HasPrefix(name, "cpe:/") {
			wanted[name], wanted[withoutSuffix(name)] = true, true
		}
	}
	for i := range report.Components {
		c := &report.Components[i]
		if id := c.Qualifiers[repositoryID]; id != "" {
			wanted[id], wanted[withoutSuffix(id)] = true, true
		}
		if c.Type == "rpm" {
			packages++
		}
	}
	p.most = min(maxReleases, maxLookups/max(1, packages))
	var keys []Key
	for id := range wanted {
		keys = append(keys, Key{Type: "rpm", Namespace: "rhel", Release: rhel.Repositories, Name: id})
	}
	slices.SortFunc(keys, CompareKeys)
	known := make(map[string][]lineage)
	if len(keys) > 0 {
		for a, err := range source.Advisories(ctx, keys) {
			if err != nil {
				return nil, fmt.Errorf("matcher: %w", err)
			}
			if !wanted[a.Key.Name] {
				return nil, fmt.Errorf("matcher: %w", unrequested(&a))
			}
			known[a.Key.Name] = p.lineages(known[a.Key.Name], a.Versions, "repository "+a.Key.Name)
		}
	}
	for id := range wanted {
		if list, ok := known[id]; ok {
			p.repositories[id] = p.ofMinor(list)
		} else if list, ok := known[withoutSuffix(id)]; ok {
			p.repositories[id] = p.ofMinor(list)
		}
	}
	var image []lineage
	for _, name := range d.Repositories {
		switch list, ok := p.repositories[name]; {
		case ok:
			image = appendLineages(image, list...)
		case strings.HasPrefix(name, "cpe:/"):
			image = p.lineages(image, []string{name}, "the image's label")
		}
	}
	if image = p.ofMinor(image); len(image) > 0 && !p.exceeds(image) {
		p.image = p.based(image)
	}
	return p, nil
}

// withoutSuffix returns the ID of a repository without a suffix for a minor release, as in "rhel-8-for-x86_64-baseos-rpms__8", which the list
// of repositories may lack.
func withoutSuffix(id string) string {
	id, _, _ = strings.Cut(id, "__")
	return id
}

// lineages adds those of CPE names to a list. It omits products on other major versions of RHEL.
func (p *products) lineages(list []lineage, cpes []string, from string) []lineage {
	for _, cpe := range cpes {
		product, ok := rhel.ProductOf(cpe)
		if !ok {
			continue
		}
		l := lineage{releases: product.Lineage()}
		own := l.releases[0]
		if on := rhel.On(own); on != "" && on != p.major {
			continue
		}
		if rhel.Layered(own) {
			l.proof = from + " has " + product.Name
		}
		list = appendLineages(list, l)
	}
	return list
}

// exceeds reports whether a list has too many releases.
func (p *products) exceeds(list []lineage) bool {
	n := 0
	for _, l := range list {
		n += len(l.releases)
	}
	return n > p.most
}

// appendLineages adds lineages to a list that lacks them. It leaves out those of a list that is far too long.
func appendLineages(list []lineage, more ...lineage) []lineage {
	for _, l := range more {
		if len(list) <= 10*maxReleases && !slices.ContainsFunc(list, func(o lineage) bool { return o.releases[0] == l.releases[0] }) {
			list = append(list, l)
		}
	}
	return list
}

// ofMinor omits the streams of other minor releases, if the list has some of the image's: one repository has the streams of all.
func (p *products) ofMinor(list []lineage) []lineage {
	own := func(l lineage) bool { return rhel.MinorOf(l.releases[0]) == p.minor }
	if p.minor == "" || !slices.ContainsFunc(list, own) {
		return list
	}
	var kept []lineage
	for _, l := range list {
		if own(l) || rhel.MinorOf(l.releases[0]) == "" {
			kept = append(kept, l)
		}
	}
	return kept
}

// based adds RHEL itself to a list that has neither it nor a stream of updates: a layer may state its own repositories only, and its packages
// are installed on those of RHEL.
func (p *products) based(list []lineage) []lineage {
	if slices.ContainsFunc(list, func(l lineage) bool { return slices.Contains(l.releases, p.major) }) {
		return list
	}
	return append(slices.Clip(list), lineage{releases: []string{p.major}})
}

// of returns the lineages of a component under a key, and whether they are a guess. It returns nil if only the key's own release counts.
func (p *products) of(c *analyzer.Component, key Key) (list []lineage, guess bool) {
	if p == nil || key.Type != "rpm" || key.Namespace != "rhel" || key.Release != p.major || p.major == "" {
		return nil, false
	}
	list = p.repositories[c.Qualifiers[repositoryID]]
	if len(list) == 0 || p.exceeds(list) {
		list = p.image
	}
	if list == nil {
		minor := p.minor
		if minor == "" {
			minor = minorIn(c.Version, p.major)
		}
		list = append(list, lineage{releases: []string{p.major}})
		for _, releases := range rhel.Streams(p.major, minor) {
			list = append(list, lineage{releases: releases})
		}
		return list, true
	}
	if len(list) == 1 && len(list[0].releases) == 1 && list[0].releases[0] == p.major {
		return nil, false
	}
	return list, false
}

// minorIn returns the minor release that a version shows, "9.2" of "23.el9_2.4", or "".
func minorIn(version, major string) string {
	_, rest, ok := strings.Cut(version, ".el"+major+"_")
	digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
	if !ok || digits == 0 || digits > 2 {
		return ""
	}
	return major + "." + rest[:digits]
}

// inProducts adds the lookups under the releases of lineages. Those under the key's own release stay if a lineage has it.
func inProducts(list []lookup, lineages []lineage, major string) []lookup {
	seen := make(map[string]bool)
	n := len(list)
	plain := slices.ContainsFunc(lineages, func(l lineage) bool { return l.releases[0] == major })
	for _, line := range lineages {
		for i, release := range line.releases {
			if seen[release] {
				continue
			}
			seen[release] = true
			proof := line.proof
			if i > 0 && proof != "" {
				proof += ", for which the statement about " + listOf([]string{release}) + " holds"
			}
			for k := range n {
				if release == major {
					if !plain {
						list[k].proof = proof
					}
					continue
				}
				l := list[k]
				l.key.Release, l.proof = release, proof
				list = append(list, l)
			}
		}
	}
	if !seen[major] {
		list = slices.Delete(list, 0, n)
	}
	return list
}

// A decision is the outcome of the statements of several products about one vulnerability in one component.
type decision struct {
	releases map[string]bool // whose statements count
	doubt    string          // the reason if the products disagree
}

// An opinion is whether a statement of a release holds for a component.
type opinion struct {
	release string
	holds   bool
}

// decide returns the decision for the opinions about one vulnerability. A release may have several, about the package and its source.
func decide(lineages []lineage, guess bool, opinions []opinion) decision {
	about := make(map[string]bool)
	for _, o := range opinions {
		about[o.release] = about[o.release] || o.holds
	}
	d := decision{releases: make(map[string]bool)}
	var yes, no []string
	for _, line := range lineages {
		for _, release := range line.releases {
			holds, stated := about[release]
			if !stated {
				continue
			}
			if !d.releases[release] {
				d.releases[release] = true
				if holds {
					yes = append(yes, release)
				} else {
					no = append(no, release)
				}
			}
			break
		}
	}
	if !guess {
		if len(yes) > 0 && len(no) > 0 {
			d.doubt = fmt.Sprintf("Red Hat's products disagree, and the package may be of each: affected in %s, not in %s", listOf(yes), listOf(no))
		}
		return d
	}
	// The image states no repositories: the first lineage is RHEL's own.
	major := lineages[0].releases[0]
	if holds, stated := about[major]; stated && holds {
		d.releases = map[string]bool{major: true}
		if len(no) > 0 {
			d.doubt = fmt.Sprintf("the image does not state its repositories: not affected in %s", listOf(no))
		}
	} else if len(yes) > 0 {
		d.doubt = fmt.Sprintf("the image does not state its repositories: affected only in %s", listOf(yes))
	}
	return d
}

// listOf returns the names of products: "RHEL 9 and rhel_eus:9.2".
func listOf(releases []string) string {
	names := make([]string, len(releases))
	for i, r := range releases {
		if _, name, layered := strings.Cut(r, "/"); layered {
			names[i] = name
		} else if names[i] = r; !rhel.Layered(r) {
			names[i] = "RHEL " + r
		}
	}
	slices.Sort(names)
	if n := len(names); n > 1 {
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
	return names[0]
}

// flaws returns the vulnerabilities that an advisory is about: its CVEs, or the advisory itself.
func flaws(a *Advisory) []string {
	var list []string
	for _, id := range append([]string{a.ID}, a.Aliases...) {
		if isCVE(id) && !slices.Contains(list, id) {
			list = append(list, id)
		}
	}
	if len(list) == 0 {
		list = append(list, a.ID)
	}
	return list
}

// opinions gathers the opinions about a component's vulnerabilities.
type opinions map[string][]opinion

func (c opinions) add(a *Advisory, holds bool) {
	if a.Key.Namespace != "rhel" {
		return
	}
	for _, id := range flaws(a) {
		c[id] = append(c[id], opinion{a.Key.Release, holds})
	}
}

// decisions returns the decision about each vulnerability.
func (c opinions) decisions(lineages []lineage, guess bool) map[string]decision {
	out := make(map[string]decision, len(c))
	for id, opinions := range c {
		out[id] = decide(lineages, guess, opinions)
	}
	return out
}

// count reports whether an advisory counts by the decisions about its vulnerabilities, and the reason why it may not hold.
func count(a *Advisory, decisions map[string]decision) (counts bool, doubt string) {
	if a.Key.Namespace != "rhel" {
		return true, ""
	}
	for _, id := range flaws(a) {
		if d := decisions[id]; d.releases[a.Key.Release] {
			counts = true
			if d.doubt != "" {
				doubt = d.doubt
			}
		}
	}
	return counts, doubt
}

// A productChoice decides about a subject that may be of several products.
type productChoice struct {
	lineages []lineage
	guess    bool        // the image does not state them
	cleared  []*Advisory // that don't hold for the subject
}

// addProductChoice marks the names from an index on, which are those of the next subject, if it may be of several products.
func (r *register) addProductChoice(c *analyzer.Component, d *analyzer.Distro, from int) {
	lineages, guess := r.redHat.of(c, keyOf(c, d))
	if lineages == nil {
		return
	}
	if r.several == nil {
		r.several = make(map[int]*productChoice)
	}
	r.several[len(r.subjects)] = &productChoice{lineages: lineages, guess: guess}
	for i := range r.names[from:] {
		r.names[from+i].several = true
	}
}

// keepDeciding leaves the verdicts of a subject that count among those of several products.
func (p *productChoice) keepDeciding(s *subject) {
	if len(s.held) == 0 {
		return
	}
	c := make(opinions)
	for i := range s.held {
		c.add(s.held[i].Advisory, true)
	}
	for _, a := range p.cleared {
		c.add(a, false)
	}
	decisions := c.decisions(p.lineages, p.guess)
	kept := s.held[:0]
	for _, v := range s.held {
		counts, doubt := count(v.Advisory, decisions)
		if !counts {
			continue
		}
		if v.uncertain == "" {
			v.uncertain = doubt
		}
		kept = append(kept, v)
	}
	clear(s.held[len(kept):])
	s.held = kept
}

// explain is keepDeciding for the explanations of a subject. A statement that does not count is about another release.
func (p *productChoice) explain(list []Explanation) {
	c := make(opinions)
	holds := func(x *Explanation) bool { return x.Outcome == OutcomeAffected || x.Outcome == OutcomeUncertain }
	for i := range list {
		c.add(list[i].Advisory, holds(&list[i]))
	}
	decisions := c.decisions(p.lineages, p.guess)
	for i := range list {
		x := &list[i]
		switch counts, doubt := count(x.Advisory, decisions); {
		case !counts:
			x.Outcome = OutcomeOtherRelease
			x.Doubt = ""
		case x.Outcome == OutcomeAffected && doubt != "":
			x.Outcome, x.Doubt = OutcomeUncertain, doubt
		}
	}
}
