package pip

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
	"github.com/hullmark/hullmark/internal/diagnostic"
	"github.com/hullmark/hullmark/internal/license"
)

// maxValue is the length in bytes of the longest header value that is kept. Longer values are reported.
const maxValue = 256 << 10

// maxClassifiers is the number of licence classifiers that are kept. About 80 exist.
const maxClassifiers = 128

// parseMetadata reads core metadata: headers as in RFC 822 up to the first blank line, followed by the description. The first
// header with a name wins. parseMetadata returns false if the headers up to the first bad one describe no package.
func parseMetadata(text []byte, bad *diagnostic.List, m *membudget.Meter) (analyzer.Package, bool) {
	p := analyzer.Package{Type: typePyPI}
	var licence, expression string
	var classifiers, depends []string
	headers(text, bad, func(line int, name string, value []byte) {
		if len(value) > maxValue {
			bad.Line(line, "%s is longer than %d bytes", name, maxValue)
			return
		}
		s := func() string { return strings.ToValidUTF8(string(value), "\uFFFD") }
		first := func(to *string) {
			if *to == "" {
				*to = s()
			}
		}
		switch name {
		case "name":
			first(&p.Name)
		case "version":
			first(&p.Version)
		case "license":
			first(&licence)
		case "license-expression":
			first(&expression)
		case "classifier":
			if c, ok := strings.CutPrefix(s(), "License :: "); ok && len(classifiers) < maxClassifiers {
				classifiers = append(classifiers, c)
			}
		case "requires-dist":
			if dep, ok := requirementName(s()); ok && m.List(2, len(dep)) == nil { // the list grows
				depends = append(depends, dep)
			}
		}
	})
	switch {
	case p.Name == "" || p.Name == "UNKNOWN":
		bad.Add(errors.New("no Name"))
		return analyzer.Package{}, false
	case strings.ContainsAny(p.Name, " \t\r\n/"):
		bad.Add(fmt.Errorf("not a name: %.80q", p.Name))
		return analyzer.Package{}, false
	case p.Version == "":
		bad.Add(fmt.Errorf("%s: no Version", p.Name))
		return analyzer.Package{}, false
	}
	if normal := normalName(p.Name); normal != p.Name {
		p.Provides = []string{normal}
	}
	slices.Sort(depends)
	p.Depends = slices.Compact(depends)
	p.Licenses = licenses(expression, licence, classifiers)
	return p, true
}

// headers calls f for each header with its lower-case name and trimmed value. A line that begins with a blank continues the
// value above it. A blank line or a line that is not a header ends the headers, as in email.parser, which importlib.metadata
// uses.
func headers(text []byte, bad *diagnostic.List, f func(line int, name string, value []byte)) {
	for line := 1; len(text) > 0; {
		row, size := cutLine(text)
		if len(row) == 0 {
			return
		}
		colon := bytes.IndexByte(row, ':')
		if colon <= 0 || bytes.ContainsAny(row[:colon], " \t") {
			bad.Line(line, "not a header: %.40q", row)
			return
		}
		end, rows := size, 1
		for end < len(text) && (text[end] == ' ' || text[end] == '\t') {
			_, n := cutLine(text[end:])
			end += n
			rows++
		}
		if colon <= len("License-Expression") {
			f(line, strings.ToLower(string(row[:colon])), bytes.TrimSpace(text[colon+1:end]))
		}
		text = text[end:]
		line += rows
	}
}

// cutLine returns the first line of text without its end, and the size of the line with its end.
func cutLine(text []byte) (row []byte, size int) {
	size = bytes.IndexByte(text, '\n') + 1
	if size == 0 {
		size = len(text)
	}
	return bytes.TrimRight(text[:size], "\r\n"), size
}

// requirementName returns the normal name in a requirement, "Requests[socks] (>=2.0) ; python_version < '3'". It returns false
// if the requirement is invalid or belongs to an extra, which the distribution does not need.
func requirementName(s string) (string, bool) {
	spec, marker, _ := strings.Cut(s, ";")
	if hasExtra(marker) {
		return "", false
	}
	spec = strings.TrimSpace(spec)
	if i := strings.IndexAny(spec, " \t\n\r[(<>=!~@;"); i >= 0 {
		spec = spec[:i]
	}
	if !isName(spec) {
		return "", false
	}
	return normalName(spec), true
}

// hasExtra reports whether a marker names the variable "extra".
func hasExtra(marker string) bool {
	for w := range strings.FieldsFuncSeq(marker, func(r rune) bool { return strings.ContainsRune(" \t()=!<>~'\"", r) }) {
		if w == "extra" {
			return true
		}
	}
	return false
}

// licenses returns the licences. Metadata 2.4 has an SPDX expression. In older metadata, License may be a name, a text or
// meaningless, and a classifier can be ambiguous ("BSD License"). SPDX expressions win over the name in License, which wins
// over ambiguous classifiers. A text is the last resort.
func licenses(expression, licence string, classifiers []string) []string {
	if expression != "" {
		e, _ := license.Normalize(expression)
		return []string{e}
	}
	isText := strings.Contains(licence, "\n") || len(licence) > 200
	if !isText {
		if e, ok := license.Normalize(licence); ok {
			return []string{e}
		}
	}
	var known, declared []string
	for _, c := range classifiers {
		c = c[strings.LastIndex(c, " :: ")+1:]
		c = strings.TrimPrefix(c, ":: ")
		if c == "OSI Approved" || c == "DFSG approved" {
			continue
		}
		if e, ok := license.Normalize(c); ok {
			known = appendNew(known, e)
		} else {
			declared = appendNew(declared, e)
		}
	}
	switch {
	case known != nil:
		return append(known, declared...)
	case licence != "" && !isText && licence != "UNKNOWN":
		return []string{strings.Join(strings.Fields(licence), " ")}
	case declared != nil:
		return declared
	case isText:
		return license.Detect([]byte(licence))
	}
	return nil
}

func appendNew(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}
