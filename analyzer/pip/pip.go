// Package pip finds Python distributions: installed ones by their metadata on disk, distributions inside eggs, wheels and zipped
// applications, distributions that lock files and requirements declare, and packages of conda.
//
// The formats are those of the PyPA specifications: core metadata, recording installed projects, direct URL, and the egg-info
// of older setuptools. Ambiguous files are read as CPython's importlib.metadata reads them.
package pip

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
	"github.com/hullmark/hullmark/internal/diagnostic"
)

const typePyPI = "pypi"

// The sizes in bytes of the largest files that are read, and of the largest results. TestLargeInput reads a RECORD of 500,000 files.
const (
	maxRecord   = 96 << 20 // RECORD, installed-files.txt and the records of conda
	maxText     = 16 << 20 // other files
	maxFiles    = 96 << 20 // result of a list of files
	maxPackages = 64 << 20 // other results
	maxEntry    = 4 << 20  // a value in the record of conda, as package jsonstream counts it
)

// New returns the analyzer. Packages have type "pypi" or "conda" and the name that their author writes. Depends holds normal
// names (PEP 503). Provides holds the package's own normal name if it differs from Name. Packages that lock files and
// requirements pin are Declared, except the libraries that pip and setuptools list in _vendor, which are there.
//
// A directory *.dist-info or *.egg-info may hold METADATA or PKG-INFO. The files beside it give fragments without a name: RECORD and installed-files.txt give Files, requires.txt
// gives Depends, and direct_url.json gives the qualifiers "vcs_url", "download_url" and "editable".
//
// Lock files in a distribution are for its developers and are ignored.
func New() analyzer.Analyzer {
	info := analyzer.Info{Name: "pip", Version: 3}
	for _, dir := range []string{"*.dist-info", "*.DIST-INFO", "*.egg-info", "*.EGG-INFO", "EGG-INFO"} {
		for _, base := range []string{"METADATA", "PKG-INFO", "RECORD", "installed-files.txt", "requires.txt", "direct_url.json"} {
			info.Patterns = append(info.Patterns, "**/"+dir+"/"+base)
		}
	}
	info.Patterns = append(info.Patterns,
		"**/*.egg-info", "**/*.egg", "**/*.whl", "**/*.pex", "**/*.pyz", "**/*.pyzw", "**/conda-meta/*.json",
		"**/*requirements*.txt", "**/requirements/*.txt", "**/_vendor/vendor.txt", "**/_vendor/vendored.txt", "**/Pipfile.lock",
		"**/poetry.lock", "**/uv.lock", "**/pdm.lock", "**/pylock.toml", "**/pylock.*.toml",
	)
	return analyzer.Func(info, analyze)
}

func analyze(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
	dir, base := path.Split(f.Path)
	dir = path.Clean(dir)
	ext := strings.ToLower(path.Ext(base))
	switch ext {
	case ".egg", ".whl":
		return analyzeWheel(ctx, f)
	case ".pex", ".pyz", ".pyzw":
		return analyzeApplication(ctx, f)
	}
	if (ext == ".lock" || ext == ".toml") && inSite(dir) {
		return nil, nil
	}
	isConda := ext == ".json" && path.Base(dir) == "conda-meta"
	most, result := int64(maxText), int64(maxPackages)
	if isConda || base == "RECORD" || base == "installed-files.txt" {
		most, result = maxRecord, maxFiles
	}
	if f.Size() > most {
		return nil, fmt.Errorf("pip: %s: %d bytes, more than %d: %w", base, f.Size(), most, analyzer.ErrTooLarge)
	}
	text, err := f.Bytes()
	if err != nil {
		return nil, err
	}
	m := membudget.New(ctx, f, result)
	r := new(analyzer.Result)
	var bad diagnostic.List
	switch {
	case base == "METADATA", base == "PKG-INFO", ext == ".egg-info":
		if p, ok := parseMetadata(text, &bad, m); ok {
			r.Packages, err = m.Append(nil, p)
		}
		r.Diagnostics = bad.Diagnostics()
		return r, tooLarge(base, cmp.Or(err, m.Err()))
	case isConda:
		p, err := parseConda(text, path.Dir(dir), m)
		if err == nil {
			r.Packages = []analyzer.Package{p}
		}
		return r, err
	case base == "Pipfile.lock":
		return parsePipfileLock(text, m)
	case ext == ".lock", ext == ".toml":
		return parseLock(text, membudget.New(ctx, f, 0))
	}
	part := analyzer.Package{Type: typePyPI}
	switch base {
	case "RECORD":
		part.Files = parseRecord(text, path.Dir(dir), &bad, m)
	case "installed-files.txt":
		part.Files = parseInstalledFiles(text, dir, m)
	case "requires.txt":
		part.Depends = parseRequires(text, m)
	case "direct_url.json":
		err = parseDirectURL(text, &part)
	default:
		r, err := parseRequirements(text, m)
		if strings.HasSuffix("/"+dir, "/_vendor") { // the libraries are beside the list, but only pkg_resources of setuptools
			for i := range r.Packages {
				r.Packages[i].Declared = r.Packages[i].Name == "setuptools"
			}
		}
		return r, err
	}
	if m.Err() != nil { // a part of a list would look like all
		return &analyzer.Result{Diagnostics: bad.Diagnostics()}, tooLarge(base, m.Err())
	}
	if part.Files != nil || part.Depends != nil || part.Qualifiers != nil || part.Hashes != nil {
		r.Fragments = []analyzer.Package{part}
	}
	r.Diagnostics = bad.Diagnostics()
	return r, err
}

// inSite reports whether a directory is site-packages or dist-packages, where Python finds distributions, or below one.
func inSite(dir string) bool {
	dir = "/" + dir + "/"
	return strings.Contains(dir, "/site-packages/") || strings.Contains(dir, "/dist-packages/")
}

// tooLarge adds the name of a file to an error of a meter.
func tooLarge(base string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("pip: %s: %w", base, err)
}

// normalName returns the normalized name of PEP 503.
func normalName(name string) string {
	out := make([]byte, 0, len(name))
	for i := range len(name) {
		c := name[i]
		switch {
		case c == '-' || c == '_' || c == '.':
			if len(out) > 0 && out[len(out)-1] == '-' {
				continue
			}
			c = '-'
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		}
		out = append(out, c)
	}
	return string(out)
}

// isName reports whether s is a valid name of a distribution: letters and digits, with ". - _" in between.
func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case (c == '-' || c == '_' || c == '.') && i > 0 && i < len(s)-1:
		default:
			return false
		}
	}
	return s != "" && len(s) <= 256
}
