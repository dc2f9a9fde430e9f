package redact

import "strings"

// maxQuoted is the most lines of a quoted value that has no end.
const maxQuoted = 64

// An assigner finds values by the names of their keys, line by line.
type assigner struct {
	l      *list
	text   string
	quote  string // ends the value that began on a line before; "" if none did
	left   int    // lines that the value may still have
	block  int    // lines with a larger indent belong to a block of YAML; -1 outside one
	logins int    // end of the first "login " of the line; 0 if it is not known yet
	open   bool   // a quote of the line is not closed
	named  bool   // a line before, or an attribute, named a secret whose value follows: name: DB_PASSWORD
}

// assignments finds values of keys with the names of secrets.
func (l *list) assignments(text string) {
	a := assigner{l: l, text: text, block: -1}
	for start := 0; start < len(text); {
		end := strings.IndexByte(text[start:], '\n')
		if end < 0 {
			end = len(text)
		} else {
			end += start
		}
		a.line(start, strings.TrimRight(text[start:end], "\r"))
		start = end + 1
	}
}

// line reads one line, which begins at start.
func (a *assigner) line(start int, line string) {
	pos := 0
	if a.quote != "" {
		end := closing(line, a.quote)
		if end < 0 {
			a.l.add(start, start+len(line))
			if a.left--; a.left == 0 {
				a.quote = ""
			}
			return
		}
		a.l.add(start, start+end)
		pos, a.quote = end+len(a.quote), ""
	}
	indent := len(line) - len(strings.TrimLeft(line, " \t"))
	if a.block >= 0 {
		if indent == len(line) || indent > a.block {
			a.l.add(start+indent, start+len(line))
			return
		}
		a.block = -1
	}
	named := a.named
	a.named, a.open, a.logins = false, false, 0
	from := pos // the end of the last value or separator
	for i := pos; i < len(line); i++ {
		switch line[i] {
		case '=', ':', '>', ' ', '\t', ',':
		default:
			continue
		}
		k := keyBefore(line, from, i)
		value, ok := a.valueAfter(line, k, i, named || a.named)
		if !ok {
			if c := line[i]; c == '=' || c == ':' {
				from = i + 1
			}
			continue
		}
		end := a.value(start, line, value, k, i, indent)
		i, from = max(i, end-1), max(i+1, end)
	}
	if named && !a.named && indent == len(line) {
		a.named = true // an empty line between name and value
	}
}

// A key is the name before a separator.
type key struct {
	name   string
	at     int  // its index in the line
	quoted bool // it is in quotes, as in JSON
}

// keyBefore returns the key that ends before a separator at i, and begins at from or later.
func keyBefore(line string, from, i int) key {
	end := i
	if !isBlank(line[i]) && line[i] != ',' {
		for end > from && isBlank(line[end-1]) {
			end--
		}
	}
	k := key{}
	for end > from && strings.IndexByte(`"'\])?+`, line[end-1]) >= 0 {
		k.quoted = k.quoted || line[end-1] == '"' || line[end-1] == '\''
		end--
	}
	k.at = end
	for k.at > from && isKey(line[k.at-1]) {
		k.at--
	}
	k.name = line[k.at:end]
	return k
}

func isKey(c byte) bool {
	return isUpper(c) || isLower(c) || '0' <= c && c <= '9' || c == '_' || c == '-' || c == '.'
}

