package dpkg

import (
	"bytes"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/internal/diagnostic"
	"github.com/hullmark/hullmark/internal/license"
)

// maxSynopsis is the length in bytes of the longest name in a License field.
const maxSynopsis = 512

// maxLicenses is the number of licences that are listed per file, as declared. The file of a kernel has some hundred.
const maxLicenses = 2048

// A licenseList lists licences once each, in linear time: files repeat the few names that they have.
type licenseList struct {
	found []string
	seen  map[string]bool // names as declared
}

// add adds the licence with a name. With known, it ignores names that are no SPDX expressions. It returns false if there are too many names.
func (l *licenseList) add(name []byte, known bool) bool {
	if l.seen[string(name)] {
		return true
	}
	if len(l.seen) == maxLicenses {
		return false
	}
	if l.seen == nil {
		l.seen = make(map[string]bool)
	}
	declared := string(name)
	e, ok := license.Normalize(strings.ToValidUTF8(declared, "\uFFFD"))
	if (ok || !known) && !slices.Contains(l.found, e) {
		l.found = append(l.found, e)
	}
	l.seen[declared] = true
	return true
}

// parseCopyright returns the licences that a copyright file names, in order, as SPDX expressions if possible. The file is
// machine-readable (DEP-5, whose first field is Format) or free text.
func parseCopyright(text []byte, bad *diagnostic.List) []string {
	if isMachineReadable(text) {
		return parseSynopses(text, bad)
	}
	return parseFreeText(text)
}

func isMachineReadable(text []byte) bool {
	text = bytes.TrimLeft(text, " \t\r\n\ufeff")
	name, rest, ok := bytes.Cut(text, []byte(":"))
	if !ok || !bytes.EqualFold(name, []byte("Format")) && !bytes.EqualFold(name, []byte("Format-Specification")) {
		return false
	}
	value, _, _ := bytes.Cut(rest, []byte("\n"))
	return bytes.Contains(value, []byte("://")) || bytes.Contains(bytes.ToLower(value), []byte("dep"))
}

// parseSynopses returns the first line of each License field. The other lines are the text of the licence.
func parseSynopses(text []byte, bad *diagnostic.List) []string {
	var list licenseList
	for fields := range paragraphs(text, bad) {
		for _, f := range fields {
			if !bytes.EqualFold(f.name, []byte("License")) {
				continue
			}
			first, _, _ := bytes.Cut(f.value, []byte("\n"))
			if first = bytes.TrimSpace(first); len(first) == 0 {
				continue
			}
			if len(first) > maxSynopsis {
				bad.Line(f.line, "License is longer than %d bytes", maxSynopsis)
				continue
			}
			if !list.add(first, false) {
				bad.Line(f.line, "more than %d licences", maxLicenses)
				return list.found
			}
		}
	}
	return list.found
}

// parseFreeText finds licences in free text by lines "License: NAME", by phrases of licences and their notices, and by
// references to /usr/share/common-licenses. It ignores a reference if a notice names the licence more precisely.
func parseFreeText(text []byte) []string {
	var list licenseList
	for row := range bytes.Lines(text) {
		if value, ok := bytes.CutPrefix(bytes.TrimSpace(row[:min(len(row), maxSynopsis)]), []byte("License: ")); ok && !list.add(value, true) {
			break
		}
	}
	found := list.found
	for _, id := range license.Detect(text) {
		found = appendNew(found, id)
	}
	for _, name := range commonLicenses(text) {
		e, _ := license.Normalize(name)
		covered := slices.ContainsFunc(found, func(id string) bool { return sameText(id, name) })
		if !covered {
			found = append(found, e)
		}
	}
	return found
}

// commonLicenses returns the distinct base names of the licence texts of base-files that text refers to.
func commonLicenses(text []byte) []string {
	var names []string
	for len(names) < 32 { // about twenty exist
		_, rest, ok := bytes.Cut(text, []byte("/usr/share/common-licenses/"))
		if !ok {
			break
		}
		n := 0
		for n < len(rest) && n < 64 && (rest[n] == '.' || rest[n] == '-' || '0' <= rest[n] && rest[n] <= '9' ||
			'a' <= rest[n] && rest[n] <= 'z' || 'A' <= rest[n] && rest[n] <= 'Z') {
			n++
		}
		if name := strings.TrimRight(string(rest[:n]), ".-"); name != "" {
			names = appendNew(names, name)
		}
		text = rest
	}
	return names
}

// sameText reports whether an identifier, "GPL-2.0-or-later", is for the licence text with a name, "GPL-2", or "GPL" for any
// version.
func sameText(id, name string) bool {
	if !strings.Contains(name, "-") {
		return strings.HasPrefix(id, name+"-")
	}
	return id == name || strings.HasPrefix(id, name+"-") || strings.HasPrefix(id, name+".0-")
}

func appendNew(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}
