package runtimes

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	bom "github.com/hullmark/hullmark/analyzer/internal/embeddedsbom"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
)

const maxHeld = 64 << 20 // bytes of the result and of the decoded values of a document

// documents are the patterns of SBOMs in images. Documents elsewhere belong to packages of ecosystems, which other analyzers find.
var documents = []string{
	"**/.spdx-*.spdx",             // Bitnami
	"**/*.dist-info/sboms/*.json", // wheels, PEP 770

	// Cloud Native Buildpacks, which write the same in SPDX beside it
	"layers/sbom/launch/*/sbom.cdx.json", "layers/sbom/launch/*/*/sbom.cdx.json",

	// vendors of images
	"usr/lib/sbom/*.json", "usr/lib/sbom/*/*.json", "usr/share/spdx/*.json", // of distributions, and of Talos
	"var/lib/db/sbom/*.json", // melange: Wolfi and Chainguard

	"opt/*/sbom/*.json", "opt/*/sbom/*/*.json", "usr/share/sbom/*.json", "usr/share/sbom/*/*.json",
	"*.cdx.json", "*.spdx.json", "sbom.json",
}

// An origin is the kind of a document in an image.
type origin int

const (
	ofVendor      origin = iota // an image, or part of it
	ofApplication               // an application of Bitnami, without another description
	ofWheel                     // the libraries that a distribution of Python bundles
)

func originOf(file string) origin {
	switch dir, base := path.Split(file); {
	case strings.HasPrefix(base, ".spdx-"):
		return ofApplication
	case strings.HasSuffix(dir, ".dist-info/sboms/"):
		return ofWheel
	}
	return ofVendor
}

// document reads an SBOM in SPDX or CycloneDX.
func document(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
	text, err := f.Bytes()
	if err != nil {
		return nil, fmt.Errorf("runtimes: %w", err)
	}
	if err := membudget.New(ctx, f, maxHeld).Decoded(text, bom.Marks); err != nil {
		return nil, fmt.Errorf("runtimes: %w", err)
	}
	of := originOf(f.Path)
	d, err := bom.Read(text, of == ofApplication)
	if err != nil {
		return nil, fmt.Errorf("runtimes: %w", err)
	}
	if d == nil {
		return nil, nil
	}
	result := &analyzer.Result{Diagnostics: d.Diagnostics}
	for i := range d.Packages {
		p := &d.Packages[i]
		if isLocal(p) || of == ofWheel && isSelf(f.Path, p) {
			continue
		}
		p.Declared = of.declares(p)
		result.Packages = append(result.Packages, *p)
	}
	return result, nil
}

// analyzed are the types of packages that the analyzers of this module find in the files of an image.
var analyzed = []string{"bioconductor", "composer", "conda", "cran", "gem", "golang", "maven", "npm", "nuget", "pear", "pypi"}

// unknown are types that have no advisories.
var unknown = []string{"bitbucket", "generic", "git", "github", "gitlab"}

// declares reports whether a document is no evidence that a package is installed. The analyzers find those of ecosystems in the files. A name
// without an ecosystem or a CPE identifies nothing.
func (o origin) declares(p *analyzer.Package) bool {
	switch {
	case o == ofApplication:
		return false
	case slices.Contains(unknown, p.Type):
		return p.Qualifiers["cpe"] == ""
	}
	return o == ofVendor && slices.Contains(analyzed, p.Type)
}

// isSelf reports whether a package is the distribution whose metadata have a document: NAME-VERSION.dist-info/sboms.
func isSelf(file string, p *analyzer.Package) bool {
	name, _ := strings.CutSuffix(path.Base(path.Dir(path.Dir(file))), ".dist-info")
	fold := strings.NewReplacer("-", "_", ".", "_")
	return p.Type == "pypi" && strings.EqualFold(fold.Replace(name), fold.Replace(p.Name+"-"+p.Version))
}

// isLocal reports whether a package was built from a directory, as the crates of a wheel's own sources.
func isLocal(p *analyzer.Package) bool {
	return strings.HasPrefix(p.Qualifiers["download_url"], "file:")
}
