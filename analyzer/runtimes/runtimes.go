// Package runtimes finds language runtimes and applications that no package manager installed: Java by the file release of a JDK or
// JRE, Node.js by its headers, and the packages in SBOMs of an image: those of Bitnami's applications, of wheels, and of vendors.
package runtimes

import (
	"context"
	"path"

	"github.com/hullmark/hullmark/analyzer"
)

// maxSize bounds the files. Documents of Bitnami and of wheels have at most some hundred kilobytes, those of images a few megabytes.
const maxSize = 8 << 20

const typeGeneric = "generic"

// New returns the analyzer. Java runtimes have the PURL type generic and the name jdk or jre, if Oracle built them, and openjdk
// otherwise. Node.js has the type generic and the name node. Both have the qualifier cpe, by which advisories name them.
//
// Packages of documents have the types that their PURLs state; a document adds packages, and neither owns files nor excludes anything.
// The packages of a document of Bitnami are installed, and so are the libraries in a wheel. Of other documents, packages
// that analyzers find by themselves are Declared, and so are those that only a name identifies.
func New() analyzer.Analyzer {
	return analyzer.Func(analyzer.Info{
		Name: "runtimes", Version: 2, MaxSize: maxSize,
		Patterns: append([]string{"**/release", "**/include/node/node_version.h"}, documents...),
	}, analyze)
}

func analyze(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
	switch path.Base(f.Path) {
	case "release":
		return java(f)
	case "node_version.h":
		return node(f)
	}
	return document(ctx, f)
}

// one returns a result of one package.
func one(p analyzer.Package) *analyzer.Result {
	return &analyzer.Result{Packages: []analyzer.Package{p}}
}
