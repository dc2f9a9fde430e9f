// Package npm finds the packages of Node.js applications that npm, yarn, pnpm or bun installed below node_modules, and the
// packages that their lock files declare.
//
// A package.json is an installed package if Node.js can load it by name: in node_modules/NAME, node_modules/@SCOPE/NAME, and at
// the same depth below Debian's nodejs directories (/usr/share/nodejs, /usr/lib/nodejs, /usr/lib/TRIPLET/nodejs). An unpacked
// release is installed, too, if its directory states the name and version of its package.json: "NAME-vVERSION", "NAME-VERSION"
// or "NAME/VERSION", unless it is private. Many images have yarn in this form. A package.json deeper in a package belongs to vendored code or a test
// and is reported as Declared. The package.json of the application or a workspace is not a package, because a registry may
// have another package with its name.
//
// The analyzer does not follow the links with which pnpm and workspaces fill node_modules. It finds the targets at their own
// paths. For the same reason it ignores directories and archives of the application in lock files. Lock files within a package
// are for its developers and are ignored, except npm-shrinkwrap.json.
//
// With Plug'n'Play, which needs no node_modules, the archives of yarn's cache are the installed packages. Packages in an archive of
// Electron, "app.asar", are installed, too.
//
// Sources: the documentation of npm (package.json, package-lock.json), yarn, pnpm and bun, and the files that these tools
// write.
package npm

import (
	"bytes"
	"context"
	"fmt"
	"path"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
)

const typeNPM = "npm"

// The sizes in bytes of the largest files that are read. Lock files of large monorepos have a few megabytes.
const (
	maxASAR     = 256 << 20 // archive of Electron
	maxArchive  = 64 << 20  // archive of yarn
	maxLock     = 32 << 20
	maxManifest = 4 << 20 // package.json, on disk or in an archive
)

// maxPackages is the size in bytes of the largest result of a lock file.
const maxPackages = 64 << 20

// maxValue is the size in bytes of the largest entry of a lock file in JSON, as package jsonstream counts it. Larger ones would take
// much memory while they are decoded.
const maxValue = 4 << 20

// New returns the analyzer. Packages have type "npm" and the scope, with "@", as Namespace. Depends holds full names,
// "@scope/name". Packages that don't come from a registry have the qualifier "vcs_url" or "download_url".
//
// The lock files that npm and pnpm keep in node_modules give fragments with the integrity hash and source of installed
// packages.
func New() analyzer.Analyzer {
	return analyzer.Func(analyzer.Info{
		Name:    "npm",
		Version: 3,
		Patterns: []string{
			"**/package.json",
			"**/package-lock.json", "**/npm-shrinkwrap.json", "**/node_modules/.package-lock.json",
			"**/yarn.lock",
			"**/pnpm-lock.yaml", "**/node_modules/.pnpm/lock.yaml",
			"**/bun.lock",
			"**/.yarn/cache/*.zip", "**/.yarn/berry/cache/*.zip",
			"**/*.asar",
		},
		MaxSize: maxASAR,
	}, analyze)
}

const byteOrderMark = "\ufeff"

func analyze(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
	base := path.Base(f.Path)
	most := int64(maxLock)
	switch {
	case path.Ext(base) == ".asar":
		return analyzeASAR(ctx, f)
	case path.Ext(base) == ".zip":
		most = maxArchive
	case base == "package.json":
		most = maxManifest
	}
	if f.Size() > most {
		return nil, fmt.Errorf("npm: %s: %d bytes, more than %d: %w", base, f.Size(), most, analyzer.ErrTooLarge)
	}
	if most == maxArchive {
		return analyzeCache(ctx, f)
	}
	text, err := f.Bytes()
	if err != nil {
		return nil, err
	}
	text = bytes.TrimPrefix(text, []byte(byteOrderMark))
	m := membudget.New(ctx, f, maxPackages)
	switch base {
	case "package.json":
		return analyzeManifest(f.Path, text, m)
	case ".package-lock.json":
		return fragments(parseLock(text, m))
	case "lock.yaml":
		return fragments(parsePNPM(text, m))
	case "npm-shrinkwrap.json": // npm publishes it with the package and installs by it
		return parseLock(text, m)
	}
	if placeOf(f.Path) != application {
		return nil, nil
	}
	switch base {
	case "yarn.lock":
		return parseYarn(text, m)
	case "pnpm-lock.yaml":
		return parsePNPM(text, m)
	case "bun.lock":
		return parseBun(text, m)
	default: // package-lock.json
		return parseLock(text, m)
	}
}

// fragments turns the packages of a lock file into fragments that complete the installed packages.
func fragments(lock *analyzer.Result, err error) (*analyzer.Result, error) {
	r := &analyzer.Result{Diagnostics: lock.Diagnostics, Fragments: lock.Packages[:0]}
	for _, p := range lock.Packages {
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
