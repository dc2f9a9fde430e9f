package runtimes

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/hold"
	"github.com/hullmark/hullmark/internal/inventory"
	"github.com/hullmark/hullmark/internal/jsonstream"
	"github.com/hullmark/hullmark/internal/problem"
	"github.com/hullmark/hullmark/internal/spdx"
)

const (
	maxPackages = 10_000   // of a document
	maxHeld     = 64 << 20 // bytes of the result and of the decoded values
)

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

// document reads an SBOM in SPDX or CycloneDX. It takes names and versions only: any image can have a document, so none may
// own files, exclude a package from matching or name the distribution. Packages of distributions are left to their databases, also the copies
// of their libraries that a wheel has: they are no packages of this image's distribution.
func document(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
	text, err := f.Bytes()
	if err != nil {
		return nil, fmt.Errorf("runtimes: %w", err)
	}
	if err := hold.New(ctx, f, maxHeld).Decoded(text, ":,"); err != nil {
		return nil, fmt.Errorf("runtimes: %w", err)
	}
	of := originOf(f.Path)
	out := inventory.New(maxPackages)
	r := jsonstream.New(text)
	doc, bom := spdx.NewReader(out, maxPackages), bomReader{Reader: r, out: out}
	noted, err := r.Read(func(_ json.Delim, key string) error {
		if known, err := bom.member(key); known || err != nil {
			return err
		}
		if known, err := doc.Member(r, key); known || err != nil {
			return err
		}
		return r.Skip()
	})
	switch {
	case err != nil || bom.format == "CycloneDX":
	case doc.Version == "" && of != ofApplication:
		return nil, nil // another document in JSON
	case !doc.Supported():
		err = fmt.Errorf("%.20q is not a version of SPDX that is read: %w", doc.Version, analyzer.ErrUnsupported)
	default:
		var first error // of the package that the document is about
		err = doc.Finish(func(e *inventory.Entry) {
			if of == ofApplication {
				first = out.Add(e)
			}
		}, out.Add)
		err = cmp.Or(err, first)
	}
	if err != nil {
		return nil, fmt.Errorf("runtimes: %w", err)
	}
	var bad problem.List
	for _, n := range noted {
		bad.Add(n)
	}
	report := out.Report()
	result := &analyzer.Result{Diagnostics: bad.Diagnostics()}
	for i := range report.Components {
		p := &report.Components[i].Package
		if p.System || p.Name == "" || p.Type == "oci" || p.Type == "docker" || isLocal(p) || of == ofWheel && isSelf(f.Path, p) {
			continue
		}
		result.Packages = append(result.Packages, analyzer.Package{
			Type: p.Type, Namespace: p.Namespace, Name: p.Name, Version: p.Version, Vendor: p.Vendor,
			Qualifiers: p.Qualifiers, Licenses: p.Licenses, Hashes: p.Hashes, Declared: of.declares(p),
		})
	}
	for _, d := range report.Diagnostics {
		result.Diagnostics = append(result.Diagnostics, d.Diagnostic)
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
