package sbomreport

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	packageurl "github.com/package-url/packageurl-go"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/purltype"
)

// convert returns the component of an entry, and hints for its distribution. Tools add data in their own ways:
//
//   - syft: qualifiers upstream and distro, properties syft:metadata:* and syft:location:*;
//     https://github.com/anchore/syft/tree/main/syft/format/common
//   - trivy: qualifiers distro and epoch, properties aquasecurity:trivy:*; https://github.com/aquasecurity/trivy/tree/main/pkg/sbom
//   - osv-scalibr: qualifiers source, sourceversion, sourcerpm and origin; https://github.com/google/osv-scalibr/tree/main/purl
//   - cdxgen: qualifiers distro and distro_name, the property SrcFile, and source packages as components of their own;
//     https://github.com/CycloneDX/cdxgen
func (c *Collector) convert(e *Entry) (analyzer.Component, hint) {
	k := analyzer.Component{
		Package: analyzer.Package{
			Type: "generic", Namespace: e.Group, Name: e.Name, Version: e.Version, Vendor: e.Supplier,
			Licenses: e.Licenses, Hashes: e.Hashes, Declared: e.Excluded, Dev: e.Excluded,
		},
		ID: e.Ref, PURL: e.PURL, Path: e.Path, Layer: -1,
	}
	k.Path, k.ArchivePath = cutArchive(k.Path)
	var h hint
	u, err := packageurl.FromString(e.PURL)
	switch {
	case e.PURL == "" && len(e.CPEs) > 0:
		k.Qualifiers = map[string]string{"cpe": c.products(e)}
	case e.PURL == "":
		c.Diagnose(analyzer.Unsupported, "packages without a PURL, which can't be matched", cmp.Or(e.Name, e.Ref))
	case err != nil:
		c.Diagnose(analyzer.Malformed, "packages with a malformed PURL, which can't be matched", e.PURL)
	default:
		h = c.identity(&k, e, &u)
		if len(e.CPEs) > 0 && k.Qualifiers["cpe"] == "" && !hasAdvisories(k.Type) {
			if k.Qualifiers == nil {
				k.Qualifiers = make(map[string]string)
			}
			k.Qualifiers["cpe"] = c.products(e)
		}
	}
	p := readProperties(e.Properties)
	if k.Path == "" {
		k.Path, k.ArchivePath = cutArchive(p.path)
	}
	if k.System {
		if o := p.source(k.Type); o.Name != "" && k.SourcePackage == nil {
			k.SourcePackage = &o
		}
		if p.module != "" && k.Qualifiers["rpmmod"] == "" {
			k.Qualifiers["rpmmod"] = p.module
		}
		sourceVersion(&k)
	} else if isDeclaration(k.Path) || p.declared {
		k.Declared = true
	}
	if len(k.Qualifiers) == 0 {
		k.Qualifiers = nil
	}
	return k, h
}

// maxProducts bounds the CPE names of a package. Yocto's recipes have up to ten.
const maxProducts = 32

// products returns the CPE names of an entry as a qualifier: separated by blanks, which no CPE name contains.
func (c *Collector) products(e *Entry) string {
	var list []string
	for _, name := range e.CPEs {
		if name = strings.Join(strings.Fields(name), ""); name == "" || slices.Contains(list, name) {
			continue
		}
		if len(list) == maxProducts {
			c.Diagnose(analyzer.Unsupported, fmt.Sprintf("packages with more than %d CPE names; the others can't be matched", maxProducts), cmp.Or(e.Name, e.Ref))
			break
		}
		list = append(list, name)
	}
	return strings.Join(list, " ")
}

// hasAdvisories reports whether a type has advisories of its own. Tools mostly guess the CPE beside such a PURL. For other
// types, such as generic and yocto, the CPE is the only key of advisories.
func hasAdvisories(purlType string) bool {
	switch purlType {
	case "alpm", "apk", "bioconductor", "cargo", "composer", "cran", "deb", "ebuild", "gem", "golang", "hackage", "hex", "julia", "maven", "npm", "nuget", "opam",
		"pub", "pypi", "rpm", "swift":
		return true
	}
	return false
}

