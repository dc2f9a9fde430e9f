package assess

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

// A Pipeline assesses images. Every step but the first is optional: the zero value of a field leaves its step out. A Pipeline may
// be used by several goroutines at once.
type Pipeline struct {
	Scanner   scan.Scanner       // reads images
	Source    matcher.Source     // of advisories; nil matches nothing
	Declared  bool               // also take packages that only lock files and manifests name
	Include   []analyzer.Place   // also take packages at these places, analyzer.Cached and analyzer.TestData
	Exclude   []report.Exclusion // leaves out packages and findings before anything is matched
	VEX       report.VEX         // statements about vulnerabilities, such as vex.Documents
	Policy    report.Policy      // such as a *policy.Document
	View      report.View        // hides matches from the reader
	Base      *report.Base       // the image that it was built on; nil finds it by annotations, labels and history
	NewerBase *report.Assessment // of an image to build on instead, to compare with
	Gate      report.Gate        // disallows findings

	// Match replaces matcher.Matcher.Match, for a program that has the matches of parts of the report, such as catalog.Match. The result
	// must be the same. It is not used if Exclude changes the report.
	Match func(ctx context.Context, m matcher.Matcher, found *analyzer.Report) (*matcher.Result, error)

	Name  string   // the image's, for the reader; default: the reference by which it was opened
	Names []string // further names that VEX documents and policies have for it; policies use the first one

	// SBOMs returns the serial numbers of the image's SBOMs, to which BOM-Links in VEX documents may lead, such as
	// sbom.SerialNumbers. Nil resolves no BOM-Links.
	SBOMs func(name string, report *analyzer.Report, result *matcher.Result) []string

	Tool report.Tool // named by formats that ask for the program that scanned
	Now  time.Time   // decides end of life and expiry; default: the current time
}

// Image scans an image and assesses it. An image that is an unpacked file system is scanned as one.
func (p Pipeline) Image(ctx context.Context, img v1.Image) (*report.Assessment, error) {
	found, err := p.Scanner.Scan(ctx, img)
	if err != nil {
		return nil, err
	}
	var config *v1.ConfigFile
	if !isRootFS(img) {
		if config, err = img.ConfigFile(); err != nil {
			return nil, fmt.Errorf("assess: configuration: %w", err)
		}
	}
	if opened, ok := img.(interface{ Reference() string }); ok && p.Name == "" {
		p.Name = opened.Reference()
	}
	return p.Report(ctx, found, config)
}

// FS scans an unpacked root file system and assesses it.
func (p Pipeline) FS(ctx context.Context, root fs.FS) (*report.Assessment, error) {
	found, err := p.Scanner.ScanFS(ctx, root)
	if err != nil {
		return nil, err
	}
	return p.Report(ctx, found, nil)
}

func isRootFS(img v1.Image) bool {
	opened, ok := img.(interface{ Root() fs.FS })
	return ok && opened.Root() != nil
}

// Report assesses the report of a scan or an SBOM. The configuration is for policies; it is nil for a file system and an SBOM.
func (p Pipeline) Report(ctx context.Context, found *analyzer.Report, config *v1.ConfigFile) (*report.Assessment, error) {
	if found == nil {
		return nil, errors.New("assess: no report")
	}
	if p.Now.IsZero() {
		p.Now = time.Now()
	}
	base := p.Base
	if base == nil {
		base = report.FindBase(found, config) // by the packages that an Exclusion may leave out, too
	}
	found, excluded, err := report.Exclude(found, p.Exclude)
	if err != nil {
		return nil, err
	}
	o := report.Options{Name: p.Name, Tool: p.Tool, Time: p.Now, Declared: p.Declared, Include: p.Include, View: p.View, Gate: p.Gate, Excluded: excluded, Base: base, NewerBase: p.NewerBase}
	if p.Source == nil {
		if p.VEX != nil || p.Policy != nil || p.Gate != (report.Gate{}) {
			return nil, errors.New("assess: a gate, a policy or VEX statements need a Source of advisories")
		}
		return report.New(found, nil, o), nil
	}
	match := p.Match
	if match == nil || len(p.Exclude) > 0 {
		match = func(ctx context.Context, m matcher.Matcher, found *analyzer.Report) (*matcher.Result, error) {
			return m.Match(ctx, found)
		}
	}
	result, err := match(ctx, p.matcher(), found)
	if err != nil {
		return nil, err
	}
	if d, ok := p.Source.(matcher.Describer); ok {
		o.Database = d.Describe()
	}
	if p.VEX != nil {
		names := append(slices.Clone(p.Names), p.Name)
		if p.SBOMs != nil {
			names = append(names, p.SBOMs(p.Name, found, result)...)
		}
		if t, ok := p.VEX.(interface{ At(time.Time) report.VEX }); ok {
			p.VEX = t.At(p.Now)
		}
		result, o.VEX = p.VEX.Apply(found, result, names)
	}
	if p.Policy != nil {
		in := report.PolicyInput{Reference: p.Name, Config: config, Report: found, Result: result, Now: p.Now, Base: base, Database: o.Database}
		if len(p.Names) > 0 {
			in.Reference = p.Names[0]
		}
		if o.Verdict, err = p.Policy.Evaluate(ctx, in); err != nil {
			return nil, err
		}
		if t, ok := p.VEX.(interface{ Next(time.Time) time.Time }); ok && o.Verdict != nil {
			if next := t.Next(p.Now); !next.IsZero() && (o.Verdict.Next.IsZero() || next.Before(o.Verdict.Next)) {
				v := *o.Verdict
				v.Next = next
				o.Verdict = &v
			}
		}
	}
	return report.New(found, result, o), nil
}

func (p Pipeline) matcher() matcher.Matcher {
	return matcher.Matcher{Source: p.Source, Declared: p.Declared, Include: p.Include, Now: p.Now}
}
