package matcher

import (
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/packageorigin"
	"github.com/hullmark/hullmark/matcher/distro"
)

// A Subject is a component, reduced to the facts that its matches depend on. Equal subjects of any images have equal matches, except for
// [Match.Component] and the [Match.Analysis] by the functions of a program, which a Subject leaves out. The same package in many images is one Subject, unless their distributions or the packages that own it differ.
type Subject struct {
	Component analyzer.Component  // Path stands for all paths of the same meaning
	Owner     *analyzer.Component // the package that answers for the component, if it is the distribution's; or nil
	Distro    *analyzer.Distro
	System    string // the operating system of the image; "" if unknown

	// Crowd is the number of RPM packages in the image if the matcher looks up so many under fewer of Red Hat's products, else 0.
	Crowd int
}

// subjectOwner is the ID of a Subject's Owner, and subjectAnalyzer stands for any analyzer.
const (
	subjectOwner    = "owner"
	subjectAnalyzer = "analyzer"
)

// Paths that stand for all of a place, below a directory of the distribution or another one. Those of [analyzer.LockFile] have Declared
// instead.
const (
	pathInstalled = "x"
	pathCached    = "~x.dist-info/METADATA"
	pathTestData  = "node_modules/x/test/node_modules/y/package.json"
)

// Subjects returns the Subject of each component of a report.
func Subjects(report *analyzer.Report) []Subject {
	byID := make(map[string]*analyzer.Component, len(report.Components))
	rpms := 0
	for i := range report.Components {
		c := &report.Components[i]
		byID[c.ID] = c
		if c.Type == "rpm" {
			rpms++
		}
	}
	d := subjectDistro(report.Distro)
	redHat := d != nil && distro.ID(d.ID) == "rhel"
	list := make([]Subject, len(report.Components))
	for i := range report.Components {
		c := &report.Components[i]
		s := &list[i]
		*s = Subject{Component: reduced(c), Distro: d, System: systemOf(report)}
		place, top := pathInstalled, "opt/"
		switch c.Place() {
		case analyzer.Cached:
			place = pathCached
		case analyzer.TestData:
			place = pathTestData
		case analyzer.LockFile:
			s.Component.Declared = true
		}
		if owner := byID[c.Owner]; claimed(c, owner) {
			if by, _ := packageorigin.Of(owner, distroOf(owner, report.Distro)); by != packageorigin.ThirdParty {
				o := reduced(owner)
				o.ID = subjectOwner
				s.Owner, s.Component.Owner = &o, subjectOwner
				top = "usr/"
			}
		}
		s.Component.Path = top + place
		if redHat && c.Type == "rpm" && rpms > maxLookups/maxReleases {
			s.Crowd = rpms
		}
	}
	return list
}

// reduced returns the fields of a component that matches depend on, whatever its place.
func reduced(c *analyzer.Component) analyzer.Component {
	r := analyzer.Component{Package: analyzer.Package{
		Type: c.Type, Namespace: c.Namespace, Name: c.Name, Version: c.Version, System: c.System,
	}}
	keep := func(name string) {
		if v := c.Qualifiers[name]; v != "" {
			if r.Qualifiers == nil {
				r.Qualifiers = make(map[string]string)
			}
			r.Qualifiers[name] = v
		}
	}
	keep("cpe")
	if !c.System {
		return r
	}
	r.Arch, r.Vendor, r.Signer = c.Arch, c.Vendor, c.Signer
	if s := c.SourcePackage; s != nil && *s != (analyzer.SourcePackage{}) {
		r.SourcePackage = &analyzer.SourcePackage{Name: s.Name, Version: s.Version}
	}
	keep("distro")
	keep("rpmmod")
	keep(repositoryID)
	if c.Analyzer != "" && !c.Stated {
		r.Analyzer = subjectAnalyzer
	} else if c.PURL != "" { // only a database has every epoch
		r.PURL = "pkg:"
		if strings.Contains(c.PURL, "epoch=") {
			r.PURL = "pkg:?epoch="
		}
	}
	return r
}

func subjectDistro(d *analyzer.Distro) *analyzer.Distro {
	if d == nil {
		return nil
	}
	s := &analyzer.Distro{ID: d.ID, VersionID: d.VersionID, Codename: d.Codename, Name: d.Name}
	if distro.ID(d.ID) == "rhel" {
		s.Repositories = slices.Clone(d.Repositories)
	}
	return s
}

// Keys returns the keys of all advisories, in any Source, that may decide about a Subject: those that affect it, and those about its Owner.
// They are sorted, distinct, and in the form of [Key.Forms]. A key without a Name stands for the coverage of an ecosystem, on which the
// Subject depends, too.
func (s *Subject) Keys() []Key {
	list := appendKeys(nil, &s.Component, s.Distro)
	if s.Owner != nil {
		list = appendKeys(list, s.Owner, s.Distro)
	}
	slices.SortFunc(list, CompareKeys)
	return slices.Compact(list)
}

func appendKeys(list []Key, c *analyzer.Component, d *analyzer.Distro) []Key {
	for _, l := range lookups(nil, c, d, nil) {
		list = append(list, indexed(l.key), indexed(l.key.Ecosystem()))
	}
	for _, p := range cpeProducts(c) {
		k := Key{Type: typeCPE, Name: p.name}
		if !p.anyVendor() {
			k.Namespace = p.vendor
		}
		list = append(list, k, Key{Type: typeCPE})
	}
	if c.Type != "rpm" || d == nil || distro.ID(d.ID) != "rhel" {
		return list
	}
	for _, id := range append(slices.Clone(d.Repositories), c.Qualifiers[repositoryID]) {
		if id == "" || strings.HasPrefix(id, "cpe:/") {
			continue
		}
		list = append(list, Key{Type: "rpm", Namespace: "rhel", Name: id}, Key{Type: "rpm", Namespace: "rhel", Name: withoutSuffix(id)})
	}
	return list
}

// indexed returns the form of a key in Subject.Keys. Only a Source knows the products of Red Hat that a package belongs to, and these have
// releases of their own, so the form has no release.
func indexed(k Key) Key {
	if k.Type == "rpm" && k.Namespace == "rhel" {
		k.Release = ""
	}
	return k
}

// Forms returns the forms that the key of an advisory has in [Subject.Keys]: a second one without the namespace, if components may not
// state it.
func (k Key) Forms() []Key {
	list := []Key{indexed(k)}
	if (k.Type == typeCPE || k.Type == "maven") && k.Namespace != "" && k.Name != "" {
		list = append(list, Key{Type: k.Type, Name: k.Name})
	}
	return list
}
