package vex

import (
	"path"
	"strings"

	"github.com/package-url/packageurl-go"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/glob"
	"github.com/hullmark/hullmark/internal/imageref"
)

// inRepository reports whether a name of the image is in a repository, given without tag and digest.
func inRepository(r imageref.Reference, name string) bool {
	registry, repository := imageref.Split(name)
	return registry == r.Registry && repository == r.Repository
}

// isImage reports whether a package URL of type oci or docker names the image.
func (a *applier) isImage(p *packageurl.PackageURL) bool {
	qualifiers := p.Qualifiers.Map()
	if arch := qualifiers["arch"]; arch != "" {
		_, have, _ := strings.Cut(a.report.Image.Platform, "/")
		if have, _, _ = strings.Cut(have, "/"); have != "" && have != arch {
			return false
		}
	}
	byDigest := strings.HasPrefix(p.Version, "sha256:") || strings.HasPrefix(p.Version, "sha512:")
	if byDigest {
		return a.names[p.Version]
	}
	tag := qualifiers["tag"]
	if p.Version != "" && p.Version != "*" {
		tag = p.Version
	}
	for _, r := range a.references {
		switch {
		case tag != "" && !glob.Match(tag, r.Tag):
		case qualifiers["repository_url"] != "":
			if url := qualifiers["repository_url"]; inRepository(r, url) || inRepository(r, url+"/"+path.Join(p.Namespace, p.Name)) {
				return true
			}
		case p.Type == "docker":
			if inRepository(r, path.Join(p.Namespace, p.Name)) {
				return true
			}
		case glob.Match(p.Name, path.Base(r.Repository)):
			return true
		}
	}
	return false
}

// isPartOf reports whether a component is within a product that is also a component: in the same archive or program, owned by it,
// below its directory, or owned by a component that is.
func (a *applier) isPartOf(c, in *analyzer.Component) bool {
	if in.Stated { // by the image: that puts nothing into it
		return false
	}
	for range 8 {
		if c.Owner == in.ID && c.Owner != "" {
			return true
		}
		if !in.System && a.below(c, in) {
			return true
		}
		owner := a.byID[c.Owner]
		if owner == nil {
			return false
		}
		c = owner
	}
	return false
}

func (a *applier) below(c, in *analyzer.Component) bool {
	if c.System {
		return false
	}
	if a.roots[placeOf(c)] == in { // a program's main module contains the others
		return true
	}
	if c.Path == in.Path { // archives in archives; a lock file's packages are beside each other
		return c.ArchivePath != in.ArchivePath && (in.ArchivePath == "" || strings.HasPrefix(c.ArchivePath, in.ArchivePath+"!") || strings.HasPrefix(c.ArchivePath, in.ArchivePath+"/"))
	}
	if in.ArchivePath != "" {
		return false
	}
	dir := path.Dir(in.Path)
	return dir != "." && strings.HasPrefix(c.Path, dir+"/") && path.Base(in.Path) == "package.json" // an npm package contains its dependencies
}

// A file is the place of packages that were found together.
type file struct{ path, archivePath, purlType string }

func placeOf(c *analyzer.Component) file { return file{c.Path, c.ArchivePath, c.Type} }

// rootsOf returns the one package of each file that no other package of the file needs, such as the main module of a program. Most
// lock files have several.
func rootsOf(components []analyzer.Component) map[file]*analyzer.Component {
	type need struct {
		file
		name string
	}
	needed := make(map[need]bool)
	for i := range components {
		c := &components[i]
		for _, name := range c.Depends {
			needed[need{placeOf(c), name}] = true
		}
	}
	roots := make(map[file]*analyzer.Component)
	for i := range components {
		c := &components[i]
		if c.System || needed[need{placeOf(c), path.Join(c.Namespace, c.Name)}] {
			continue
		}
		if _, another := roots[placeOf(c)]; another {
			c = nil
		}
		roots[placeOf(&components[i])] = c
	}
	return roots
}

// isDistro reports whether a CPE names the image's distribution, in this release or the one that it is a point release of. The
// repository of a package is unknown, so that a CPE of a repository names the distribution too.
func (a *applier) isDistro(cpe string) bool {
	d := a.report.Distro
	if d == nil || d.CPE == "" {
		return false
	}
	want, have := cpeFields(cpe), cpeFields(d.CPE)
	if want[0] == "" || want[0] != have[0] || want[1] != have[1] {
		return false
	}
	switch v := want[2]; v {
	case "", "*":
		return true
	default:
		release := have[2]
		if release == "" || release == "*" {
			release = d.VersionID
		}
		return release == v || strings.HasPrefix(release, v+".") || strings.HasPrefix(d.VersionID+".", v+".")
	}
}

// cpeFields returns vendor, product and version of a CPE of version 2.2 or 2.3.
func cpeFields(cpe string) (f [3]string) {
	cpe = strings.ToLower(cpe)
	rest, ok := strings.CutPrefix(cpe, "cpe:2.3:")
	if !ok {
		if rest, ok = strings.CutPrefix(cpe, "cpe:/"); !ok {
			return f
		}
	}
	parts := strings.Split(rest, ":")
	copy(f[:], parts[min(1, len(parts)):])
	return f
}
