// Package embeddedsbom reads SBOMs that lie in images, in SPDX and CycloneDX.
package embeddedsbom

import (
	"encoding/json"
	"fmt"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/diagnostic"
	"github.com/hullmark/hullmark/internal/jsonstream"
	"github.com/hullmark/hullmark/internal/sbomreport"
	"github.com/hullmark/hullmark/internal/spdx"
)

const maxPackages = 10_000 // most packages of a document

// Marks are the bytes beside each value, for package membudget.
const Marks = ":,"

// A Document has the packages that an SBOM lists. They state names and versions only: any image can have a document, so none may own files,
// exclude a package from matching or name the distribution. Packages of distributions are left to their databases, also the copies of
// their libraries that a wheel has: they are no packages of this image's distribution.
type Document struct {
	Packages    []analyzer.Package
	Diagnostics []analyzer.Diagnostic
}

// Read reads a document in JSON. It returns nil for another text. With subject, the text must be SPDX, and the package that the document is
// about is one of the packages.
func Read(text []byte, subject bool) (*Document, error) {
	out := sbomreport.New(maxPackages)
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
	var first error // error about the package that the document describes
	switch {
	case err != nil || bom.format == "CycloneDX":
	case doc.Version == "" && !subject:
		return nil, nil // another document in JSON
	case !doc.Supported():
		err = fmt.Errorf("%.20q is not a version of SPDX that is read: %w", doc.Version, analyzer.ErrUnsupported)
	default:
		err = doc.Finish(func(e *sbomreport.Entry) {
			if subject {
				first = out.Add(e)
			}
		}, out.Add)
	}
	if err == nil {
		err = first
	}
	if err != nil {
		return nil, err
	}
	var bad diagnostic.List
	for _, n := range noted {
		bad.Add(n)
	}
	report := out.Report()
	d := &Document{Diagnostics: bad.Diagnostics()}
	for i := range report.Components {
		p := &report.Components[i].Package
		if p.System || p.Name == "" || p.Type == "oci" || p.Type == "docker" {
			continue
		}
		d.Packages = append(d.Packages, analyzer.Package{
			Type: p.Type, Namespace: p.Namespace, Name: p.Name, Version: p.Version, Vendor: p.Vendor,
			Qualifiers: p.Qualifiers, Licenses: p.Licenses, Hashes: p.Hashes,
		})
	}
	for _, n := range report.Diagnostics {
		d.Diagnostics = append(d.Diagnostics, n.Diagnostic)
	}
	return d, nil
}
