package pluginpb

import (
	"fmt"

	"github.com/hullmark/hullmark/analyzer"
)

// DecodeAnswer adds an answer to a result and returns the error of the analyzer. A file may have several answers.
func DecodeAnswer(a *Answer, r *analyzer.Result) (err error) {
	r.Packages = appendPackages(r.Packages, a.Packages)
	r.Fragments = appendPackages(r.Fragments, a.Fragments)
	for _, f := range a.Findings {
		r.Findings = append(r.Findings, analyzer.Finding{Rule: f.Rule, Title: f.Title, Detail: f.Detail, Severity: f.Severity, Line: int(f.Line)})
	}
	for _, f := range a.Records {
		r.Records = append(r.Records, analyzer.Record{Kind: f.Kind, Key: f.Key, Line: int(f.Line), Fields: f.Fields})
	}
	if d := a.Distro; d != nil {
		r.Distro = &analyzer.Distro{ID: d.Id, VersionID: d.VersionId, Codename: d.Codename, Name: d.Name, Like: d.Like, CPE: d.Cpe, Repositories: d.Repositories, Rank: int(d.Rank)}
	}
	if len(a.Fact) > 0 {
		r.Fact = append(r.Fact, a.Fact...)
	}
	for _, p := range a.Problems {
		switch {
		case p.Kind == Problem_UNAVAILABLE, p.Failed && p.Kind != Problem_PANIC:
			err = &failure{p}
		default:
			r.Diagnostics = append(r.Diagnostics, decodeProblem(p))
		}
	}
	return err
}

func appendPackages(list []analyzer.Package, encoded []*Package) []analyzer.Package {
	if list == nil && len(encoded) > 0 {
		list = make([]analyzer.Package, 0, len(encoded))
	}
	for _, p := range encoded {
		d := analyzer.Package{
			Namespace: p.Namespace, Type: p.Type, Name: p.Name, Version: p.Version, Arch: p.Arch,
			System: p.System, Vendor: p.Vendor, Signer: p.Signer, Qualifiers: p.Qualifiers,
			Licenses: p.Licenses, Files: p.Files, Depends: p.Depends, Provides: p.Provides,
			Hashes: p.Hashes, Declared: p.Declared, Stated: p.Stated, Dev: p.Dev, ArchivePath: p.Inside, Recorded: analyzer.Recorded(p.Recorded),
		}
		if p.Origin != nil {
			d.SourcePackage = &analyzer.SourcePackage{Name: p.Origin.Name, Version: p.Origin.Version}
		}
		if p.Functions != nil {
			d.Functions = &analyzer.Functions{Linked: string(p.Functions.Linked), Inlined: string(p.Functions.Inlined)}
		}
		list = append(list, d)
	}
	return list
}

func decodeProblem(p *Problem) analyzer.Diagnostic {
	d := analyzer.Diagnostic{Code: analyzer.DiagnosticCode(p.Code), Line: int(p.Line), Message: p.Message, Type: p.Type}
	if d.Code != "" {
		return d
	}
	switch p.Kind {
	case Problem_TOO_LARGE:
		d.Code = analyzer.TooLarge
	case Problem_UNSUPPORTED:
		d.Code = analyzer.Unsupported
	case Problem_PANIC:
		d.Code = analyzer.Panicked
	default:
		d.Code = analyzer.Malformed
	}
	return d
}

// A failure is the error of an analyzer that failed or was not available.
type failure struct{ *Problem }

func (e *failure) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("line %d: %s", e.Line, e.Message)
	}
	return e.Message
}

func (e *failure) Unwrap() error {
	switch e.Kind {
	case Problem_TOO_LARGE:
		return analyzer.ErrTooLarge
	case Problem_UNSUPPORTED:
		return analyzer.ErrUnsupported
	case Problem_UNAVAILABLE:
		return analyzer.ErrUnavailable
	}
	return nil
}
