package place

import (
	"path"
	"slices"
	"strings"
)

// wheelCache stands for a directory in which wheels wait to be installed.
const wheelCache = "*.whl"

// nugetCache is a file beside each package in the global folder of NuGet.
const nugetCache = ".nupkg.metadata"

// isCache reports whether a directory, between those before and after it in a path, belongs to the cache of a package manager. The
// names in a cache decide, since its location can be configured.
//
// The local repository of Maven, the caches of Gradle, yarn's .yarn/cache and Deno's cache don't count: programs run with the
// archives and packages in them.
func isCache(name string, before, after []string) bool {
	next := ""
	if len(after) > 0 {
		next = after[0]
	}
	parent := ""
	if len(before) > 0 {
		parent = before[len(before)-1]
	}
	if isStashed(name) {
		return true
	}
	switch name {
	case wheelCache:
		return true
	case "pkgs": // conda: pkgs/NAME-VERSION-BUILD, with the tree of an environment
		return isCondaPackage(next) && len(after) > 1 && slices.Contains([]string{"lib", "Lib", "site-packages", "info", "share"}, after[1])
	case "mod": // Go: pkg/mod/MODULE@VERSION, and the archives in pkg/mod/cache
		return parent == "pkg" && (next == "cache" || slices.ContainsFunc(after, isModule))
	case "src": // Cargo: registry/src/HOST-HASH/NAME-VERSION
		return parent == "registry" && endsInHash(next, 16)
	case "checkouts": // Cargo: git/checkouts/NAME-HASH
		return parent == "git" && endsInHash(next, 16)
	case ".nuget": // NuGet: .nuget/packages/ID/VERSION
		return next == "packages"
	case "_npx": // npm: _npx/HASH/node_modules
		return endsInHash(next, 16)
	}
	switch kind, version, _ := strings.Cut(name, "-v"); kind { // uv: archive-v0/ID, sdists-v8/pypi, git-v0/checkouts
	case "archive":
		return isNumber(version) && len(next) >= 16 && !strings.Contains(next, ".")
	case "wheels", "built-wheels", "sdists":
		return isNumber(version) && slices.Contains([]string{"pypi", "index", "url", "path", "git", "editable"}, next)
	case "git":
		return isNumber(version) && next == "checkouts"
	}
	// Yarn 1: v6/npm-NAME-VERSION-HASH-integrity/node_modules
	number, ok := strings.CutPrefix(name, "v")
	return ok && isNumber(number) && endsInHash(strings.TrimSuffix(next, "-integrity"), 40)
}

// isStashed reports whether pip renamed the metadata of a distribution while it uninstalled the distribution, and kept it because the
// uninstallation failed: "~ip-21.0.dist-info". pip ignores it, since names of projects begin with a letter or a digit.
func isStashed(name string) bool {
	if name == "" || strings.IndexByte("~-.=%", name[0]) < 0 {
		return false
	}
	ext := path.Ext(name)
	switch strings.ToLower(ext) {
	case ".dist-info", ".egg-info", ".egg":
		return len(name) > len(ext)
	}
	return false
}

// isCondaPackage reports whether a directory has the name of a conda package: NAME-VERSION-BUILD.
func isCondaPackage(name string) bool {
	build := strings.LastIndexByte(name, '-')
	if build < 0 {
		return false
	}
	version := strings.LastIndexByte(name[:build], '-')
	return version > 0 && startsWithDigit(name[version+1:build]) && build+1 < len(name)
}

// isModule reports whether a directory has the name of a module in Go's cache. Go runs the toolchains that it keeps there.
func isModule(name string) bool {
	module, version, ok := strings.Cut(name, "@v")
	return ok && module != "toolchain" && startsWithDigit(version)
}

// holdsWheels reports whether a directory holds wheels from which pip, ensurepip or virtualenv install. Tools that build a project
// write its wheel to dist.
func holdsWheels(name string) bool {
	switch name {
	case "wheels", "wheelhouse", "python-wheels", "_bundled", "pypoetry", "dist", "tmp":
		return true
	}
	return false
}

// endsInHash reports whether a name is a hash of n hexadecimal digits, or ends in "-" and one.
func endsInHash(name string, n int) bool {
	start := len(name) - n
	if start < 0 || start > 0 && name[start-1] != '-' {
		return false
	}
	return strings.Trim(name[start:], "0123456789abcdef") == ""
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
