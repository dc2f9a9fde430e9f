// Package cran finds R packages that R installed, by the DESCRIPTION file at the top of each, and R itself.
//
// R CMD INSTALL adds a field Built to the file. A DESCRIPTION without it belongs to the source of a package and is ignored.
//
// Sources: "Writing R Extensions", The DESCRIPTION file and Licensing, https://cran.r-project.org/doc/manuals/R-exts.html; read.dcf of R;
// https://r-pkgs.org/description.html for the fields of remotes.
package cran

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/diagnostic"
	"github.com/hullmark/hullmark/internal/license"
)

// maxSize is the size in bytes of the largest file that is read. Real ones have at most some 20 KB.
const maxSize = 1 << 20

// New returns the analyzer. Packages have type "cran", or "bioconductor" if Bioconductor built them. The qualifier "vcs_url" holds the
// repository of a package that was installed from GitHub or GitLab.
//
// R is a package "r" of type "generic" with a CPE. The packages that R consists of (base, stats, utils and others) are not
// packages of their own.
func New() analyzer.Analyzer {
	return analyzer.Func(analyzer.Info{Name: "cran", Version: 1, Patterns: []string{"**/DESCRIPTION"}, MaxSize: maxSize}, analyze)
}

func analyze(_ context.Context, f *analyzer.File) (*analyzer.Result, error) {
	text, err := f.Bytes()
	if err != nil {
		return nil, fmt.Errorf("cran: %w", err)
	}
	if !bytes.Contains(text, []byte("\nBuilt:")) && !bytes.HasPrefix(text, []byte("Built:")) {
		return nil, nil // a source package, or a file of another program
	}
	var bad diagnostic.List
	r := new(analyzer.Result)
	if p := describe(parse(string(text), &bad), &bad); p != nil {
		r.Packages = append(r.Packages, *p)
	}
	r.Diagnostics = bad.Diagnostics()
	return r, nil
}

// parse reads the first record of a file in Debian control format, as read.dcf does: "Name: value" fields, which indented lines continue.
// The first of several fields with the same name counts.
func parse(text string, bad *diagnostic.List) map[string]string {
	fields := make(map[string]string)
	lines := make(map[string][]string) // lines of the wanted fields
	defer func() {
		for name, l := range lines {
			fields[name] = strings.Join(l, " ")
		}
	}()
	name, fresh := "", false
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimRight(line, " \t\r\n")
		switch first, rest, ok := strings.Cut(line, ":"); {
		case line == "":
			if len(fields) > 0 {
				return fields
			}
		case line[0] == ' ' || line[0] == '\t':
			if fresh {
				lines[name] = append(lines[name], strings.TrimLeft(line, " \t"))
			} else if name == "" {
				bad.Line(number, "continuation without a field")
			}
		case !ok || strings.ContainsAny(first, " \t"):
			bad.Line(number, "no field")
			name, fresh = "?", false // lines that continue it are part of the same fault
		default:
			name = first
			if _, again := fields[name]; again {
				fresh = false
				continue
			}
			fields[name], fresh = strings.TrimSpace(rest), wanted[name]
			if fresh {
				lines[name] = []string{fields[name]}
			}
		}
	}
	return fields
}

// wanted has the fields whose further lines matter. Others, such as Collate and Authors@R, may be long.
var wanted = map[string]bool{"Depends": true, "Imports": true, "License": true, "Package": true, "Version": true, "Repository": true, "Built": true}

// basePackages are parts of R, which has no other versions of them.
var basePackages = []string{
	"base", "compiler", "datasets", "graphics", "grDevices", "grid", "methods", "parallel", "splines", "stats", "stats4", "tcltk", "tools",
	"translations", "utils",
}

