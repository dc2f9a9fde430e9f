// Package npm finds the packages of Node.js applications: those that npm, yarn, pnpm or bun put below node_modules, and
// those that their lock files and the application's own package.json declare.
//
// A package.json is an installed package where Node.js would find it by its name: in node_modules/NAME,
// node_modules/@SCOPE/NAME, and in the same place below Debian's nodejs directories (/usr/share/nodejs, /usr/lib/nodejs,
// /usr/lib/TRIPLET/nodejs). Everywhere else it is a manifest, of the application itself, a workspace, vendored code or a
// test, and reported as declared. Links, with which pnpm and workspaces fill node_modules, are not followed: what they
// lead to is found where it lies.
//
// Sources: the documentation of npm (package.json, package-lock.json), yarn, pnpm and bun, and where that is silent what
// these tools write.
package npm

import (
	"bytes"
	"context"
	"path"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

const typeNPM = "npm"

// maxSize is the size in bytes of the largest file that is read; lock files of large monorepos have a few megabytes.
const maxSize = 64 << 20

// New returns the analyzer. Packages are of type "npm", with the scope, "@" included, as their Namespace; Depends holds
// whole names, "@scope/name". What does not come from a registry says so in the qualifiers "vcs_url" or "download_url".
//
// The lock files that npm and pnpm keep in node_modules give fragments: the integrity hash and the source of what they
// installed.
func New() analyzer.Analyzer {
	return analyzer.Func(analyzer.Info{
		Name:    "npm",
		Version: 1,
		Patterns: []string{
			"**/package.json",
			"**/package-lock.json", "**/npm-shrinkwrap.json", "**/node_modules/.package-lock.json",
			"**/yarn.lock",
			"**/pnpm-lock.yaml", "**/node_modules/.pnpm/lock.yaml",
			"**/bun.lock",
		},
		MaxSize: maxSize,
	}, analyze)
}

func analyze(_ context.Context, f *analyzer.File) (*analyzer.Result, error) {
	text, err := f.Bytes()
	if err != nil {
		return nil, err
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	switch path.Base(f.Path) {
	case "package.json":
		return parseManifest(text, isInstalled(f.Path))
	case ".package-lock.json":
		return fragments(parseLock(text))
	case "lock.yaml":
		return fragments(parsePNPM(text))
	case "yarn.lock":
		return declared(parseYarn(text))
	case "pnpm-lock.yaml":
		return declared(parsePNPM(text))
	case "bun.lock":
		return declared(parseBun(text))
	default: // package-lock.json, npm-shrinkwrap.json
		return declared(parseLock(text))
	}
}

func declared(packages []analyzer.Package, err error) (*analyzer.Result, error) {
	return &analyzer.Result{Packages: packages}, err
}

// isInstalled reports whether a package.json lies where Node.js looks for packages by name.
func isInstalled(file string) bool {
	dir := path.Dir(file)
	if name := path.Base(dir); name == "." || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "@") {
		return false
	}
	dir = path.Dir(dir)
	if strings.HasPrefix(path.Base(dir), "@") {
		dir = path.Dir(dir)
	}
	if path.Base(dir) == "node_modules" {
		return true
	}
	prefix, ok := strings.CutSuffix(dir, "/nodejs")
	if !ok {
		return false
	}
	return prefix == "usr/share" || prefix == "usr/lib" || path.Dir(prefix) == "usr/lib"
}

// fragments makes of what a lock file says of installed packages what completes them.
func fragments(packages []analyzer.Package, err error) (*analyzer.Result, error) {
	r := new(analyzer.Result)
	for _, p := range packages {
		if p.Version == "" || p.Hashes == nil && p.Qualifiers == nil {
			continue
		}
		r.Fragments = append(r.Fragments, analyzer.Package{
			Type: p.Type, Namespace: p.Namespace, Name: p.Name, Version: p.Version,
			Hashes: p.Hashes, Qualifiers: p.Qualifiers,
		})
	}
	return r, err
}
