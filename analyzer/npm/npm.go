// Package npm finds the packages of Node.js applications: those that npm, yarn, pnpm or bun put below node_modules, and
// those that their lock files and the application's own package.json declare.
//
// A package.json is an installed package where Node.js would find it by its name: in node_modules/NAME,
// node_modules/@SCOPE/NAME, and in the same place below Debian's nodejs directories (/usr/share/nodejs, /usr/lib/nodejs,
// /usr/lib/TRIPLET/nodejs). So is an unpacked release, whose directory says what its package.json does: "NAME-vVERSION",
// "NAME-VERSION" or "NAME/VERSION", as of yarn in many images. Deeper in a package it is that of vendored code or of a
// test, and reported as declared. All others, those of the application itself and of its workspaces, name no package: by
// their names a registry may know something else.
//
// Links, with which pnpm and workspaces fill node_modules, are not followed: what they lead to is found where it lies.
// What comes from directories and archives of the application is not reported from lock files, for the same reason; and
// lock files within a package, but for npm-shrinkwrap.json, are those of its developers, by which nobody installs.
//
// Where yarn works without node_modules (Plug'n'Play), the archives of its cache are the installed packages.
//
// Sources: the documentation of npm (package.json, package-lock.json), yarn, pnpm and bun, and where that is silent what
// these tools write.
package npm

import (
	"bytes"
	"context"
	"path"

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
			"**/.yarn/cache/*.zip", "**/.yarn/berry/cache/*.zip",
		},
		MaxSize: maxSize,
	}, analyze)
}

const byteOrderMark = "\ufeff"

func analyze(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
	base := path.Base(f.Path)
	if path.Ext(base) == ".zip" {
		return analyzeCache(ctx, f)
	}
	text, err := f.Bytes()
	if err != nil {
		return nil, err
	}
	text = bytes.TrimPrefix(text, []byte(byteOrderMark))
	switch base {
	case "package.json":
		return analyzeManifest(f.Path, text)
	case ".package-lock.json":
		return fragments(parseLock(text))
	case "lock.yaml":
		return fragments(parsePNPM(text))
	case "npm-shrinkwrap.json": // the one that counts where a package is published with it
		return declared(parseLock(text))
	}
	if placeOf(f.Path) != application {
		return nil, nil
	}
	switch base {
	case "yarn.lock":
		return declared(parseYarn(text))
	case "pnpm-lock.yaml":
		return declared(parsePNPM(text))
	case "bun.lock":
		return declared(parseBun(text))
	default: // package-lock.json
		return declared(parseLock(text))
	}
}

func declared(packages []analyzer.Package, err error) (*analyzer.Result, error) {
	return &analyzer.Result{Packages: packages}, err
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
