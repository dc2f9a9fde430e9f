package sbomreport

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	packageurl "github.com/package-url/packageurl-go"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher/distro"
)

// Report returns the report in the order of Sort. Problems are diagnostics of the whole image.
func (c *Collector) Report() *analyzer.Report {
	c.findDistro()
	c.complete()
	c.connect()
	r := &analyzer.Report{
		Image: c.image, Distro: c.distro, Layers: c.layers, Components: c.components, Findings: c.findings, Records: c.records, Diagnostics: c.noted,
		Examined: c.examined,
	}
	for _, what := range slices.Sorted(maps.Keys(c.problems)) {
		l := c.problems[what]
		message := fmt.Sprintf("%s: %d", what, l.count)
		if l.first != "" {
			message += fmt.Sprintf(", such as %.200q", l.first)
		}
		r.Diagnostics = append(r.Diagnostics, analyzer.FileDiagnostic{
			Diagnostic: analyzer.Diagnostic{Code: l.code, Message: message}, Layer: -1, Analyzer: Analyzer,
		})
	}
	Sort(r)
	return r
}

// findDistro sets the distribution to that of most packages if no entry states it, and its release to that of most of those that state
// one, since many documents state it for some packages only. It reports packages of other distributions.
func (c *Collector) findDistro() {
	votes := make(map[vote]int)
	ids := make(map[string]int) // votes for any release
	for i := range c.components {
		k, h := &c.components[i], &c.hints[i]
		if c.own[i] || !k.System || h.distro == "" && k.Namespace == "" {
			continue
		}
		v := c.vote(i)
		if len(votes) < 1024 || votes[v] > 0 {
			votes[v]++
			ids[v.id]++
		}
	}
	if len(votes) == 0 {
		return
	}
	list := slices.SortedFunc(maps.Keys(votes), func(a, b vote) int {
		return cmp.Or(cmp.Compare(ids[b.id], ids[a.id]), strings.Compare(a.id, b.id), cmp.Compare(b.stated(), a.stated()),
			cmp.Compare(votes[b], votes[a]), strings.Compare(a.version, b.version), strings.Compare(a.codename, b.codename))
	})
	first := list[0]
	if c.distro == nil && first.id != "" {
		c.distro = &analyzer.Distro{ID: first.id, VersionID: first.version, Codename: first.codename}
	}
	for _, v := range list {
		if c.distro != nil && c.otherDistro(v) == "" && v.id != distro.ID(c.distro.ID) {
			c.Diagnose(analyzer.Unsupported, "packages of other distributions", strings.TrimSpace(v.id+" "+cmp.Or(v.version, v.codename)))
		}
	}
}

// A vote is the distribution that a package states.
type vote struct{ id, version, codename string }

// vote returns the distribution that a component states.
func (c *Collector) vote(i int) vote {
	k, h := &c.components[i], &c.hints[i]
	v := vote{id: distro.ID(k.Namespace), codename: h.codename}
	switch rest, ok := cutDistro(h.distro, k.Namespace); {
	case ok && rest.id != "":
		v.id, v.version = rest.id, rest.version
	case rest.version != "" && '0' <= rest.version[0] && rest.version[0] <= '9':
		v.version = rest.version
	default:
		v.codename = cmp.Or(v.codename, rest.version)
	}
	return v
}

// otherDistro returns the distribution and release that a vote names, "debian-11", if they are not those of the document's distribution. A
// document may be about several images. A vote without a release stands for that of another distribution in the document, if there is one.
func (c *Collector) otherDistro(v vote) string {
	release := cmp.Or(v.version, v.codename)
	if c.distro == nil || v.id == "" {
		return ""
	}
	same := v.id == distro.ID(c.distro.ID)
	if release == "" && !same {
		for _, d := range c.others {
			if other := cmp.Or(d.VersionID, d.Codename); distro.ID(d.ID) == v.id && other != release {
				if release != "" {
					return v.id // one of several releases
				}
				release = other
			}
		}
	}
	own := cmp.Or(c.distro.VersionID, c.distro.Codename)
	switch {
	case release == "" || same && (own == "" || versionsAgree(v.id, release, own)):
		return ""
	case same && (release == c.distro.Codename || distro.ReleaseOf(v.id, release, "") == distro.ReleaseOf(v.id, c.distro.VersionID, c.distro.Codename)):
		return ""
	case !same && !packaged(v.id):
		return ""
	}
	return v.id + "-" + release
}

// packaged reports whether the table of distributions knows the packages of one.
func packaged(id string) bool {
	d, ok := distro.Lookup(id)
	return ok && d.Type != ""
}

// stated returns 1 if a vote names a release, else 0.
func (v vote) stated() int {
	if v.version == "" && v.codename == "" {
		return 0
	}
	return 1
}

