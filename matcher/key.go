package matcher

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/gemplatform"
	"github.com/hullmark/hullmark/internal/lazyregexp"
	"github.com/hullmark/hullmark/internal/purltype"
	"github.com/hullmark/hullmark/internal/rpmname"
	"github.com/hullmark/hullmark/matcher/distro"
)

// A lookup is a key that advisories about a component may have, and the version to compare.
type lookup struct {
	key     Key
	version string
	doubt   string // the reason why its advisories may be about another package; ""
	proof   string // the reason why its advisories are about the component, if more than its name tells
	noEpoch bool   // the epoch of version is unknown, so that bounds are compared without theirs
	partial bool   // version may lack its epoch or release, because a document, a note or a hints file states it
	rebuild string // the ID of a derivative, which rebuilds the packages of its base; ""
}

// lookups returns the lookups of a component, in the memory of list. Packages of a distribution are looked up by their source
// package and its version, and also by their own name if the distribution's feeds may name binary packages. Those of Red Hat are looked up under
// all products that they may be of.
func lookups(list []lookup, c *analyzer.Component, d *analyzer.Distro, p *products) []lookup {
	list, d = list[:0], distroOf(c, d)
	key := keyOf(c, d)
	if !c.System {
		l := lookup{key: key, version: c.Version}
		if key.Type == "gem" {
			l.version = gemplatform.Cut(c.Version)
		}
		return append(list, l)
	}
	list = append(list, lookup{key: key, version: c.Version, partial: (c.Analyzer == "" || c.Stated) && c.PURL != "" && !strings.Contains(c.PURL, "epoch=")})
	if d != nil && c.Namespace == d.ID && key.Namespace != distro.ID(d.ID) {
		list[0].rebuild = distro.ID(d.ID)
	}
	if c.SourcePackage != nil && (c.SourcePackage.Name != "" || c.SourcePackage.Version != "") {
		source := list[0]
		source.version = cmp.Or(c.SourcePackage.Version, c.Version)
		source.key.Name = cmp.Or(c.SourcePackage.Name, c.Name)
		// RPM databases lack the epoch of a source package. It is that of the package, unless that has a version of its own:
		// perl-Errno 0:1.28 of perl 4:5.26.
		if c.Type == "rpm" && withoutEpoch(source.version) != withoutEpoch(c.Version) {
			source.version, source.noEpoch = withoutEpoch(source.version), true
		}
		// Feeds of dpkg distributions name source packages only, and a binary package of the same name may be built from
		// another source. Feeds of other distributions name either; a name that is both is the source's.
		if c.Type == "deb" || source.key == key {
			list[0] = source
		} else {
			list = append(list[:0], source, list[0])
		}
	}
	if c.Type == "deb" {
		return ofDebian(list, c)
	}
	if c.Type != "rpm" {
		return list
	}
	for i := range list {
		list[i].key.Name = rpmname.Flavour(rpmname.FlavourOf(list[i].version), list[i].key.Name)
	}
	list = inModule(list, c)
	if lineages, _ := p.of(c, key); lineages != nil {
		return inProducts(list, lineages, key.Release) // Red Hat publishes no updates for single architectures
	}
	if c.Arch == "noarch" {
		return list
	}
	arches, doubt := []string{c.Arch}, ""
	if c.Arch == "" {
		arches, doubt = rpmArches, "the architecture of the package is unknown, and the advisory is about one"
	}
	for i := range len(list) {
		for _, arch := range arches {
			l := list[i]
			l.key.Name, l.doubt = rpmname.Flavour(arch, l.key.Name), cmp.Or(l.doubt, doubt)
			list = append(list, l)
		}
	}
	return list
}

// ofDebian completes the lookups of a package of dpkg. A signed kernel is built from the files of another source package, which
// advisories name, and has its version. A backport has the version of the release that it comes from, and a suffix.
func ofDebian(list []lookup, c *analyzer.Component) []lookup {
	if kernel := kernelOf(list[0].key.Name); kernel != "" {
		l := list[0]
		l.key.Name, l.version = kernel, c.Version
		list = append(list, l)
	}
	for i := range list {
		if list[i].key.Namespace == "debian" {
			list[i].version, _, _ = strings.Cut(list[i].version, "~bpo")
		}
	}
	return list
}