// describe returns the package, or nil if it is a part of R or has no proper name or version.
func describe(fields map[string]string, bad *diagnostic.List) *analyzer.Package {
	name, version := fields["Package"], fields["Version"]
	switch {
	case !isName(name):
		bad.Add(fmt.Errorf("field Package is not a name: %.100q", name))
		return nil
	case version == "" || strings.Trim(version, "0123456789.-") != "":
		bad.Add(fmt.Errorf("field Version is not a version: %.100q", version))
		return nil
	case fields["Priority"] == "base":
		if name != "base" {
			return nil
		}
		return &analyzer.Package{
			Type: "generic", Name: "r", Version: version,
			Qualifiers: map[string]string{"cpe": "cpe:2.3:a:r-project:r:" + version + ":*:*:*:*:*:*:*"},
		}
	}
	p := &analyzer.Package{Type: "cran", Name: name, Version: version}
	// Packages of CRAN may have the field biocViews, too, and Posit's mirror of CRAN sets Repository to RSPM.
	repository := strings.ToLower(fields["Repository"])
	if _, ok := fields["biocViews"]; ok && (repository == "" || strings.Contains(repository, "bioc")) {
		p.Type = "bioconductor"
	}
	if l := fields["License"]; l != "" {
		p.Licenses = []string{licenseOf(l)}
	}
	p.Depends = dependsOn(fields["Depends"] + "," + fields["Imports"])
	if url := remote(fields); url != "" {
		p.Qualifiers = map[string]string{"vcs_url": url}
	}
	return p
}

// isName reports whether R accepts the name of a package: letters, digits and dots, a letter first, no dot at the end.
func isName(s string) bool {
	for i, c := range []byte(s) {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && (i == 0 || c != '.' && (c < '0' || c > '9')) {
			return false
		}
	}
	return len(s) >= 2 && len(s) <= 200 && s[len(s)-1] != '.'
}

// dependsOn returns the names in a list such as "R (>= 3.5), methods, rlang (>= 1.0.2)", without R and its parts.
func dependsOn(list string) []string {
	var names []string
	for item := range strings.SplitSeq(list, ",") {
		name, _, _ := strings.Cut(item, "(")
		if name = strings.TrimSpace(name); isName(name) && !slices.Contains(basePackages, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// remote returns the repository that package remotes installed from.
func remote(fields map[string]string) string {
	host := fields["RemoteHost"]
	switch fields["RemoteType"] {
	case "github":
		if host == "" || host == "api.github.com" {
			host = "github.com"
		}
	case "gitlab":
		if host == "" {
			host = "gitlab.com"
		}
	default:
		return ""
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "https://"), "/api/v3")
	user, repository, commit := fields["RemoteUsername"], fields["RemoteRepo"], fields["RemoteSha"]
	for _, s := range []string{host, user, repository, commit} {
		if s == "" || len(s) > 200 || strings.ContainsAny(s, " \t@?#%\\\"'<>") {
			return ""
		}
	}
	return "git+https://" + host + "/" + user + "/" + repository + "@" + commit
}

// licenseOf returns a field License as an SPDX expression: "GPL (>= 2) | file LICENSE" means GPL-2.0-or-later. It returns other
// text unchanged.
func licenseOf(declared string) string {
	var terms []string
	for term := range strings.SplitSeq(declared, "|") {
		name, file, added := strings.Cut(term, "+")
		if added && !strings.HasPrefix(strings.TrimSpace(file), "file ") {
			return declared
		}
		name = strings.TrimSpace(name)
		if strings.HasPrefix(name, "file ") {
			if strings.Contains(declared, "|") {
				continue // the text of the licence that another term names
			}
			return declared
		}
		plain, condition, _ := strings.Cut(strings.TrimSuffix(name, ")"), " (")
		if number, ok := strings.CutPrefix(condition, ">= "); ok {
			name = plain + "-" + number + "+"
		} else if number, ok := strings.CutPrefix(condition, "== "); ok {
			name = plain + " " + number
		} else if condition != "" {
			return declared
		}
		id, ok := license.Normalize(name)
		if !ok {
			return declared
		}
		terms = append(terms, id)
	}
	if len(terms) == 0 {
		return declared
	}
	return strings.Join(terms, " OR ")
}