// versionsAgree reports whether two versions of a distribution may be the same: "12" and "12.1". An empty version agrees with all.
func versionsAgree(id, a, b string) bool {
	return a == b || a == "" || b == "" || strings.HasPrefix(a, b+".") || strings.HasPrefix(b, a+".") ||
		distro.ReleaseOf(id, a, "") == distro.ReleaseOf(id, b, "")
}

type distroName struct{ id, version string }

// cutDistro reads the qualifier distro: "debian-12", "opensuse-leap-15.5", "3.19.1", "bookworm".
func cutDistro(qualifier, namespace string) (distroName, bool) {
	if id, version, ok := distro.Cut(qualifier); ok {
		return distroName{id, version}, true
	}
	if i := strings.LastIndexByte(qualifier, '-'); i > 0 {
		if v := qualifier[i+1:]; v != "" && '0' <= v[0] && v[0] <= '9' {
			return distroName{distro.ID(qualifier[:i]), v}, true
		}
		if v, ok := strings.CutPrefix(qualifier, namespace+"-"); ok && namespace != "" {
			return distroName{distro.ID(namespace), v}, true
		}
	}
	if qualifier != "" && distro.ID(qualifier) == distro.ID(namespace) { // a distribution that the table lacks
		return distroName{distro.ID(qualifier), ""}, true
	}
	return distroName{"", qualifier}, false
}

// vendorOf reports whether a PURL's namespace names the vendor of a distribution rather than a third party.
func vendorOf(namespace, id string) bool {
	if distro.ID(namespace) == id {
		return true
	}
	d, _ := distro.Lookup(id)
	return slices.ContainsFunc(d.Namespaces, func(n string) bool { return strings.EqualFold(n, namespace) })
}

// complete sets the fields of system packages that depend on the distribution.
func (c *Collector) complete() {
	if d := c.distro; d != nil && d.ID == "ubuntu" && d.VersionID == "" { // a document may give the codename alone
		if number := distro.ReleaseOf(d.ID, "", d.Codename); number != strings.ToLower(d.Codename) {
			d.VersionID = number
		}
	}
	withSource, withoutSource := 0, 0
	for i := range c.components {
		k := &c.components[i]
		switch {
		case !k.System:
			continue
		case c.own[i]:
			c.dropDistro(k)
			continue
		}
		c.setNamespace(i)
		if o, ok := c.sources[k.Type+"\x00"+k.Name]; ok && k.SourcePackage == nil {
			k.SourcePackage = &o
			sourceVersion(k)
		}
		if k.SourcePackage != nil {
			withSource++
		} else {
			withoutSource++
		}
	}
	if withSource == 0 && withoutSource > 1 { // every distribution has some packages with a source package
		const what = "packages without source packages, which advisories of distributions name"
		c.Diagnose(analyzer.Unsupported, what, "")
		c.problems[what].count = withoutSource
	}
}

// dropDistro removes the qualifier of an own component that repeats the distribution of the document.
func (c *Collector) dropDistro(k *analyzer.Component) {
	if d := c.distro; d != nil && k.Qualifiers["distro"] == strings.TrimSuffix(d.ID+"-"+cmp.Or(d.VersionID, d.Codename), "-") {
		delete(k.Qualifiers, "distro")
	}
	if len(k.Qualifiers) == 0 {
		k.Qualifiers = nil
	}
}

// setNamespace sets the namespace of a package of a third party, and the distribution of a package if it is another than that of the document.
func (c *Collector) setNamespace(i int) {
	k := &c.components[i]
	if v := c.vote(i); k.Namespace == "" || vendorOf(k.Namespace, v.id) {
		stated := c.hints[i].distro != "" || c.distro != nil && !vendorOf(k.Namespace, c.distro.ID)
		own := c.otherDistro(v)
		if c.distro != nil && v.stated() == 0 && c.hints[i].distro != "" && v.id != distro.ID(c.distro.ID) && packaged(v.id) {
			own = cmp.Or(own, v.id) // of no known release
		}
		if own != "" && stated {
			setDistro(k, own)
			k.Namespace = thirdParty(k, v.id)
		}
	}
	if k.Qualifiers["distro"] == "" && c.distro != nil && (k.Namespace == "" || vendorOf(k.Namespace, c.distro.ID)) {
		k.Namespace = thirdParty(k, c.distro.ID)
	}
}

// setDistro states the distribution of a package, unlike that of the document.
func setDistro(k *analyzer.Component, own string) {
	if k.Qualifiers == nil {
		k.Qualifiers = make(map[string]string)
	}
	k.Qualifiers["distro"] = own
	if u, err := packageurl.FromString(k.PURL); err == nil {
		q := u.Qualifiers.Map()
		if q["distro"] != own {
			q["distro"] = own
			u.Qualifiers = packageurl.QualifiersFromMap(q)
			k.PURL = u.ToString()
		}
	}
}

