package osrelease

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/diagnostic"
	"github.com/hullmark/hullmark/matcher/distro"
)

// maxLine is the length in bytes above which a line is reported instead of read.
const maxLine = 16 << 10

// parseOSRelease reads os-release(5).
func parseOSRelease(text []byte, d *analyzer.Distro, bad *diagnostic.List) {
	v := assignments(text, bad)
	d.ID = v["ID"]
	d.VersionID = v["VERSION_ID"]
	d.Codename = firstOf(v["VERSION_CODENAME"], v["UBUNTU_CODENAME"])
	d.Name = firstOf(v["PRETTY_NAME"], v["NAME"])
	d.Like = strings.Fields(v["ID_LIKE"])
	d.CPE = v["CPE_NAME"]
	if d.Codename == "" {
		d.Codename = codenameIn(v["VERSION"])
	}
	// Debian gives testing and unstable neither a VERSION_ID nor, before bookworm, a VERSION_CODENAME, and calls both
	// "trixie/sid".
	if d.ID == "debian" && d.VersionID == "" && d.Codename == "" && strings.HasSuffix(d.Name, "/sid") {
		d.Codename = "sid"
	}
	if len(d.Like) == 0 {
		d.Like = nil
	}
}

// codenameIn finds the codename in a VERSION such as "8 (jessie)": one word in lower case, since others put marketing
// names there, and variants: "30 (Container Image)".
func codenameIn(version string) string {
	_, rest, ok := strings.Cut(version, "(")
	name, end, closed := strings.Cut(rest, ")")
	if !ok || !closed || end != "" || name == "" {
		return ""
	}
	for _, c := range []byte(name) {
		if c < 'a' || c > 'z' {
			return ""
		}
	}
	return name
}

// parseLSBRelease reads the file that lsb_release(1) took its answers from, and OpenWrt's of the same form.
func parseLSBRelease(text []byte, d *analyzer.Distro, bad *diagnostic.List) {
	v := assignments(text, bad)
	d.ID = distro.ID(v["DISTRIB_ID"])
	d.VersionID = v["DISTRIB_RELEASE"]
	d.Codename = v["DISTRIB_CODENAME"]
	d.Name = v["DISTRIB_DESCRIPTION"]
	if d.VersionID == "rolling" {
		d.VersionID = ""
	}
	if known, ok := distro.Lookup(d.ID); ok {
		d.VersionID = versionOf(&known, d.VersionID)
	}
}

// assignments reads the lines NAME=value of a file that POSIX shells source, by the rules of
// os-release(5): quoting is undone, nothing is expanded, the last assignment of a name counts. Lines may be indented and
// may end in CR LF, which the shell would keep in the value.
func assignments(text []byte, bad *diagnostic.List) map[string]string {
	vars := make(map[string]string)
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	for n := 1; len(text) > 0; n++ {
		var line []byte
		line, text, _ = bytes.Cut(text, []byte("\n"))
		if len(line) > maxLine {
			bad.Line(n, "longer than %d bytes", maxLine)
			continue
		}
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		name, raw, ok := strings.Cut(string(line), "=")
		if !ok || !isName(name) {
			bad.Line(n, "not an assignment: %.40q", line)
			continue
		}
		value, err := unquote(raw)
		if err != nil {
			bad.Line(n, "%s: %v", name, err)
		}
		if !utf8.ValidString(value) {
			bad.Line(n, "%s: not UTF-8", name)
			value = strings.ToValidUTF8(value, "\uFFFD")
		}
		vars[name] = value
	}
	return vars
}

func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !(c == '_' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || i > 0 && '0' <= c && c <= '9') {
			return false
		}
	}
	return s != ""
}

// unquote undoes the quoting of a POSIX shell word. With an error it returns the value as its writer probably meant it.
func unquote(s string) (string, error) {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '\'':
			end := strings.IndexByte(s[i+1:], '\'')
			if end < 0 {
				return out.String() + s[i+1:], errors.New("quote not closed")
			}
			out.WriteString(s[i+1 : i+1+end])
			i += 1 + end
		case '"':
			for i++; i < len(s) && s[i] != '"'; i++ {
				// Within double quotes a backslash escapes these four only, and stays before any other character.
				if s[i] == '\\' && i+1 < len(s) && strings.IndexByte("$`\"\\", s[i+1]) >= 0 {
					i++
				}
				out.WriteByte(s[i])
			}
			if i >= len(s) {
				return out.String(), errors.New("quote not closed")
			}
		case '\\':
			if i++; i < len(s) {
				out.WriteByte(s[i])
			}
		case ' ', '\t', ';':
			rest := strings.TrimLeft(s[i:], " \t;")
			if rest == "" || rest[0] == '#' {
				return out.String(), nil
			}
			return out.String() + s[i:], errors.New("blank or semicolon outside quotes")
		default:
			out.WriteByte(c)
		}
	}
	return out.String(), nil
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
