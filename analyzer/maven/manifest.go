package maven

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// A manifest holds the headers of the main section by lower-case name.
type manifest map[string]string

// maxHeader is the length of the longest header that is kept, in bytes. Only a bundle's lists of Java packages are longer.
const maxHeader = 4096

// parseManifest reads the main section of a META-INF/MANIFEST.MF as the JAR File Specification describes it. A line is
// "Name: value"; a line that begins with a blank continues it. An empty line ends the section. The first header with a name
// wins. Names ignore case, as in java.util.jar. If a line is not a header, parseManifest returns an error with the others.
func parseManifest(text []byte) (manifest, error) {
	m := make(manifest)
	text = bytes.TrimPrefix(text, []byte("\xEF\xBB\xBF"))
	var err error
	for number := 1; len(text) > 0; {
		line, rest := cutLine(text)
		if len(line) == 0 {
			break
		}
		header := line
		at := number
		for number++; len(rest) > 0 && rest[0] == ' '; number++ {
			line, rest = cutLine(rest)
			if len(header) <= maxHeader {
				header = append(header[:len(header):len(header)], line[1:]...)
			}
		}
		text = rest
		name, value, ok := bytes.Cut(header, []byte(":"))
		switch {
		case !ok:
			if err == nil {
				err = fmt.Errorf("line %d: not a header: %.40q", at, header)
			}
		case len(header) <= maxHeader:
			key := strings.ToLower(strings.TrimSpace(string(name)))
			if _, repeated := m[key]; !repeated {
				m[key] = strings.TrimSpace(strings.ToValidUTF8(string(value), "\uFFFD"))
			}
		}
	}
	return m, err
}

// cutLine returns the first line without its end, which is CR, LF or CRLF, and the rest.
func cutLine(text []byte) (line, rest []byte) {
	i := bytes.IndexAny(text, "\r\n")
	if i < 0 {
		return text, nil
	}
	line, rest = text[:i], text[i+1:]
	if text[i] == '\r' && len(rest) > 0 && rest[0] == '\n' {
		rest = rest[1:]
	}
	return line, rest
}

// add copies headers that m lacks from another manifest.
func (m manifest) add(other manifest) {
	for k, v := range other {
		if m[k] == "" {
			m[k] = v
		}
	}
}

// symbolicName returns the bundle's name without directives: "org.x" for "org.x;singleton:=true".
func (m manifest) symbolicName() string {
	name, _, _ := strings.Cut(m["bundle-symbolicname"], ";")
	return strings.TrimSpace(name)
}

// version returns the version that the manifest states, or "".
func (m manifest) version() string {
	for _, header := range []string{"plugin-version", "implementation-version", "bundle-version", "specification-version"} {
		v, _, _ := strings.Cut(m[header], " ") // "5.6.0 (b0)"
		v, _, _ = strings.Cut(v, "(")          // Kotlin's: "1.9.10-release-459(1.9.10)"
		v, _, _ = strings.Cut(v, "-release-")
		if isVersion(v) {
			return v
		}
	}
	return ""
}

const maxSections = 64 // sections of one manifest that are kept

// sectionsOf returns the sections of a manifest about Java packages. Tools before Maven describe a library there.
func sectionsOf(text []byte) []manifest {
	var sections []manifest
	for len(text) > 0 && len(sections) < maxSections {
		line, rest := cutLine(text)
		text = rest
		if len(line) > 0 {
			continue
		}
		if name, ok := bytes.CutPrefix(text, []byte("Name: ")); ok {
			if line, _ := cutLine(name); bytes.HasSuffix(line, []byte("/")) {
				m, _ := parseManifest(text)
				sections = append(sections, m)
			}
		}
	}
	return sections
}

// describe adds to m the first section about a package that has a word of the archive's name, or the first of all if they state
// the same version.
func (m manifest) describe(sections []manifest, name string) {
	sections = slices.DeleteFunc(sections, func(s manifest) bool { return s.version() == "" })
	name = strings.ToLower(name)
	for _, s := range sections {
		for element := range strings.SplitSeq(strings.ToLower(s["name"]), "/") {
			if len(element) > 1 && strings.Contains(name, element) {
				m.add(s)
				return
			}
		}
	}
	if len(sections) > 0 && !slices.ContainsFunc(sections, func(s manifest) bool { return s.version() != sections[0].version() }) {
		m.add(sections[0])
	}
}
