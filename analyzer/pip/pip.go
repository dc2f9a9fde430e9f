// Package pip finds Python distributions: installed ones by their metadata on disk, distributions inside eggs and wheels,
// distributions that lock files and requirements declare, and packages of conda.
//
// The formats are those of the PyPA specifications: core metadata, recording installed projects, direct URL, and the egg-info
// of older setuptools. Ambiguous files are read as CPython's importlib.metadata reads them.
package pip

import (
	"context"
	"path"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/problem"
)

const typePyPI = "pypi"

// New returns the analyzer. Packages have type "pypi" or "conda" and the name that their author writes. Depends holds normal
// names (PEP 503). Provides holds the package's own normal name if it differs from Name. Packages that lock files and
// requirements pin are Declared, and so are the libraries that pip and setuptools list in _vendor.
//
// The files beside METADATA or PKG-INFO give fragments without a name: RECORD and installed-files.txt give Files, requires.txt
// gives Depends, and direct_url.json gives the qualifiers "vcs_url", "download_url" and "editable".
func New() analyzer.Analyzer {
	info := analyzer.Info{Name: "pip", Version: 1}
	for _, dir := range []string{"*.dist-info", "*.DIST-INFO"} {
		for _, base := range []string{"METADATA", "RECORD", "direct_url.json"} {
			info.Patterns = append(info.Patterns, "**/"+dir+"/"+base)
		}
	}
	for _, dir := range []string{"*.egg-info", "*.EGG-INFO", "EGG-INFO"} {
		for _, base := range []string{"PKG-INFO", "installed-files.txt", "requires.txt"} {
			info.Patterns = append(info.Patterns, "**/"+dir+"/"+base)
		}
	}
	info.Patterns = append(info.Patterns,
		"**/*.egg-info", "**/*.egg", "**/*.whl", "**/conda-meta/*.json",
		"**/*requirements*.txt", "**/requirements/*.txt", "**/_vendor/vendor.txt", "**/_vendor/vendored.txt", "**/Pipfile.lock",
		"**/poetry.lock", "**/uv.lock", "**/pdm.lock", "**/pylock.toml", "**/pylock.*.toml",
	)
	return analyzer.Func(info, analyze)
}

func analyze(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
	dir, base := path.Split(f.Path)
	dir = path.Clean(dir)
	ext := strings.ToLower(path.Ext(base))
	if ext == ".egg" || ext == ".whl" {
		return analyzeArchive(ctx, f)
	}
	text, err := f.Bytes()
	if err != nil {
		return nil, err
	}
	r := new(analyzer.Result)
	var bad problem.List
	switch {
	case base == "METADATA", base == "PKG-INFO", ext == ".egg-info":
		if p, ok := parseMetadata(text, &bad); ok {
			r.Packages = []analyzer.Package{p}
		}
		r.Diagnostics = bad.Diagnostics()
		return r, nil
	case ext == ".json" && path.Base(dir) == "conda-meta":
		p, err := parseConda(text, path.Dir(dir))
		if err == nil {
			r.Packages = []analyzer.Package{p}
		}
		return r, err
	case base == "Pipfile.lock":
		return parsePipfileLock(text)
	case ext == ".lock", ext == ".toml":
		return parseLock(text)
	}
	part := analyzer.Package{Type: typePyPI}
	switch base {
	case "RECORD":
		part.Files = parseRecord(text, path.Dir(dir), &bad)
	case "installed-files.txt":
		part.Files = parseInstalledFiles(text, dir)
	case "requires.txt":
		part.Depends = parseRequires(text)
	case "direct_url.json":
		err = parseDirectURL(text, &part)
	default:
		return parseRequirements(text), nil
	}
	if part.Files != nil || part.Depends != nil || part.Qualifiers != nil || part.Hashes != nil {
		r.Fragments = []analyzer.Package{part}
	}
	r.Diagnostics = bad.Diagnostics()
	return r, err
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
