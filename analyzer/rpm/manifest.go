package rpm

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
	"github.com/hullmark/hullmark/internal/diagnostic"
)

// Images of CBL-Mariner and Azure Linux without an rpm database have two lists instead. Their toolkit writes them
// (toolkit/tools/imagegen/installutils/installutils.go, generateContainerManifests):
//
//	container-manifest-1   rpm -qa
//	container-manifest-2   rpm -qa --qf with ten columns, separated by tabs:
//	                       name, version-release, install time, build time, vendor, epoch, size, architecture,
//	                       epoch as a number, source package
//
// A missing value is "(none)". The second list contains the first. Toolkits before 2022 wrote only four of its columns, without
// architecture and epoch; then the analyzer reads the first list.
const (
	manifestColumns = 10
	none            = "(none)"
)

func analyzeManifest(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
	text, m, err := readText(ctx, f)
	if err != nil {
		return nil, err
	}
	return parseManifest(text, m)
}

// maxManifest is the size in bytes of the largest list that is read. One of a thousand packages has 200 KB.
const maxManifest = 16 << 20

// readText returns the text of a list, and a meter that has counted it.
func readText(ctx context.Context, f *analyzer.File) (string, *membudget.Meter, error) {
	if f.Size() > maxManifest {
		return "", nil, fmt.Errorf("rpm: list of packages: %d bytes, more than %d: %w", f.Size(), maxManifest, analyzer.ErrTooLarge)
	}
	text, err := f.Bytes()
	if err != nil {
		return "", nil, err
	}
	m := membudget.New(ctx, f, 0)
	return string(text), m, m.Bytes(int64(len(text)))
}

// analyzeList reads container-manifest-1 unless container-manifest-2 is usable.
func analyzeList(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
	if manifest := f.Sibling(manifestName); manifest != nil {
		if r, err := analyzeManifest(ctx, manifest); err == nil && (len(r.Packages) > 0 || len(r.Diagnostics) == 0) {
			return new(analyzer.Result), nil
		}
	}
	text, m, err := readText(ctx, f)
	if err != nil {
		return nil, err
	}
	return parseList(text, m)
}

func parseManifest(text string, m *membudget.Meter) (*analyzer.Result, error) {
	return parseLines(text, m, func(line string) (analyzer.Package, error) {
		column := strings.Split(line, "\t")
		if len(column) != manifestColumns {
			return analyzer.Package{}, fmt.Errorf("%d columns, want %d", len(column), manifestColumns)
		}
		for i, c := range column {
			if c == none {
				column[i] = ""
			}
		}
		name, vr, vendor, arch, source := column[0], column[1], column[4], column[7], column[9]
		version, release, ok := strings.Cut(vr, "-")
		if name == "" || !ok || version == "" || release == "" {
			return analyzer.Package{}, fmt.Errorf("name %q, version and release %q", name, vr)
		}
		epoch, err := parseEpoch(column[8])
		p := manifestPackage(name, evr(epoch, version, release), arch)
		p.Vendor = vendor
		if p.SourcePackage = origin(source, epoch); p.SourcePackage == nil && source != "" && err == nil {
			err = fmt.Errorf("source package %q: not name-version-release.src.rpm", source)
		}
		return p, err
	})
}

func parseEpoch(s string) (uint32, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("epoch %q: not a number", s)
	}
	return uint32(n), nil
}

// parseList reads lines of the form name-version-release.arch, which lack epochs.
func parseList(text string, m *membudget.Meter) (*analyzer.Result, error) {
	return parseLines(text, m, func(line string) (analyzer.Package, error) {
		dot := strings.LastIndexByte(line, '.')
		if dot < 0 {
			return analyzer.Package{}, fmt.Errorf("%q: not name-version-release.arch", line)
		}
		name, version, release, ok := cutNVR(line[:dot])
		// A version begins with a digit. Otherwise the line is likely name.version-release.arch, which some scripts write.
		if !ok || version[0] < '0' || version[0] > '9' {
			return analyzer.Package{}, fmt.Errorf("%q: not name-version-release.arch", line)
		}
		return manifestPackage(name, evr(0, version, release), line[dot+1:]), nil
	})
}

func manifestPackage(name, version, arch string) analyzer.Package {
	return analyzer.Package{Type: "rpm", Name: name, Version: version, Arch: arch, System: true}
}

// parseLines returns the packages of the lines. It keeps a package with an error if the package has a name.
func parseLines(text string, m *membudget.Meter, parse func(string) (analyzer.Package, error)) (*analyzer.Result, error) {
	var pkgs []analyzer.Package
	var bad diagnostic.List
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimRight(line, "\r\n")
		if line == "" || strings.HasPrefix(line, keyName+"\t") || strings.HasPrefix(line, keyName+"-") {
			continue
		}
		p, err := parse(line)
		if err != nil {
			bad.Line(n, "%w", err)
		}
		if p.Name == "" {
			continue
		}
		if pkgs, err = m.Append(pkgs, p); err != nil {
			return &analyzer.Result{Diagnostics: bad.Diagnostics()}, fmt.Errorf("rpm: line %d: %w", n, err)
		}
	}
	return &analyzer.Result{Packages: pkgs, Diagnostics: bad.Diagnostics()}, nil
}