// thirdParty returns the namespace of a package that states the distribution with an ID: tools state the vendor and version of a third party's
// package, but not its namespace.
func thirdParty(k *analyzer.Component, id string) string {
	switch k.Type {
	case "deb":
		return cmp.Or(distro.DebThirdParty(k.Version, k.Vendor, "", ""), id)
	case "rpm":
		return cmp.Or(distro.RPMThirdParty(id, k.Vendor), id)
	}
	return id
}

// connect converts relations of references to relations of components.
func (c *Collector) connect() {
	find := func(n int32) *analyzer.Component {
		if i, ok := c.byRef[n]; ok {
			return &c.components[i]
		}
		return nil
	}
	for i := range c.components {
		if h := &c.hints[i]; h.owner != "" {
			if n, ok := c.refs[h.owner]; !ok || find(n) == nil {
				c.Diagnose(analyzer.Malformed, "owners that are not in the document", h.owner)
			} else {
				c.components[i].Owner = find(n).ID
			}
		}
	}
	for _, e := range c.ownerships {
		owner, owned := find(e.from), find(e.to)
		c.setPath(e, owned)
		if owner != nil && owned != nil && owner != owned && owner.System && !owned.System {
			owned.Owner = owner.ID
		}
	}
	for _, e := range c.dependencies {
		from, to := find(e.from), find(e.to)
		c.setPath(e, to)
		if from == nil || to == nil || from == to || to.Owner != "" && to.Owner == from.ID || from.Type != to.Type {
			continue
		}
		from.Depends = append(from.Depends, DependName(&to.Package))
	}
	unowned := 0
	example := ""
	for i := range c.components {
		k := &c.components[i]
		slices.Sort(k.Depends)
		k.Depends = slices.Compact(k.Depends)
		if !c.own[i] && !k.System && k.Owner == "" && strings.HasPrefix(k.Path, "usr/") && !strings.HasPrefix(k.Path, "usr/local/") {
			unowned++
			example = cmp.Or(example, k.Path)
		}
	}
	if unowned > 0 && c.distro != nil {
		what := "packages in directories of the distribution without a known owner, which are matched as if no package of the distribution owned them"
		c.Diagnose(analyzer.Unsupported, what, example)
		c.problems[what].count = unowned
	}
}

// setPath sets the path of a component to the file that depends on it in the document.
func (c *Collector) setPath(e edge, to *analyzer.Component) {
	if place, ok := c.paths[e.from]; ok && to != nil && to.Path == "" && !to.System {
		to.Path, to.ArchivePath = cutArchive(place)
		to.Declared = to.Declared || isDeclaration(to.Path)
	}
}

// DependName returns the name of a package in Depends of others. It includes the namespace, "@scope/name" or "group/artifact",
// except for System packages, whose namespace is the builder.
func DependName(p *analyzer.Package) string {
	if p.System || p.Namespace == "" {
		return p.Name
	}
	return p.Namespace + "/" + p.Name
}

// Sort sorts a report as a scan does, and removes duplicate diagnostics.
func Sort(r *analyzer.Report) {
	slices.SortStableFunc(r.Components, func(a, b analyzer.Component) int {
		return cmp.Or(
			strings.Compare(a.Type, b.Type), strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Name, b.Name),
			strings.Compare(a.Version, b.Version), strings.Compare(a.Arch, b.Arch),
			strings.Compare(a.Path, b.Path), strings.Compare(a.ArchivePath, b.ArchivePath), strings.Compare(a.ID, b.ID), strings.Compare(a.Analyzer, b.Analyzer))
	})
	slices.SortStableFunc(r.Findings, func(a, b analyzer.FileFinding) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line), strings.Compare(a.Rule, b.Rule),
			strings.Compare(a.Analyzer, b.Analyzer), strings.Compare(a.Title, b.Title), strings.Compare(a.Detail, b.Detail), cmp.Compare(a.Layer, b.Layer))
	})
	slices.SortStableFunc(r.Records, func(a, b analyzer.FileRecord) int {
		return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line), strings.Compare(a.Key, b.Key),
			strings.Compare(a.Analyzer, b.Analyzer), cmp.Compare(a.Layer, b.Layer))
	})
	slices.SortStableFunc(r.Diagnostics, func(a, b analyzer.FileDiagnostic) int {
		return cmp.Or(cmp.Compare(a.Layer, b.Layer), strings.Compare(a.Path, b.Path), strings.Compare(a.Analyzer, b.Analyzer),
			cmp.Compare(uint(a.Line-1), uint(b.Line-1)), // those without a line last
			strings.Compare(string(a.Code), string(b.Code)), strings.Compare(a.Message, b.Message))
	})
	r.Diagnostics = slices.Compact(r.Diagnostics)
}