// valueAfter returns the index of the value that belongs to a key, if that has the name of a secret.
func (a *assigner) valueAfter(line string, k key, i int, named bool) (int, bool) {
	rest := line[i+1:]
	switch c := line[i]; c {
	case ' ', '\t', ',':
		if !isSecret(k.name) || c == ',' && !k.quoted {
			return 0, false
		}
		value := strings.TrimLeft(rest, " \t")
		if k.quoted { // an exec form: ["--password", "x"]
			at := len(line) - len(value)
			return at, strings.HasPrefix(k.name, "-") && len(value) > 1 && isQuote(value[0]) && value[1] != '-'
		}
		if !a.takesNextWord(line, k, value) {
			return 0, false
		}
	case '>':
		if k.at == 0 || line[k.at-1] != '<' && line[k.at-1] != ':' || !isSecret(k.name) {
			return 0, false
		}
	default:
		if strings.HasPrefix(rest, "//") {
			return 0, false // a part of a URL
		}
		if n := strings.ToLower(k.name); n == "name" || n == "key" {
			a.named = isSecret(firstWord(rest))
		}
		if !isSecret(k.name) && !(named && strings.EqualFold(k.name, "value")) {
			return 0, false
		}
	}
	for i++; i < len(line) && strings.IndexByte("=:> \t", line[i]) >= 0; i++ {
		if line[i] == '>' && line[i-1] != '=' && line[i-1] != '-' {
			break // a folded block of YAML
		}
	}
	return i, true
}

// takesNextWord reports whether the value of a key without a separator is the text that follows: that of a flag, in .netrc, in SQL or in a Dockerfile.
func (a *assigner) takesNextWord(line string, k key, value string) bool {
	if value == "" || value[0] == '=' || value[0] == ':' {
		return false
	}
	if strings.HasPrefix(k.name, "-") && value[0] != '-' {
		return true
	}
	if value[0] == '\'' || value[0] == '"' { // CREATE USER u PASSWORD 'x'
		return true
	}
	before := strings.TrimRight(line[:k.at], " \t")
	if word := before[strings.LastIndexAny(before, " \t")+1:]; strings.EqualFold(word, "ENV") || strings.EqualFold(word, "ARG") {
		return true
	}
	return (k.name == "password" || k.name == "passwd") && (before == "" || a.login(line, before)) && strings.TrimLeft(value[run(value, 0, notBlank):], " \t") == ""
}

func notBlank(c byte) bool { return !isBlank(c) }

// login reports whether a line has the word of .netrc for the name of an account.
func (a *assigner) login(line, before string) bool {
	if a.logins == 0 {
		a.logins = strings.Index(line, "login ") + len("login ")
		if a.logins < len("login ") {
			a.logins = len(line) + 1
		}
	}
	return a.logins <= len(before)+1
}

// firstWord returns the first word of a value, without quotes.
func firstWord(s string) string {
	s = strings.TrimLeft(s, " \t\"'\\")
	for i := range len(s) {
		if !isKey(s[i]) {
			return s[:i]
		}
	}
	return s
}

// value adds the value at an index of the line, and returns the index of its end.
func (a *assigner) value(start int, line string, at int, k key, sep, indent int) int {
	v := line[at:]
	if prefix := strings.TrimLeft(v, "bruf@"); len(v)-len(prefix) <= 2 && prefix != "" && strings.IndexByte("\"'`", prefix[0]) >= 0 {
		at, v = at+len(v)-len(prefix), prefix // b"...", of Python and others
	}
	for _, q := range []string{`"""`, `'''`, `\\\"`, `\"`, `"`, `'`, "`"} {
		if !strings.HasPrefix(v, q) {
			continue
		}
		at += len(q)
		end := closing(line[at:], q)
		if end < 0 {
			a.add(start, line, k, at, len(line))
			a.quote, a.left = q, maxQuoted
			return len(line)
		}
		next := at + end + len(q)
		if line[sep] == '=' && next < len(line) && isAlnum(line[next]) { // a shell joins 'a b'c
			next = run(line, next, func(c byte) bool { return strings.IndexByte(" \t;|&)", c) < 0 })
			at -= len(q)
			end = next - at
		}
		if !isReference(line[at : at+end]) {
			a.add(start, line, k, at, at+end)
		}
		return next
	}
	if at < len(line) && line[at] == '{' && template(line[at:]) == 0 {
		return at + 1 // an object, whose keys are looked at
	}
	end := a.bare(line, at, k, sep)
	v = line[at:end]
	switch {
	case isReference(v):
	case v[0] == '[':
		if end = strings.IndexByte(line[at:], ']'); end < 0 {
			end = len(line) - at
		}
		a.add(start, line, k, at+1, at+end)
		return at + end
	case line[sep] == ':' && (v[0] == '|' || v[0] == '>') && strings.Trim(v[1:], "+-0123456789 ") == "":
		a.block = indent
	default:
		a.add(start, line, k, at, end)
	}
	return end
}

