package secrets

import (
	"path"
	"strings"
)

// testElements are names of directories with tests, examples and documents.
var testElements = map[string]bool{
	"test": true, "tests": true, "testing": true, "testdata": true, "test-data": true, "test_data": true, "spec": true, "specs": true, "__tests__": true, "fixtures": true,
	"examples": true, "example": true, "docs": true, "doc": true, "demo": true, "demos": true, "benchmark": true, "benchmarks": true,
}

// isTestPlace reports whether a file is below the tests, examples or documents of a package of a language, of the libraries of a language itself, or
// of the system.
func isTestPlace(name string) bool {
	elements := strings.Split(path.Dir(name), "/")
	packages := false
	for i, e := range elements {
		before := ""
		if i > 0 {
			before = elements[i-1]
		}
		switch {
		case before == "share" && (e == "man" || e == "doc"), packages && testElements[e]:
			return true
		case isPython(e), e == "mod" && before == "pkg", e == "src" && before == "go":
			packages = true
		}
		switch e {
		case "node_modules", "site-packages", "dist-packages", "gems", "vendor", "bower_components", "registry":
			packages = true
		}
	}
	return packages && strings.HasSuffix(name, "_test.go")
}

// inTests reports whether a file is below any directory of tests, examples or documents.
func inTests(name string) bool {
	for e := range strings.SplitSeq(path.Dir(name), "/") {
		if testElements[e] {
			return true
		}
	}
	return false
}

// isPython reports whether a directory is that of the libraries of a release of Python: python3.11.
func isPython(element string) bool {
	release, ok := strings.CutPrefix(element, "python")
	return ok && strings.Contains(release, ".") && strings.Trim(release, "0123456789.") == ""
}

// sourceOf returns the file that Python compiled to another, or "": lib/__pycache__/x.cpython-311.opt-1.pyc has the code of lib/x.py, and lib/x.pyc, too.
func sourceOf(name string) string {
	module, ok := strings.CutSuffix(name, ".pyc")
	if !ok {
		if module, ok = strings.CutSuffix(name, ".pyo"); !ok {
			return ""
		}
	}
	dir, base := path.Split(module)
	if path.Base(dir) == "__pycache__" {
		base, _, _ = strings.Cut(base, ".")
		dir = path.Dir(path.Clean(dir))
	}
	return path.Join(dir, base+".py")
}
