// Package nuget finds the NuGet packages of .NET applications and frameworks. The *.deps.json file beside each lists them, or within a
// program that is a single file; the .NET host loads assemblies by it. Lock files and packages.config declare packages.
package nuget

import (
	"bytes"
	"context"
	"path"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
)

const typeNuGet = "nuget"

// maxSize is the size in bytes of the largest file that is read. The file of an application has some hundred thousand.
const maxSize = 16 << 20

// maxPackages is the size in bytes of the largest result, with the decoded values.
const maxPackages = 96 << 20

// New returns the analyzer of *.deps.json, packages.lock.json and packages.config. Packages have type "nuget" and the SHA-512 of their archive in
// Hashes. Depends holds package IDs. The runtime of a self-contained application is a package. The application's own projects and
// packages for the compiler only are omitted.
//
// The packages in NuGet's global folder, .nuget/packages by default, are cached. They have their IDs in lower case, as the directories there.
//
// A package of *.deps.json is Declared if the application loads no file of it: the shared framework has a newer version of its
// assemblies, or it only depends on others. So are those of the other files.
func New() analyzer.Analyzer {
	return analyzer.Func(analyzer.Info{
		Name: "nuget", Version: 3, Patterns: []string{"**/*.deps.json", "**/" + lockName, "**/" + configName, "**/" + cachedName}, MaxSize: maxSize,
	}, analyze)
}

const (
	lockName   = "packages.lock.json"
	cachedName = ".nupkg.metadata"
	configName = "packages.config"
)

func analyze(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
	text, err := f.Bytes()
	if err != nil {
		return nil, err
	}
	m := membudget.New(ctx, f, maxPackages)
	switch path.Base(f.Path) {
	case lockName:
		return parseLock(withoutMark(text), m)
	case cachedName:
		return parseCached(withoutMark(text), f.Path, m)
	case configName:
		return parseConfig(withoutMark(text), m)
	}
	return parseDeps(withoutMark(text), m)
}

// withoutMark returns a text without its byte order mark.
func withoutMark(text []byte) []byte { return bytes.TrimPrefix(text, []byte("\xEF\xBB\xBF")) }
