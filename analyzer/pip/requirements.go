package pip

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf16"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
	"github.com/hullmark/hullmark/internal/diagnostic"
)

// parseRequirements reads a requirements file of pip in UTF-8, or in UTF-16 with a byte order mark. It has requirements with
// extras, markers and options, options of the file, comments, and lines that a backslash continues. Only a requirement that
// pins one version, by "==" or "===", is a package; a range does not tell the installed version. The analyzer reads included
// files separately.
func parseRequirements(text []byte, m *membudget.Meter) (*analyzer.Result, error) {
	var pkgs []analyzer.Package
	var bad diagnostic.List
	all := decode(text)
	for next := 1; all != ""; {
		line := next
		var logical strings.Builder
		for all != "" {
			var row string
			row, all, _ = strings.Cut(all, "\n")
			row = strings.TrimSuffix(row, "\r")
			next++
			if comment := strings.HasPrefix(strings.TrimLeft(row, " \t"), "#"); comment || !strings.HasSuffix(row, "\\") {
				if !comment {
					logical.WriteString(row)
				}
				break
			}
			logical.WriteString(row[:len(row)-1])
		}
		req := stripComment(logical.String())
		if req == "" || req[0] == '-' {
			continue
		}
		if len(req) > maxValue {
			bad.Line(line, "longer than %d bytes", maxValue)
			continue
		}
		if p, ok := parsePin(req, line, &bad); ok {
			var err error
			if pkgs, err = m.Append(pkgs, p); err != nil {
				return &analyzer.Result{Packages: pkgs, Diagnostics: bad.Diagnostics()}, fmt.Errorf("pip: requirements: line %d: %w", line, err)
			}
		}
	}
	return &analyzer.Result{Packages: pkgs, Diagnostics: bad.Diagnostics()}, nil
}

// decode removes a byte order mark and converts UTF-16 to UTF-8.
func decode(text []byte) string {
	var unit func(b []byte) uint16
	switch {
	case bytes.HasPrefix(text, []byte{0xff, 0xfe}):
		unit = func(b []byte) uint16 { return uint16(b[0]) | uint16(b[1])<<8 }
	case bytes.HasPrefix(text, []byte{0xfe, 0xff}):
		unit = func(b []byte) uint16 { return uint16(b[1]) | uint16(b[0])<<8 }
	default:
		return string(bytes.TrimPrefix(text, []byte("\ufeff")))
	}
	units := make([]uint16, 0, len(text)/2)
	for b := text[2:]; len(b) >= 2; b = b[2:] {
		units = append(units, unit(b))
	}
	return string(utf16.Decode(units))
}

// stripComment removes a comment, which begins at the start or after a blank.
func stripComment(s string) string {
	for i := range len(s) {
		if s[i] == '#' && (i == 0 || s[i-1] == ' ' || s[i-1] == '\t') {
			s = s[:i]
			break
		}
	}
	return strings.TrimSpace(s)
}

// parsePin reads one requirement, "Celery[redis] == 4.4.7 ; python_version < '3' --hash=sha256:...".
func parsePin(req string, line int, bad *diagnostic.List) (analyzer.Package, bool) {
	spec, options := req, ""
	for i := 1; i < len(req); i++ {
		if req[i] == '-' && (req[i-1] == ' ' || req[i-1] == '\t') {
			spec, options = req[:i], req[i:]
			break
		}
	}
	if setting, ok := strings.CutPrefix(options, "-C"); ok && !strings.Contains(setting, "=") {
		bad.Line(line, "-C is not followed by KEY=VALUE: %.80q", req)
		return analyzer.Package{}, false
	}
	spec, _, _ = strings.Cut(spec, ";")
	spec = strings.TrimSpace(spec)
	n := strings.IndexAny(spec, " \t[(<>=!~@,/:")
	if n < 0 {
		n = len(spec)
	}
	name, rest := spec[:n], strings.TrimSpace(spec[n:])
	switch {
	case strings.HasPrefix(rest, "/") || strings.HasPrefix(rest, ":") || strings.HasPrefix(spec, "."): // a path or a URL
		return analyzer.Package{}, false
	case !isName(name):
		bad.Line(line, "not a requirement: %.80q", req)
		return analyzer.Package{}, false
	}
	if after, ok := strings.CutPrefix(rest, "["); ok {
		_, after, ok = strings.Cut(after, "]")
		if !ok {
			bad.Line(line, "extras not closed: %.80q", req)
			return analyzer.Package{}, false
		}
		rest = strings.TrimSpace(after)
	}
	rest = strings.TrimSuffix(strings.TrimPrefix(rest, "("), ")")
	if rest == "" || strings.HasPrefix(rest, "@") {
		return analyzer.Package{}, false
	}
	if strings.IndexByte("<>=!~", rest[0]) < 0 {
		bad.Line(line, "not a requirement: %.80q", req)
		return analyzer.Package{}, false
	}
	for clause := range strings.SplitSeq(rest, ",") {
		version, ok := strings.CutPrefix(strings.TrimSpace(clause), "==")
		version = strings.TrimSpace(strings.TrimPrefix(version, "="))
		if ok && isPin(version) {
			p := declare(name, version)
			p.Hashes = pinHash(options)
			return p, true
		}
	}
	return analyzer.Package{}, false
}

// isPin reports whether s is a single version, rather than a prefix, "1.*", or a variable.
func isPin(s string) bool {
	for i := range len(s) {
		c := s[i]
		switch {
		case '0' <= c && c <= '9', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
		case c == '.' || c == '+' || c == '-' || c == '_' || c == '!':
		default:
			return false
		}
	}
	return s != ""
}

// pinHash returns the digest of a requirement that allows a single file, or nil.
func pinHash(options string) map[string]string {
	var hashes map[string]string
	for word := range strings.FieldsSeq(options) {
		hash, ok := strings.CutPrefix(word, "--hash=")
		if !ok {
			continue
		}
		kind, digest, ok := strings.Cut(hash, ":")
		if hashes != nil || !ok || !isHex(digest) {
			return nil
		}
		hashes = map[string]string{kind: digest}
	}
	return hashes
}
