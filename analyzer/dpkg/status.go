package dpkg

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
	"github.com/hullmark/hullmark/internal/diagnostic"
	"github.com/hullmark/hullmark/matcher/distro"
)

// maxValue is the length in bytes of the longest value that is kept. Longer values are reported. Debian's longest
// values, Conffiles and Provides, stay below 100 KiB.
const maxValue = 1 << 20

// A stanza holds the fields of a package that the analyzer uses, as parts of the text.
type stanza struct {
	pkg, version, arch, status    []byte
	source, maintainer            []byte
	preDepends, depends, provides []byte
	conffiles, origin, vendor     []byte
}

// A slot is the name of a field and the destination of its value.
type slot struct {
	name string
	to   *[]byte
}

func (s *stanza) slots() [12]slot {
	return [...]slot{
		{"Package", &s.pkg},
		{"Version", &s.version},
		{"Architecture", &s.arch},
		{"Status", &s.status},
		{"Source", &s.source},
		{"Maintainer", &s.maintainer},
		{"Pre-Depends", &s.preDepends},
		{"Depends", &s.depends},
		{"Provides", &s.provides},
		{"Conffiles", &s.conffiles},
		{"Origin", &s.origin},
		{"Vendor", &s.vendor},
	}
}

// fill sets s to the fields of a paragraph. Names ignore case. The first field with a name wins.
func (s *stanza) fill(fields []field, bad *diagnostic.List) {
	slots := s.slots()
	for _, f := range fields {
		for i := range slots {
			at := &slots[i]
			if len(f.name) != len(at.name) || !strings.EqualFold(string(f.name), at.name) {
				continue
			}
			switch value := bytes.TrimSpace(f.value); {
			case *at.to != nil:
				bad.Line(f.line, "duplicate %s", f.name)
			case len(value) > maxValue:
				bad.Line(f.line, "%s is longer than %d bytes", f.name, maxValue)
			default:
				*at.to = value
			}
			break
		}
	}
}

// parseStatus reads a status file or, if split is set, a file of status.d. Its paragraphs come from control files, so they
// rarely have a Status. A database that takes too much memory has no packages, because a part of it would look like all.
func parseStatus(text []byte, typ string, split bool, m *membudget.Meter) (*analyzer.Result, error) {
	var (
		pkgs  []analyzer.Package
		bad   diagnostic.List
		words = membudget.NewInterner(m)
	)
	for fields := range paragraphs(text, &bad) {
		var s stanza
		s.fill(fields, &bad)
		line := fields[0].line
		installed, known := s.installed(split)
		if !known {
			bad.Line(line, "%.80s: unknown Status: %.80q", s.pkg, s.status)
		}
		if !installed {
			continue
		}
		switch {
		case len(s.pkg) == 0:
			bad.Line(line, "no Package")
		case len(s.version) == 0:
			bad.Line(line, "%.80s: no Version", s.pkg)
		case !isVersion(s.version):
			bad.Line(line, "%.80s: not a version: %.80q", s.pkg, s.version)
		default:
			p, err := s.build(typ, words, m)
			if err == nil {
				pkgs, err = m.Grow(pkgs, fields[0].at, len(text))
			}
			if err != nil {
				return &analyzer.Result{Diagnostics: bad.Diagnostics()}, fmt.Errorf("dpkg: line %d: %w", line, err)
			}
			pkgs = append(pkgs, p)
		}
	}
	return &analyzer.Result{Packages: pkgs, Diagnostics: bad.Diagnostics()}, nil
}

// installed reports whether dpkg may have installed files of the package, and whether its state is known. The third word of
// Status decides; the first word is the desired state. A half-installed package is installed. As in dpkg, a package without a
// Status is not installed, unless split is set.
func (s *stanza) installed(split bool) (installed, known bool) {
	if len(s.status) == 0 {
		return split, true
	}
	switch string(s.status[bytes.LastIndexAny(s.status, " \t")+1:]) {
	case "installed", "unpacked", "half-configured", "half-installed", "triggers-awaited", "triggers-pending",
		"post-inst-failed", "removal-failed": // the last two are from opkg and old versions of dpkg
		return true, true
	case "not-installed", "config-files":
		return false, true
	}
	return false, false
}

// build returns the package, or an error if m has no room for it. It copies each field of the text once; lists are parts of the
// copy.
func (s *stanza) build(typ string, words *membudget.Interner, m *membudget.Meter) (analyzer.Package, error) {
	if err := m.Bytes(int64(len(s.pkg))); err != nil {
		return analyzer.Package{}, err
	}
	p := analyzer.Package{
		Type:     typ,
		Name:     string(s.pkg),
		Version:  words.Intern(s.version),
		Arch:     words.Intern(s.arch),
		System:   true,
		Vendor:   words.Intern(s.maintainer),
		Provides: relations(nil, s.provides, m),
	}
	p.Depends = relations(relations(nil, s.preDepends, m), s.depends, m)
	p.SourcePackage = s.originOf(typ, &p, words)
	p.Files = parseConffiles(s.conffiles, m)
	if typ == typeDeb {
		p.Namespace = distro.DebThirdParty(p.Version, p.Vendor, string(s.origin), string(s.vendor))
	}
	return p, m.Err()
}

// originOf reads Source, "name" or "name (version)". It returns nil if the source package has the name and version of the
// package. The Source of opkg is a path in OpenWrt's tree.
func (s *stanza) originOf(typ string, p *analyzer.Package, words *membudget.Interner) *analyzer.SourcePackage {
	name, version, _ := bytes.Cut(s.source, []byte("("))
	name = bytes.TrimSpace(name)
	if len(name) == 0 {
		return nil
	}
	o := analyzer.SourcePackage{Name: words.Intern(name), Version: p.Version}
	if typ == typeOpkg {
		o.Name = path.Base(o.Name)
	}
	version = bytes.TrimSpace(bytes.TrimSuffix(bytes.TrimSpace(version), []byte(")")))
	if len(version) > 0 {
		o.Version = words.Intern(version)
	}
	if o.Name == p.Name && o.Version == p.Version {
		return nil
	}
	return &o
}

// relations appends the distinct names in a list of relations, "libc6 (>= 2.34), debconf (>= 0.5) | debconf-2.0", to names. It
// includes all alternatives, since any may be installed. It stops if m has no room.
func relations(names []string, value []byte, m *membudget.Meter) []string {
	if len(value) == 0 {
		return names
	}
	n := bytes.Count(value, []byte{','}) + bytes.Count(value, []byte{'|'}) + 1
	if m.List(n, len(value)) != nil {
		return names
	}
	if names == nil {
		names = make([]string, 0, n)
	} else {
		names = slices.Grow(names, n)
	}
	seen := len(names) < 64 // more names would make the search for duplicates quadratic
	for part := range strings.FieldsFuncSeq(string(value), func(r rune) bool { return r == ',' || r == '|' }) {
		part = strings.TrimSpace(part)
		if i := strings.IndexAny(part, " \t\n(:[<"); i >= 0 {
			part = part[:i]
		}
		if part == "" || seen && len(names) < 64 && slices.Contains(names, part) {
			continue
		}
		names = append(names, part)
	}
	return names
}

// isVersion reports whether b has the characters of deb-version(7): letters, digits, and ". + - ~ :". Versions of opkg may
// begin with a letter, so isVersion does not require a digit.
func isVersion(b []byte) bool {
	for _, c := range b {
		switch {
		case '0' <= c && c <= '9', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
		case c == '.' || c == '+' || c == '-' || c == '~' || c == ':':
		case c == '_': // allowed by opkg
		default:
			return false
		}
	}
	return len(b) > 0
}
