package maven

import (
	"fmt"
	"path"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/hullmark/hullmark/analyzer"
)

// analyzeUnpacked reads the pom.properties of an archive that was unpacked on disk.
func analyzeUnpacked(f *analyzer.File) (*analyzer.Result, error) {
	text, err := f.Bytes()
	if err != nil {
		return nil, err
	}
	c, err := parseProperties(text)
	if c = c.orElse(directoryOf(path.Dir(f.Path))); !c.complete() {
		return nil, fmt.Errorf("maven: pom.properties: %w", err)
	}
	return &analyzer.Result{Packages: []analyzer.Package{c.pkg()}}, nil
}

// parseProperties reads the coordinates in a pom.properties file. The syntax is that of java.util.Properties: "#" and "!" begin
// comments, "=", ":" or blanks end a key, and a backslash continues a line or escapes a character. The last of equal keys wins.
// An error names a missing or invalid coordinate; parseProperties returns the others with it.
func parseProperties(text []byte) (coordinates, error) {
	var c coordinates
	for rest := decode(text); rest != ""; {
		var line string
		line, rest = logicalLine(rest)
		key, value := splitProperty(line)
		value = strings.TrimSpace(value)
		switch key {
		case "groupId":
			c.group = value
		case "artifactId":
			c.artifact = value
		case "version":
			c.version = value
		}
	}
	for _, v := range []struct {
		name  string
		value *string
	}{{"groupId", &c.group}, {"artifactId", &c.artifact}, {"version", &c.version}} {
		switch {
		case *v.value == "":
			return c, fmt.Errorf("no %s", v.name)
		case !isCoordinate(*v.value):
			bad := *v.value
			*v.value = ""
			return c, fmt.Errorf("%s is %.80q", v.name, bad)
		}
	}
	return c, nil
}

// decode converts text to UTF-8. Text that is not UTF-8 is ISO 8859-1, the encoding of the format before Java 9.
func decode(text []byte) string {
	if utf8.Valid(text) {
		return string(text)
	}
	var b strings.Builder
	b.Grow(len(text) + len(text)/8)
	for _, c := range text {
		b.WriteRune(rune(c))
	}
	return b.String()
}

// logicalLine returns the first line with its continuation lines and without leading blanks, and the rest of the text.
func logicalLine(text string) (line, rest string) {
	var joined strings.Builder
	for {
		end := strings.IndexAny(text, "\r\n")
		row := text
		if rest = ""; end >= 0 {
			row, rest = text[:end], text[end+1:]
			if text[end] == '\r' {
				rest = strings.TrimPrefix(rest, "\n")
			}
		}
		row = strings.TrimLeft(row, " \t\f")
		if joined.Len() == 0 && (strings.HasPrefix(row, "#") || strings.HasPrefix(row, "!")) {
			return "", rest
		}
		slashes := len(row) - len(strings.TrimRight(row, `\`))
		if slashes%2 == 0 || rest == "" {
			joined.WriteString(row)
			return joined.String(), rest
		}
		joined.WriteString(row[:len(row)-1])
		text = rest
	}
}

// splitProperty splits a logical line into key and value and resolves their escapes.
func splitProperty(line string) (key, value string) {
	end := 0
	for end < len(line) && !strings.ContainsRune("=: \t\f", rune(line[end])) {
		if line[end] == '\\' {
			end++
		}
		end++
	}
	end = min(end, len(line))
	key = line[:end]
	value = strings.TrimLeft(line[end:], " \t\f")
	if value != "" && (value[0] == '=' || value[0] == ':') {
		value = strings.TrimLeft(value[1:], " \t\f")
	}
	return unescape(key), unescape(value)
}

func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch s[i] {
		case 't':
			b.WriteByte('\t')
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 'f':
			b.WriteByte('\f')
		case 'u':
			digits := s[i+1 : min(i+5, len(s))]
			if code, err := strconv.ParseUint(digits, 16, 16); err == nil && len(digits) == 4 {
				b.WriteRune(rune(code))
				i += 4
				continue
			}
			fallthrough
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}
