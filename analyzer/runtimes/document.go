package runtimes

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"

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

// document reads an SPDX document. It takes names and versions only: whoever makes an image can write a document, so none may own
// files, exclude a package from matching or name the distribution. Packages of distributions are left to their databases.
func document(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
	text, err := f.Bytes()
	if err != nil {
		return nil, fmt.Errorf("runtimes: %w", err)
	}
	if err := hold.New(ctx, f, maxHeld).Decoded(text, ":,"); err != nil {
		return nil, fmt.Errorf("runtimes: %w", err)
	}
	out := inventory.New(maxPackages)
	doc := spdx.NewReader(out, maxPackages)
	r := jsonstream.New(text)
	noted, err := r.Read(func(_ json.Delim, key string) error {
		if known, err := doc.Member(r, key); known || err != nil {
			return err
		}
		return r.Skip()
	})
	if err == nil && !doc.Supported() {
		err = fmt.Errorf("%.20q is not a version of SPDX that is read: %w", doc.Version, analyzer.ErrUnsupported)
	}
	if err == nil {
		var first error // of the package that the document is about
		err = doc.Finish(func(e *inventory.Entry) { first = out.Add(e) }, out.Add)
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
		if p.System || p.Name == "" {
			continue
		}
		result.Packages = append(result.Packages, analyzer.Package{
			Type: p.Type, Namespace: p.Namespace, Name: p.Name, Version: p.Version, Vendor: p.Vendor,
			Qualifiers: p.Qualifiers, Licenses: p.Licenses, Hashes: p.Hashes,
		})
	}
	for _, d := range report.Diagnostics {
		result.Diagnostics = append(result.Diagnostics, d.Diagnostic)
	}
	return result, nil
}