// add adds the part of a line from one index to another, the value of a key. It is surely a secret if the syntax is that of a variable or option.
func (a *assigner) add(start int, line string, k key, from, to int) {
	a.l.add(start+from, start+to)
	if end := k.at + len(k.name); !a.l.sure && from < to && end < len(line) && (line[end] == '=' || k.name[0] == '-') {
		a.l.sure = isSureName(k.name) && isOpaque(strings.Trim(line[from:to], "\"'"))
	}
}

// bare returns the end of a value without quotes. The first value of a line goes to its end; others end at a space, or where the
// syntax around them says.
func (a *assigner) bare(line string, at int, k key, sep int) int {
	if n := template(line[at:]); n > 0 {
		return at + n
	}
	if line[sep] == '=' && !k.quoted && k.at > 0 && isQuote(line[k.at-1]) && !a.open { // within quotes: ["PASSWORD=a b"]
		end := closing(line[at:], line[k.at-1:k.at])
		if end >= 0 {
			return at + end
		}
		a.open = true // no quote of this line closes, so that none is looked for again
	}
	before := strings.TrimRight(line[:k.at], " \t\"'")
	stops := " \t"
	switch last := before[max(len(before)-1, 0):]; {
	case line[sep] == '>':
		stops = "<"
	case k.quoted:
		stops = " \t,}])"
	case last == "?" || last == "&":
		stops = " \t&#\"'"
	case last == ";":
		stops = " \t;\"'"
	case before == "" || before == "-":
		if line[sep] == '=' || line[sep] == ':' {
			stops = ""
		}
	case strings.HasSuffix(before, "ENV") || strings.HasSuffix(before, "ARG"):
		if next := nextAssignment(line[at:]); next >= 0 {
			return at + next
		}
		stops = ""
	case line[sep] == ':':
		stops = "\"'"
	}
	end := len(line)
	if stops != "" {
		if i := strings.IndexAny(line[at:], stops); i >= 0 {
			end = at + i
		}
	}
	if stops == " \t" && !isReference(line[at:end]) {
		trimmed := len(strings.TrimRight(line[:end], "\"'`);,]}"))
		if trimmed > at {
			end = trimmed
		}
	}
	return max(end, at)
}

// template returns the length of the reference to a value at the beginning of s, which may have spaces: "$(cat f)", "{{ .Values.password }}". Mark
// counts as one. The length is 0 without a reference, or if the value goes on.
func template(s string) int {
	const longest = 200
	for _, t := range [][2]string{{"${", "}"}, {"$(", ")"}, {"{{", "}}"}, {Mark[:1], Mark[len(Mark)-1:]}} {
		if !strings.HasPrefix(s, t[0]) {
			continue
		}
		n := strings.Index(s[:min(len(s), longest)], t[1]) + len(t[1])
		if n > len(t[0]) && isReference(s[:n]) && (n == len(s) || strings.IndexByte(" \t\"'`);,]}&<", s[n]) >= 0) {
			return n
		}
	}
	return 0
}

// nextAssignment returns the index of the space before the next NAME= in an instruction, or -1.
func nextAssignment(s string) int {
	space := -1
	for i := range len(s) {
		switch c := s[i]; {
		case c == ' ' || c == '\t':
			space = i
		case c == '=' && space >= 0:
			return space
		case !isKey(c):
			space = -1
		}
	}
	return -1
}

// closing returns the index of the text that ends a quoted value, or -1. A backslash escapes the byte behind it.
func closing(s, quote string) int {
	for i := 0; i < len(s); i++ {
		if strings.HasPrefix(s[i:], quote) {
			return i
		}
		if s[i] == '\\' && quote != "'" {
			i++
		}
	}
	return -1
}