// kernelOf returns the source package whose kernel another one has signed, or "": "linux" of Debian's "linux-signed-amd64" and of
// Ubuntu's "linux-signed", "linux-6.1" of "linux-signed-6.1-amd64", "linux-aws" of "linux-signed-aws".
func kernelOf(source string) string {
	flavour, ok := strings.CutPrefix(source, "linux-signed")
	if !ok || flavour != "" && flavour[0] != '-' {
		return ""
	}
	for _, arch := range [...]string{"-amd64", "-arm64", "-i386"} {
		flavour = strings.TrimSuffix(flavour, arch)
	}
	return "linux" + flavour
}

// backportOf returns the release of Debian that a backport comes from: the one after the release that it is for, 13 of
// "6.12.9-1~bpo12+1". Until Debian 7, the number had a second digit, "~bpo70+1". Source: https://backports.debian.org/Contribute/.
func backportOf(c *analyzer.Component) (release string, ok bool) {
	version := c.Version
	if c.SourcePackage != nil {
		version = cmp.Or(c.SourcePackage.Version, version)
	}
	_, suffix, ok := strings.Cut(version, "~bpo")
	if !ok {
		return "", false
	}
	number, _, _ := strings.Cut(suffix, "+")
	n, err := strconv.Atoi(number)
	if err != nil || n <= 0 {
		return "", false
	}
	if n >= 40 {
		n /= 10
	}
	return strconv.Itoa(n + 1), true
}

// rpmArches are the architectures whose updates some advisories list by themselves.
var rpmArches = []string{"aarch64", "i686", "ppc64le", "s390x", "x86_64"}

func withoutEpoch(version string) string {
	if epoch, rest, ok := strings.Cut(version, ":"); ok && strings.Trim(epoch, "0123456789") == "" {
		return rest
	}
	return version
}

// inModule adds the lookups under the module's stream, if the package is of one.
func inModule(list []lookup, c *analyzer.Component) []lookup {
	module := c.Qualifiers["rpmmod"]
	if module == "" && !rpmname.InModule(c.Version) {
		return list
	}
	n := len(list)
	for i := range n {
		list[i].doubt = "the package is of a module's stream, and the advisory names no stream"
		if module != "" {
			l := list[i]
			l.key.Name, l.doubt = rpmname.Module(module, l.key.Name), ""
			list = append(list, l)
		}
	}
	if stream, version := rpmname.Stream(module); stream != "" { // an advisory may state the fixed build of the module only
		l := lookup{key: list[0].key, version: version}
		l.key.Name = stream
		if list[0].rebuild != "" {
			l.doubt = "the advisory states a build of a module, and the distribution has built the module anew"
		}
		list = append(list, l)
	}
	return list
}

// EcosystemOf returns the ecosystem whose advisories are about a component, given the distribution of its image, which may
// be nil. It is the one answer that matching, coverage, feed planning, policies and documents share. For a package of a
// derivative distribution it is the base's: a package that Linux Mint ships is Ubuntu's. A package that a third party built
// for a distribution has an ecosystem of its own, without advisories.
func EcosystemOf(c *analyzer.Component, d *analyzer.Distro) Key { return keyOf(c, d).Ecosystem() }

// keyOf returns the key of a component under its own name. A backport of Debian belongs to the release that it comes from.
func keyOf(c *analyzer.Component, d *analyzer.Distro) Key {
	key := builtKey(c, d)
	if key.Type == "deb" && key.Namespace == "debian" && key.Release != "" {
		if release, ok := backportOf(c); ok {
			key.Release = release
		}
	}
	return key
}

// distroOf returns the distribution of a component, given that of its report: a package in a document about several images may have its own,
// in the qualifier distro.
func distroOf(c *analyzer.Component, d *analyzer.Distro) *analyzer.Distro {
	own := c.Qualifiers["distro"]
	if own == "" || !c.System {
		return d
	}
	id, version, ok := distro.Cut(own)
	if !ok {
		if id, version = own, ""; strings.Contains(own, "-") {
			i := strings.LastIndexByte(own, '-')
			id, version = own[:i], own[i+1:]
		}
	}
	return &analyzer.Distro{ID: id, VersionID: version}
}

