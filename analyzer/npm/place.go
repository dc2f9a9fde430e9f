package npm

import (
	"path"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// A place is the kind of directory that holds a package.json.
type place int

const (
	application place = iota // outside of all packages
	installed                // a directory in which Node.js finds packages by name
	within                   // deeper in an installed package
)

func placeOf(file string) place {
	dir := path.Dir(file)
	base := path.Base(dir)
	parent := path.Dir(dir)
	if strings.HasPrefix(path.Base(parent), "@") {
		parent = path.Dir(parent)
	}
	switch {
	case isModules(parent) && !strings.HasPrefix(base, ".") && !strings.HasPrefix(base, "@"):
		return installed
	case strings.Contains("/"+dir, "/node_modules/"), strings.HasPrefix(dir, "usr/share/nodejs/"):
		return within
	}
	return application
}

// isModules reports whether Node.js searches a directory, by default or in Debian's build.
func isModules(dir string) bool {
	if path.Base(dir) == "node_modules" {
		return true
	}
	prefix, ok := strings.CutSuffix(dir, "/nodejs")
	return ok && (prefix == "usr/share" || prefix == "usr/lib" || path.Dir(prefix) == "usr/lib")
}

// isRelease reports whether the name of a directory states the name and version of the package in it.
func isRelease(dir string, p *analyzer.Package) bool {
	base := path.Base(dir)
	version := releaseOf(base)
	if p.Version == "" || strings.TrimPrefix(version, "v") != p.Version {
		return false
	}
	if version == base {
		base = path.Base(path.Dir(dir))
	} else {
		base = strings.TrimSuffix(base, "-"+version)
	}
	return base == p.Name
}

// releaseOf returns the version at the end of a directory name, with its "v" if it has one, or "" if the name has no version.
func releaseOf(base string) string {
	for rest := base; ; {
		if isVersion(strings.TrimPrefix(rest, "v")) {
			return rest
		}
		var ok bool
		if _, rest, ok = strings.Cut(rest, "-"); !ok {
			return ""
		}
	}
}
