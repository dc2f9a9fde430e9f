// Package runtimes finds language runtimes and applications that no package manager installed: Java by the file release of a JDK or
// JRE, Node.js by its headers, WordPress with its plugins and themes, Elixir and RabbitMQ by their text files, and the packages in SBOMs of an image: those of
// Bitnami's applications, of wheels, of Wolfi's packages, and of vendors.
package runtimes

import (
	"context"
	"path"
	"slices"

	"github.com/hullmark/hullmark/analyzer"
)

// maxSize bounds the files. Documents of Bitnami and of wheels have at most some hundred kilobytes, those of images a few megabytes.
const maxSize = 8 << 20

const typeGeneric = "generic"

// New returns the analyzer. Java runtimes have the PURL type generic and the name jdk or jre, if Oracle built them, and openjdk
// otherwise. Node.js has the type generic and the name node. Plugins and themes of WordPress have the namespace wordpress-plugin or wordpress-theme, and
// the name of their directory. All have the qualifier cpe, by which advisories name them; the vendor of a plugin is not known and matches any.
//
// Packages of documents have the types that their PURLs state; a document adds packages, and neither owns files nor excludes anything.
// The packages of a document of Bitnami are installed, and so are the libraries in a wheel. Of other documents, packages
// that analyzers find by themselves are Declared, and so are those that only a name identifies.
func New() analyzer.Analyzer {
	return analyzer.Func(analyzer.Info{
		Name: "runtimes", Version: 3, MaxSize: maxSize,
		Patterns: slices.Concat([]string{"**/release", "**/include/node/node_version.h"}, scripts, documents),
	}, analyze)
}

func analyze(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
	switch path.Base(f.Path) {
	case "release":
		return java(f)
	case "node_version.h":
		return node(f)
	}
	if isScript(f.Path) {
		return script(f)
	}
	return document(ctx, f)
}

// one returns a result of one package.
func one(p analyzer.Package) *analyzer.Result {
	return &analyzer.Result{Packages: []analyzer.Package{p}}
}
