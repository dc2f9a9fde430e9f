// Package pip finds Python distributions: those that pip and other installers put in place, as their metadata on disk
// says, and those inside eggs and wheels.
//
// The formats are those of the PyPA specifications: core metadata, recording installed projects, direct URL, entry
// points of the older setuptools for egg-info. Where a file can be read in two ways, importlib.metadata of CPython is
// followed.
package pip

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

const typePyPI = "pypi"

// New returns the analyzer. Packages are of type "pypi", named as their author writes them; Depends holds normal names
// (PEP 503), and Provides the package's own where it differs.
//
// The files beside METADATA or PKG-INFO give fragments that have no name of their own: RECORD and installed-files.txt
// the Files, requires.txt the Depends, direct_url.json the origin as qualifiers "vcs_url", "download_url" and "editable".
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
	info.Patterns = append(info.Patterns, "**/*.egg-info", "**/*.egg", "**/*.whl")
	return analyzer.Func(info, analyze)
}

func analyze(_ context.Context, f *analyzer.File) (*analyzer.Result, error) {
	switch base := path.Base(f.Path); strings.ToLower(path.Ext(base)) {
	case ".egg", ".whl":
		return analyzeArchive(f)
	}
	text, err := f.Bytes()
	if err != nil {
		return nil, err
	}
	part := analyzer.Package{Type: typePyPI}
	switch path.Base(f.Path) {
	case "RECORD":
		part.Files, err = parseRecord(text, path.Dir(path.Dir(f.Path)))
	case "installed-files.txt":
		part.Files = parseInstalledFiles(text, path.Dir(f.Path))
	case "requires.txt":
		part.Depends = parseRequires(text)
	case "direct_url.json":
		err = parseDirectURL(text, &part)
	default: // METADATA, PKG-INFO, NAME.egg-info
		p, err := parseMetadata(text)
		if p.Name == "" {
			return nil, err
		}
		return &analyzer.Result{Packages: []analyzer.Package{p}}, err
	}
	if part.Files == nil && part.Depends == nil && part.Qualifiers == nil && part.Hashes == nil {
		return nil, err
	}
	return &analyzer.Result{Fragments: []analyzer.Package{part}}, err
}

// normalName returns the form of a name in which PEP 503 compares names.
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

// isName reports whether s is a valid name of a distribution: letters, digits, and ". - _" within.
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

// maxErrors is how many bad lines of a file are named one by one.
const maxErrors = 8

// problems collects what is wrong in a file, line by line, up to a bound.
type problems struct {
	errs []error
	more int
}

func (p *problems) add(line int, format string, args ...any) {
	if len(p.errs) == maxErrors {
		p.more++
		return
	}
	p.errs = append(p.errs, fmt.Errorf("pip: line %d: %s", line, fmt.Sprintf(format, args...)))
}