// builtKey is keyOf for a package that is no backport.
func builtKey(c *analyzer.Component, d *analyzer.Distro) Key {
	if !c.System {
		return PackageKey(c.Type, c.Namespace, c.Name)
	}
	key := Key{Type: c.Type, Namespace: c.Namespace, Name: c.Name}
	if d = distroOf(c, d); d == nil {
		return key
	}
	if c.Namespace == d.ID {
		key.Namespace = distro.ID(d.ID)
		if base, release, ok := distro.BaseOf(d.ID, d.VersionID, d.Codename, d.Name); ok {
			key.Namespace, key.Release = base, release
			return key
		}
	}
	if c.Type == "rpm" && c.Namespace == "fedora" {
		if m := enterprise.FindStringSubmatch(c.Version); m != nil {
			key.Namespace, key.Release = "epel", m[1]
			return key
		}
	}
	key.Release = distro.ReleaseOf(d.ID, d.VersionID, d.Codename)
	return key
}

// enterprise matches the mark of a build for Enterprise Linux, with its major and minor release: ".el9", ".el10_1". Fedora's builds with it are
// those of EPEL.
var enterprise = lazyregexp.New(`\.el([0-9]{1,3})(?:_([0-9]{1,3}))?(?:\.|$)`)

// PackageKey returns the key of a package of a language ecosystem, with names in the normal form of the type. Feeds and the
// matcher use it, so that both sides agree. PyPI has the form of PEP 503; composer, golang, nuget, hex, pub, github and
// bitnami have lower case; all other types leave names unchanged. A type that stands for another becomes that one: "gradle"
// is "maven". Source: the package-url specification's types.
func PackageKey(purlType, namespace, name string) Key {
	purlType = purltype.Canonical(purlType)
	switch purlType {
	case "pypi":
		name = normalPyPI(name)
	case "composer", "golang", "nuget", "hex", "pub", "github", "bitnami":
		namespace, name = strings.ToLower(namespace), strings.ToLower(name)
	}
	return Key{Type: purlType, Namespace: namespace, Name: name}
}

// Ecosystem returns the key of the ecosystem that coverage is about. Distributions have an ecosystem for each Type, Namespace
// and Release; a language has one for its Type.
func (k Key) Ecosystem() Key {
	switch k.Type {
	case "deb", "rpm", "apk", "alpm":
		return Key{Type: k.Type, Namespace: k.Namespace, Release: k.Release}
	}
	return Key{Type: k.Type}
}

// normalPyPI returns the normal form of a project's name, https://peps.python.org/pep-0503/#normalized-names: lower case,
// with one hyphen for every run of "-", "_" and ".".
func normalPyPI(name string) string {
	b := make([]byte, 0, len(name))
	run := false
	for i := range len(name) {
		switch c := name[i]; {
		case c == '-' || c == '_' || c == '.':
			run = true
		default:
			if run {
				b = append(b, '-')
				run = false
			}
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			b = append(b, c)
		}
	}
	if run {
		b = append(b, '-')
	}
	return string(b)
}

// CompareKeys orders keys by type, namespace, name and release.
func CompareKeys(a, b Key) int {
	return cmp.Or(strings.Compare(a.Type, b.Type), strings.Compare(a.Namespace, b.Namespace),
		strings.Compare(a.Name, b.Name), strings.Compare(a.Release, b.Release))
}

// ended reports whether support has ended for the ecosystem of a row of coverage. A derivative may end before its base.
func ended(c *Coverage, d *analyzer.Distro, now time.Time) bool {
	last, ok := distro.SupportEnds(c.Namespace, c.Release)
	if d != nil {
		own := keyOf(&analyzer.Component{Package: analyzer.Package{Namespace: d.ID, System: true}}, d)
		if own.Namespace == c.Namespace && own.Release == c.Release {
			last, ok = distro.SystemSupportEnds(d.ID, d.VersionID, d.Codename, d.Name)
		}
	}
	return ok && now.After(last.AddDate(0, 0, 1))
}