// identity sets the fields of k from the PURL, which identifies a package better than the document's own fields.
func (c *Collector) identity(k *analyzer.Component, e *Entry, u *packageurl.PackageURL) hint {
	k.Type, k.Namespace, k.Version = purltype.Canonical(u.Type), u.Namespace, cmp.Or(u.Version, e.Version)
	if !sameName(e.Name, u) {
		k.Name = u.Name
	} else if i := strings.LastIndexAny(e.Name, "/:"); i >= 0 && !strings.ContainsAny(u.Name, "/:") {
		k.Name = e.Name[i+1:] // e.Name begins with the namespace
	}
	k.Qualifiers = u.Qualifiers.Map()
	take := func(name string) string {
		v := k.Qualifiers[name]
		delete(k.Qualifiers, name)
		return v
	}
	switch k.Type {
	case "deb", "rpm", "apk", "alpm", "opkg":
	default:
		if k.Qualifiers["source"] == "UNKNOWN" {
			delete(k.Qualifiers, "source")
		}
		foreign(k, u)
		return hint{}
	}
	k.System = true
	k.Arch = take("arch")
	if epoch := take("epoch"); epoch != "" && epoch != "0" && !strings.Contains(k.Version, ":") {
		k.Version = epoch + ":" + k.Version
	}
	h := hint{distro: take("distro"), codename: take("distro_name")}
	take("package-id")
	upstream, source, version := take("upstream"), cmp.Or(take("source"), take("origin")), take("sourceversion")
	sourceRPM := take("sourcerpm")
	switch {
	case upstream != "":
		name, version, _ := strings.Cut(upstream, "@")
		if o, ok := fromSourceRPM(upstream); ok {
			name, version = o.Name, o.Version
		}
		k.SourcePackage = &analyzer.SourcePackage{Name: name, Version: version}
	case sourceRPM != "":
		if o, ok := fromSourceRPM(sourceRPM); ok {
			k.SourcePackage = &o
		}
	case source != "":
		k.SourcePackage = &analyzer.SourcePackage{Name: source, Version: version}
	}
	return h
}

// foreign completes the names of a package whose type stands for another.
func foreign(k *analyzer.Component, u *packageurl.PackageURL) {
	switch {
	case k.Type == u.Type:
	case u.Type == "drupal" && k.Namespace == "":
		k.Namespace = u.Type
	case k.Type == "maven" && k.Namespace == "":
		if group, artifact, ok := strings.Cut(u.Name, ":"); ok {
			k.Namespace, k.Name = group, artifact
		} else if u.Type == "clojars" || u.Type == "leiningen" { // "ring" is short for "ring/ring"
			k.Namespace = u.Name
		}
	}
}

// sameName reports whether the document and the PURL name the package alike. A PURL may have the normal form of its type.
func sameName(name string, u *packageurl.PackageURL) bool {
	fold := strings.NewReplacer("_", "-", ".", "-")
	want := fold.Replace(strings.ToLower(u.Name))
	have := fold.Replace(strings.ToLower(name))
	if have == want {
		return true
	}
	i := strings.LastIndexAny(have, "/:")
	return i >= 0 && have[i+1:] == want && fold.Replace(strings.ToLower(u.Namespace)) == have[:i]
}

// fromSourceRPM splits name-version-release.src.rpm, which has no epoch.
func fromSourceRPM(file string) (analyzer.SourcePackage, bool) {
	stem, ok := strings.CutSuffix(file, ".src.rpm")
	if !ok {
		if stem, ok = strings.CutSuffix(file, ".nosrc.rpm"); !ok {
			return analyzer.SourcePackage{}, false
		}
	}
	r := strings.LastIndexByte(stem, '-')
	if r <= 0 {
		return analyzer.SourcePackage{}, false
	}
	v := strings.LastIndexByte(stem[:r], '-')
	if v <= 0 {
		return analyzer.SourcePackage{}, false
	}
	return analyzer.SourcePackage{Name: stem[:v], Version: stem[v+1:]}, true
}

// sourceVersion completes the source package as the analyzers do. Its version defaults to that of the binary package, and a
// source RPM takes the epoch of the binary package. Except for RPM, sourceVersion removes a source package with the name and
// version of the binary package.
func sourceVersion(k *analyzer.Component) {
	o := k.SourcePackage
	if o == nil {
		return
	}
	o.Version = cmp.Or(o.Version, k.Version)
	if k.Type == "rpm" {
		if epoch, _, ok := strings.Cut(k.Version, ":"); ok && !strings.Contains(o.Version, ":") {
			o.Version = epoch + ":" + o.Version
		}
		return
	}
	if o.Name == k.Name && o.Version == k.Version {
		k.SourcePackage = nil
	}
}

// properties holds the known properties of other tools.
type properties struct {
	path, module                                string
	srcName, srcVersion, srcRelease, srcEpoch   string
	upstream, upstreamVersion, sourceRPM, apkOf string
	declared                                    bool
}

