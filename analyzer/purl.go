package analyzer

import (
	"cmp"
	"strings"

	packageurl "github.com/package-url/packageurl-go"
)

// PURL returns the package URL of p, in the form that the package-url specification defines for its type. The PURL of a System
// package names the distribution, unless distro is nil or the package has a qualifier "distro" of its own, and the source package as "upstream": the
// source name, followed by "@" and the source version if it differs from the version of p.
//
// A Maven package of an unknown group has a PURL without a namespace, though the type requires one: tools that read documents skip components
// without a PURL.
func (p *Package) PURL(distro *Distro) string {
	q := make(map[string]string, len(p.Qualifiers)+4)
	for k, v := range p.Qualifiers {
		q[k] = v
	}
	if p.Arch != "" {
		q["arch"] = p.Arch
	}
	version := p.Version
	if p.System {
		if distro != nil && distro.ID != "" && q["distro"] == "" {
			q["distro"] = strings.TrimSuffix(distro.ID+"-"+cmp.Or(distro.VersionID, distro.Codename), "-")
		}
		if p.SourcePackage != nil {
			q["upstream"] = p.SourcePackage.Name
			if p.SourcePackage.Version != "" && p.SourcePackage.Version != p.Version {
				q["upstream"] += "@" + p.SourcePackage.Version
			}
		}
		if p.Type == packageurl.TypeRPM {
			if epoch, rest, ok := strings.Cut(version, ":"); ok {
				q["epoch"], version = epoch, rest
			}
		}
	}
	u := packageurl.NewPackageURL(p.Type, p.Namespace, p.Name, version, packageurl.QualifiersFromMap(q), "")
	if u.Normalize() != nil { // the name breaks the rules of the type: an odd PURL is better than none
		u = packageurl.NewPackageURL(p.Type, p.Namespace, p.Name, version, packageurl.QualifiersFromMap(q), "")
	}
	return u.ToString()
}
