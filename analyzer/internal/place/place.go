// Package place tells by a path whether programs load the packages there. It knows the rules by which Node.js, Python and RubyGems find
// packages, and the directories that package managers keep for themselves.
package place

import (
	"path"
	"slices"
	"strings"
)

// The places, as package analyzer names them.
const (
	Installed = "installed"
	Vendored  = "vendored"
	Cached    = "cached"
	TestData  = "test-data"
)

// Of returns the place of the packages that a file describes: Installed, Vendored, Cached or TestData.
func Of(file string) string {
	names := strings.Split(path.Dir(file), "/")
	if strings.HasSuffix(file, ".whl") && slices.ContainsFunc(names, holdsWheels) {
		names = append(names, wheelCache)
	}
	if path.Base(file) == nugetCache {
		return Cached
	}
	within := false // a package, whose tests no other package loads
	nested := false // deeper than where importlib looks
	for i := 0; i < len(names); i++ {
		name, rest := names[i], names[i+1:]
		switch {
		case isCache(name, names[:i], rest):
			return Cached
		case within && isTest(name):
			return TestData
		case name == "node_modules", name == "nodejs" && i > 0 && (names[i-1] == "share" || names[i-1] == "lib"):
			if len(rest) > 0 && strings.HasPrefix(rest[0], "@") {
				i++
			}
			i++ // the name of a package, such as "test"
			within = true
		case name == "_vendor":
			nested = true
		case name == "gems":
			i++
			within = true
		case name == "site-packages", name == "dist-packages":
			within = true
			nested = nested || isNested(rest)
		case i > 0 && (names[i-1] == "lib" || names[i-1] == "lib64") && isPython(name):
			within = true
		}
	}
	if nested {
		return Vendored
	}
	return Installed
}

// isNested reports whether the metadata of a distribution, in a path below site-packages, is deeper than importlib looks for it: at the
// top, or at the top of an egg.
func isNested(names []string) bool {
	for i, name := range names {
		switch ext := strings.ToLower(path.Ext(name)); {
		case ext == ".dist-info", ext == ".egg-info", name == "EGG-INFO":
			return i > 0
		case ext == ".egg":
			return isNested(names[i+1:])
		}
	}
	return false
}

// isPython reports whether a name is that of the directory of Python's standard library, such as "python3.12".
func isPython(name string) bool {
	for _, prefix := range []string{"python", "pypy"} {
		if rest, ok := strings.CutPrefix(name, prefix); ok && startsWithDigit(rest) {
			return true
		}
	}
	return false
}

// isTest reports whether a directory of a package has its tests or examples, with their dependencies.
func isTest(name string) bool {
	switch name {
	case "test", "tests", "__tests__", "testdata", "test-data", "test_data", "fixture", "fixtures", "__fixtures__",
		"spec", "specs", "example", "examples", "benchmark", "benchmarks":
		return true
	}
	return false
}

func startsWithDigit(s string) bool { return s != "" && '0' <= s[0] && s[0] <= '9' }
