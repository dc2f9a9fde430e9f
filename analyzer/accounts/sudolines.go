package accounts

import (
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// A sudoLine is a line of sudoers with its continuation lines and without its comment.
type sudoLine struct {
	number int // number of the first line
	text   string
}

// sudoLines joins continuation lines and removes comments.
func (r *reading) sudoLines(text string) []sudoLine {
	var list []sudoLine
	var j lineJoiner
	number := 0
	for line := range strings.Lines(text) {
		number++
		if j.start == 0 {
			j = lineJoiner{start: number, defaults: strings.HasPrefix(strings.TrimLeft(line, " \t"), "Defaults")}
		}
		if j.add(strings.TrimRight(line, "\r\n")) {
			continue
		}
		list = r.endLine(list, &j)
	}
	return r.endLine(list, &j)
}

// endLine adds the joined line to a list.
func (r *reading) endLine(list []sudoLine, j *lineJoiner) []sudoLine {
	if j.tooLong {
		r.bad.Line(j.start, "longer than %d bytes: %w", maxLine, analyzer.ErrTooLarge)
	} else if s := strings.TrimSpace(j.text.String()); s != "" {
		list = append(list, sudoLine{j.start, s})
	}
	*j = lineJoiner{}
	return list
}

// A lineJoiner collects the parts of a continued line.
type lineJoiner struct {
	start     int // number of the first line; 0 before it
	text      strings.Builder
	tooLong   bool
	defaults  bool // the line sets defaults
	arguments bool // an "=" has passed: quotes have no meaning in the arguments of commands
}

// add adds a line and reports whether the next one continues it. A comment is removed. It cannot be continued.
func (j *lineJoiner) add(line string) (more bool) {
	if _, _, include := cutInclude(line); !include || j.text.Len() > 0 {
		line, more = j.cut(line)
	}
	if j.text.Len()+len(line) > maxLine {
		j.tooLong = true
		return more
	}
	j.text.WriteString(line)
	return more
}

// cut removes the comment of a line, or the backslash that continues it.
func (j *lineJoiner) cut(line string) (part string, more bool) {
	quoted := false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\':
			if i++; i == len(line) || len(line)-i < maxBlanks && strings.Trim(line[i:], " \t") == "" {
				return line[:i-1], true
			}
		case c == '"' && (j.defaults || !j.arguments):
			quoted = !quoted
		case c == '=' && !quoted:
			j.arguments = true
		case c == '#' && !quoted && !isID(line[i:]):
			return line[:i], false
		}
	}
	return line, false
}

// maxBlanks is the most blanks between a backslash and the end of its line.
const maxBlanks = 16

// isID reports whether a text begins with "#" and a number, which names an account by its ID.
func isID(s string) bool {
	s = strings.TrimPrefix(s[1:], "-")
	return s != "" && '0' <= s[0] && s[0] <= '9'
}

// cutInclude reads a line that includes files. "#include" is no comment.
func cutInclude(line string) (directory bool, name string, ok bool) {
	line = strings.TrimLeft(line, " \t")
	if line == "" || line[0] != '@' && line[0] != '#' {
		return false, "", false
	}
	word, name, ok := cutBlank(line[1:])
	if !ok || name == "" || word != "include" && word != "includedir" {
		return false, "", false
	}
	name = strings.TrimRight(name, " \t")
	if len(name) > 1 && name[0] == '"' && name[len(name)-1] == '"' {
		name = name[1 : len(name)-1]
	} else {
		name, _, _ = cutBlank(strings.ReplaceAll(name, `\ `, "\x00"))
		name = strings.ReplaceAll(name, "\x00", " ")
	}
	return word == "includedir", name, true
}

// sudoList splits a list at its commas, which may be escaped, quoted or in parentheses.
func sudoList(s string) []string {
	var list []string
	for s != "" {
		end := sudoIndex(s, ",")
		if item := unescape(strings.TrimSpace(s[:end])); item != "" {
			list = append(list, item)
		}
		s = strings.TrimPrefix(s[end:], ",")
	}
	return list
}

// sudoIndex returns the index of the first of some characters that is neither escaped, nor quoted, nor in parentheses, or the length of s.
func sudoIndex(s, chars string) int {
	quoted, depth := false, 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case depth == 0 && strings.IndexByte(chars, c) >= 0:
			return i
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		}
	}
	return len(s)
}

// cutUsers divides a rule at the blank between users and hosts: the first one that is not beside a comma or after "!".
func cutUsers(s string) (users, rest string, ok bool) {
	for at := 0; ; {
		i := sudoIndex(s[at:], " \t")
		if at+i >= len(s) {
			return s, "", false
		}
		before := strings.TrimRight(s[:at+i], " \t")
		after := strings.TrimLeft(s[at+i:], " \t")
		if before != "" && !strings.HasSuffix(before, ",") && !strings.HasSuffix(before, "!") && !strings.HasPrefix(after, ",") {
			return before, after, true
		}
		at = len(s) - len(after)
	}
}

// unescape removes the quotes and backslashes of a name.
func unescape(s string) string {
	if !strings.ContainsAny(s, "\\\"") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		} else if s[i] == '"' {
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// unescapeCommand removes the backslashes before characters that end a command. Those of wildcards stay.
func unescapeCommand(s string) string {
	if !strings.Contains(s, "\\") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && strings.IndexByte(",:=# \t", s[i+1]) >= 0 {
			i++
		} else if s[i] == '\\' && i+1 < len(s) {
			b.WriteByte(s[i])
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
