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

// lies reports whether a component is within a product that is itself a component: in the same file, owned by it, below its
// directory, or owned by something that is.
func (a *applier) lies(c, in *analyzer.Component) bool {
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
	if c.Path == in.Path { // archives in archives; a lock file's packages are beside each other
		return c.ArchivePath != in.ArchivePath && (in.ArchivePath == "" || strings.HasPrefix(c.ArchivePath, in.ArchivePath+"!") || strings.HasPrefix(c.ArchivePath, in.ArchivePath+"/"))
	}
	if in.ArchivePath != "" {
		return false
	}
	dir := path.Dir(in.Path)
	return dir != "." && strings.HasPrefix(c.Path, dir+"/") && path.Base(in.Path) == "package.json" // an npm package has its own below itself
}

// isDistro reports whether a CPE names the image's distribution, at this release or the one it is a point of. What part of the
// distribution a package came from is not known, so that a CPE of a repository of it names it too.
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
