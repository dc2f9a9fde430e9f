package dockerfile

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// An instruction is one instruction of a Dockerfile.
type instruction struct {
	line, end int      // first and last line
	kind      string   // in upper case: "RUN"
	flags     []string // "--platform=linux/amd64", without quotes
	text      string   // the arguments, in one line
	documents []document
}

// A document is a here document.
type document struct {
	name    string
	content string
	chomp   bool // "<<-": leading tabs do not count
}

// A lineReader divides a Dockerfile into instructions.
type lineReader struct {
	lines  []string // with their newlines
	at     int      // index of the next line
	escape byte
	seen   map[string]bool // parser directives
	header bool            // parser directives may follow
}

func newLineReader(text string) *lineReader {
	text = strings.TrimPrefix(text, "\ufeff")
	return &lineReader{lines: strings.SplitAfter(text, "\n"), escape: '\\', seen: make(map[string]bool), header: true}
}

// next returns the next instruction, or nil at the end. After an error, reading can go on.
func (r *lineReader) next() (*instruction, error) {
	for r.at < len(r.lines) {
		start := r.at
		line := strings.TrimLeftFunc(trimNewline(r.lines[r.at]), unicode.IsSpace)
		r.at++
		if err := r.directive(line); err != nil {
			return nil, atLine(start+1, err)
		}
		if line == "" || line[0] == '#' {
			continue
		}
		joined := r.join(line)
		if strings.TrimSpace(joined) == "" {
			continue
		}
		in := r.split(joined)
		in.line = start + 1
		err := r.readDocuments(in, joined)
		in.end = r.at
		if err != nil {
			return nil, atLine(start+1, err)
		}
		return in, nil
	}
	return nil, nil
}

// join adds the lines that continue a line. Comments and blank lines between them are left out.
func (r *lineReader) join(line string) string {
	part, more := r.cutContinuation(line)
	if !more {
		return part
	}
	var b strings.Builder
	b.WriteString(part)
	for more && r.at < len(r.lines) {
		line := trimNewline(r.lines[r.at])
		if line == "" && r.at == len(r.lines)-1 {
			break // after the last newline
		}
		r.at++
		if trimmed := strings.TrimLeftFunc(line, unicode.IsSpace); trimmed == "" || trimmed[0] == '#' {
			continue
		}
		part, more = r.cutContinuation(line)
		b.WriteString(part)
	}
	return b.String()
}

// cutContinuation removes the escape character that ends a line, unless another one escapes it.
func (r *lineReader) cutContinuation(line string) (part string, more bool) {
	trimmed := strings.TrimRight(line, " \t")
	if trimmed == "" || trimmed[len(trimmed)-1] != r.escape || len(trimmed) > 1 && trimmed[len(trimmed)-2] == r.escape {
		return line, false
	}
	return trimmed[:len(trimmed)-1], true
}

// directive reads a parser directive: "# escape=`". They come before everything else, other comments included.
func (r *lineReader) directive(line string) error {
	if !r.header {
		return nil
	}
	name, value, ok := strings.Cut(strings.TrimLeftFunc(strings.TrimPrefix(line, "#"), unicode.IsSpace), "=")
	name = strings.ToLower(strings.TrimSpace(name))
	value = strings.TrimSpace(value)
	if !ok || !strings.HasPrefix(line, "#") || value == "" || name != "escape" && name != "syntax" && name != "check" {
		r.header = false
		return nil
	}
	if r.seen[name] {
		return fmt.Errorf("directive %s appears twice", name)
	}
	r.seen[name] = true
	if name == "escape" {
		if value != `\` && value != "`" {
			return fmt.Errorf("directive escape: %.40q", value)
		}
		r.escape = value[0]
	}
	return nil
}

// split divides a line into instruction, flags and arguments.
func (r *lineReader) split(line string) *instruction {
	line = strings.TrimSpace(line)
	end := strings.IndexAny(line, "\t\v\f\r ")
	if end < 0 {
		return &instruction{kind: strings.ToUpper(line)}
	}
	flags, rest := r.cutFlags(strings.TrimLeft(line[end:], "\t\v\f\r "))
	return &instruction{kind: strings.ToUpper(line[:end]), flags: flags, text: strings.TrimSpace(rest)}
}

// cutFlags reads the words at the beginning that begin with "--". They may have quotes and escapes.
func (r *lineReader) cutFlags(s string) (flags []string, rest string) {
	for {
		s = strings.TrimLeftFunc(s, unicode.IsSpace)
		if !strings.HasPrefix(s, "--") {
			return flags, s
		}
		var b strings.Builder
		quote := byte(0)
		i := 0
		for ; i < len(s); i++ {
			c := s[i]
			switch {
			case c == r.escape && quote != '\'' && i+1 < len(s):
				i++
				b.WriteByte(s[i])
			case quote != 0 && c == quote:
				quote = 0
			case quote == 0 && (c == '"' || c == '\''):
				quote = c
			case quote == 0 && unicode.IsSpace(rune(c)):
				goto end
			default:
				b.WriteByte(c)
			}
		}
	end:
		s = s[i:]
		if b.String() == "--" {
			return flags, s
		}
		flags = append(flags, b.String())
	}
}

// readDocuments reads the here documents that an instruction begins.
func (r *lineReader) readDocuments(in *instruction, line string) error {
	inner := in
	if in.kind == "ONBUILD" {
		inner = r.split(in.text)
	}
	if inner.kind != "RUN" && inner.kind != "COPY" && inner.kind != "ADD" || !strings.Contains(line, "<<") || isJSON(inner.text) {
		return nil
	}
	for _, d := range documentsOf(line) {
		var b strings.Builder
		for {
			if r.at >= len(r.lines) || r.lines[r.at] == "" {
				return fmt.Errorf("here document without its end %.40q", d.name)
			}
			text := r.lines[r.at]
			r.at++
			end := trimNewline(text)
			if d.chomp {
				end = strings.TrimLeft(end, "\t")
			}
			if end == d.name {
				break
			}
			b.WriteString(text)
		}
		d.content = b.String()
		in.documents = append(in.documents, d)
	}
	return nil
}

// documentsOf returns the here documents that the words of a line begin: "<<EOF", "3<<-'END'".
func documentsOf(line string) []document {
	var list []document
	words, ok := shellWords(line)
	if !ok {
		return nil
	}
	for _, w := range words {
		rest, found := strings.CutPrefix(strings.TrimLeft(w, "0123456789"), "<<")
		if !found {
			continue
		}
		rest, chomp := strings.CutPrefix(rest, "-")
		rest = strings.TrimLeftFunc(rest, unicode.IsSpace)
		if rest == "" || strings.Contains(rest, "<") {
			continue
		}
		if name := unquote(rest, '\\'); name != "" {
			list = append(list, document{name: name, chomp: chomp})
		}
	}
	return list
}

func trimNewline(s string) string { return strings.TrimRight(s, "\r\n") }

// A lineError is an error in a line.
type lineError struct {
	line int
	err  error
}

func (e *lineError) Error() string { return fmt.Sprintf("line %d: %v", e.line, e.err) }
func (e *lineError) Unwrap() error { return e.err }

func atLine(line int, err error) error { return &lineError{line, err} }

var errNoInstruction = errors.New("no instructions")