func readProperties(list []Property) properties {
	var p properties
	for _, q := range list {
		name, isTrivy := strings.CutPrefix(q.Name, "aquasecurity:trivy:")
		if isTrivy {
			switch name {
			case "FilePath":
				p.path = q.Value
			case "SrcName":
				p.srcName = q.Value
			case "SrcVersion":
				p.srcVersion = q.Value
			case "SrcRelease":
				p.srcRelease = q.Value
			case "SrcEpoch":
				p.srcEpoch = q.Value
			case "Modularitylabel":
				p.module = q.Value
			}
			continue
		}
		switch q.Name {
		case "syft:location:0:path", "SrcFile":
			p.path = cmp.Or(p.path, q.Value)
		case "syft:metadata:virtualPath": // an archive in an archive: "a.war:WEB-INF/lib/b.jar"
			p.path = q.Value
		case "syft:metadata:source":
			p.upstream = q.Value
		case "syft:metadata:sourceVersion":
			p.upstreamVersion = q.Value
		case "syft:metadata:sourceRpm":
			p.sourceRPM = q.Value
		case "syft:metadata:originPackage":
			p.apkOf = q.Value
		case "syft:package:metadataType":
			p.declared = strings.Contains(q.Value, "-lock")
		}
	}
	return p
}

// source returns the source package that the properties name.
func (p *properties) source(purlType string) analyzer.SourcePackage {
	switch {
	case p.srcName != "":
		o := analyzer.SourcePackage{Name: p.srcName, Version: p.srcVersion}
		if p.srcRelease != "" {
			o.Version += "-" + p.srcRelease
		}
		if p.srcEpoch != "" && p.srcEpoch != "0" {
			o.Version = p.srcEpoch + ":" + o.Version
		}
		return o
	case p.sourceRPM != "" && purlType == "rpm":
		o, _ := fromSourceRPM(p.sourceRPM)
		return o
	case p.upstream != "":
		return analyzer.SourcePackage{Name: p.upstream, Version: p.upstreamVersion}
	}
	return analyzer.SourcePackage{Name: p.apkOf}
}

// cutArchive splits a location into the path of an archive, relative to the root, and the path inside the archive.
func cutArchive(location string) (file, inside string) {
	location = strings.TrimPrefix(location, "/")
	for i := 0; i < len(location); i++ {
		if c := location[i]; (c == ':' || c == '!') && isArchive(location[:i]) {
			return location[:i], strings.TrimPrefix(location[i+1:], "/")
		}
	}
	return location, ""
}

func isArchive(file string) bool {
	switch strings.ToLower(path.Ext(file)) {
	case ".jar", ".war", ".ear", ".par", ".sar", ".nar", ".jpi", ".hpi", ".kar", ".rar", ".zip", ".lpkg", ".egg", ".whl":
		return true
	}
	return false
}

// isDeclaration reports whether a file is a lock file or manifest, which declares packages without proof that they are
// installed. It knows the files of this module's analyzers and of further ecosystems.
func isDeclaration(file string) bool {
	base := strings.ToLower(path.Base(file))
	switch base {
	case "package-lock.json", "npm-shrinkwrap.json":
		return true
	case "yarn.lock", "pnpm-lock.yaml", "bun.lock", "deno.lock",
		"pipfile.lock", "poetry.lock", "uv.lock", "pdm.lock", "pylock.toml", "vendor.txt", "vendored.txt",
		"gemfile.lock", "gems.locked", "composer.lock",
		"pom.xml", "build.sbt.lock", "gradle.lockfile",
		"go.mod", "go.sum", "cargo.lock", "packages.lock.json", "packages.config",
		"mix.lock", "pubspec.lock", "podfile.lock", "package.resolved", "conan.lock":
		return true
	case "package.json":
		return isWithinModule(path.Dir(file))
	}
	return strings.HasSuffix(base, ".lockfile") || strings.HasSuffix(base, ".txt") && strings.Contains(base, "requirements") ||
		strings.HasPrefix(base, "pylock.") && strings.HasSuffix(base, ".toml")
}

// isWithinModule reports whether a directory is inside a package of Node.js but not a package that Node.js loads by name. The
// package.json of such tests and examples does not mean that a package is installed.
func isWithinModule(dir string) bool {
	parent := path.Dir(dir)
	if strings.HasPrefix(path.Base(parent), "@") {
		parent = path.Dir(parent)
	}
	if path.Base(parent) == "node_modules" || strings.HasSuffix(parent, "/nodejs") && strings.HasPrefix(parent, "usr/") {
		return false
	}
	return strings.Contains("/"+dir, "/node_modules/") || strings.HasPrefix(dir, "usr/share/nodejs/")
}
