package pluginpb

import (
	"errors"

	"github.com/hullmark/hullmark/analyzer"
)

// DecodeAnswer adds an answer to a result and its problems. A file may have several answers.
func DecodeAnswer(a *Answer, r *analyzer.Result, problems []error) []error {
	r.Packages = appendPackages(r.Packages, a.Packages)
	r.Fragments = appendPackages(r.Fragments, a.Fragments)
	for _, f := range a.Findings {
		r.Findings = append(r.Findings, analyzer.Finding{Rule: f.Rule, Title: f.Title, Detail: f.Detail, Severity: f.Severity, Line: int(f.Line)})
	}
	if d := a.Distro; d != nil {
		r.Distro = &analyzer.Distro{ID: d.Id, VersionID: d.VersionId, Codename: d.Codename, Name: d.Name, Like: d.Like, CPE: d.Cpe, Rank: int(d.Rank)}
	}
	if len(a.Fact) > 0 {
		r.Fact = append(r.Fact, a.Fact...)
	}
	for _, p := range a.Problems {
		problems = append(problems, &problemError{p.Kind, p.Message})
	}
	return problems
}

func appendPackages(list []analyzer.Package, encoded []*Package) []analyzer.Package {
	if list == nil && len(encoded) > 0 {
		list = make([]analyzer.Package, 0, len(encoded))
	}
	for _, p := range encoded {
		d := analyzer.Package{
			Namespace: p.Namespace, Type: p.Type, Name: p.Name, Version: p.Version, Arch: p.Arch,
			System: p.System, Vendor: p.Vendor, Qualifiers: p.Qualifiers,
			Licenses: p.Licenses, Files: p.Files, Depends: p.Depends, Provides: p.Provides,
			Hashes: p.Hashes, Declared: p.Declared, Dev: p.Dev, ArchivePath: p.Inside,
		}
		if p.Origin != nil {
			d.SourcePackage = &analyzer.SourcePackage{Name: p.Origin.Name, Version: p.Origin.Version}
		}
		list = append(list, d)
	}
	return list
}

// A problemError converts a problem back to an error.
type problemError struct {
	kind    Problem_Kind
	message string
}

func (e *problemError) Error() string { return e.message }

func (e *problemError) Unwrap() error {
	switch e.kind {
	case Problem_TOO_LARGE:
		return analyzer.ErrTooLarge
	case Problem_UNSUPPORTED:
		return analyzer.ErrUnsupported
	case Problem_PANIC:
		return analyzer.ErrPanic
	case Problem_UNAVAILABLE:
		return analyzer.ErrUnavailable
	}
	return nil
}

// Problems returns the error of an analyzer with these problems: nil, the only one, or all joined.
func Problems(list []error) error {
	if len(list) == 1 {
		return list[0]
	}
	return errors.Join(list...)
}
