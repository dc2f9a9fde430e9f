package analyzer

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	packageurl "github.com/package-url/packageurl-go"
)

// nameComponents gives every component its namespace, PURL and ID, and makes one of components that are equal in all that
// names them.
func nameComponents(report *Report) {
	kept := report.Components[:0]
	byID := make(map[string]int, len(report.Components))
	for _, c := range report.Components {
		if c.System && c.Namespace == "" && report.Distro != nil {
			c.Namespace = report.Distro.ID
		}
		c.PURL = c.Package.PURL(report.Distro)
		c.ID = componentID(&c)
		i, ok := byID[c.ID]
		if !ok {
			byID[c.ID] = len(kept)
			kept = append(kept, c)
			continue
		}
		k := &kept[i] // stated twice in one file
		k.add(&c.Package)
		k.Dev = k.Dev && c.Dev
		k.Declared = k.Declared && c.Declared
		k.Layer = min(k.Layer, c.Layer)
	}
	clear(report.Components[len(kept):])
	report.Components = kept
}

// componentID is a hash of what a package is and where it lies, 64 bits of SHA-256 in hexadecimal.
func componentID(c *Component) string {
	h := sha256.New()
	for _, s := range []string{c.PURL, c.Path, c.ArchivePath, c.Analyzer} {
		h.Write([]byte(s))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// PURL returns the package URL of p, in the form that the package-url specification defines for its type. A System
// package's names the distribution, if one is given, and its source package as "upstream": its name, followed by "@" and
// the source version if that differs from its own.
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
		if distro != nil && distro.ID != "" {
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
	if u.Normalize() != nil { // a type with rules that the name does not keep: better an odd PURL than none
		u = packageurl.NewPackageURL(p.Type, p.Namespace, p.Name, version, packageurl.QualifiersFromMap(q), "")
	}
	return u.ToString()
}
