package composer

import (
	"errors"
	"fmt"
	"strings"
	"unsafe"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
	"github.com/hullmark/hullmark/internal/diagnostic"
)

// parseInstalledPHP reads vendor/composer/installed.php, which returns an array of literals. "root" is the application;
// "versions" lists the installed packages, the application again, and replaced or provided packages, which have no version.
func parseInstalledPHP(text string, meter *membudget.Meter) (*analyzer.Result, error) {
	r := phpReader{text: text, meter: meter}
	var bad diagnostic.List
	root, err := r.document()
	if err != nil {
		if meter.Err() != nil {
			return nil, fmt.Errorf("composer: installed.php: %w", err)
		}
		bad.Line(1+strings.Count(text[:r.at], "\n"), "%w", err)
	}
	application := root.member("root").member("name").text
	var packages []analyzer.Package
	for _, m := range root.member("versions").members {
		version := m.value.member("pretty_version").text
		if m.key == application || version == "" {
			continue
		}
		p, err := newPackage(strings.Clone(m.key), strings.Clone(version))
		if err != nil {
			bad.Add(err)
			continue
		}
		p.Dev = m.value.member("dev_requirement").text == "true"
		if aliases := m.value.member("aliases").members; isBranch(p.Version) && len(aliases) > 0 {
			setQualifier(&p, "alias", strings.Clone(aliases[0].value.text))
		}
		if packages, err = meter.Append(packages, p); err != nil {
			return &analyzer.Result{Packages: packages, Diagnostics: bad.Diagnostics()}, fmt.Errorf("composer: installed.php: %w", err)
		}
	}
	return &analyzer.Result{Packages: packages, Diagnostics: bad.Diagnostics()}, nil
}

// A phpValue is an array, or the text of another value.
type phpValue struct {
	text    string
	members []phpMember
}

type phpMember struct {
	key   string
	value phpValue
}

// memberSize is the memory of a member in bytes. Arrays double their room as they grow.
const memberSize = 2 * int64(unsafe.Sizeof(phpMember{}))

// member returns the value of a key, or the empty value.
func (v phpValue) member(key string) phpValue {
	for _, m := range v.members {
		if m.key == key {
			return m.value
		}
	}
	return phpValue{}
}

// maxDepth is the deepest nesting of arrays. Composer nests three, PEAR about ten.
const maxDepth = 64

// maxConcatenated is the length in bytes of the longest concatenated string. Composer concatenates paths.
const maxConcatenated = 4096

var errDepth = errors.New("nested too deep")

// A phpReader reads the literals of PHP source: arrays, quoted strings, words, numbers, and concatenations.
type phpReader struct {
	text  string
	at    int
	meter *membudget.Meter
}

// document reads "<?php return VALUE;". With an error it returns the part before it.
func (r *phpReader) document() (phpValue, error) {
	if !r.accept("<?php") {
		return phpValue{}, errors.New("no <?php")
	}
	if r.word() != "return" {
		return phpValue{}, errors.New("no return")
	}
	v, err := r.value(0)
	if err == nil && !r.accept(";") {
		err = errors.New("no semicolon after the value")
	}
	return v, err
}

// space skips white space and comments.
func (r *phpReader) space() {
	for r.at < len(r.text) {
		rest := r.text[r.at:]
		end := 0
		switch {
		case strings.IndexByte(" \t\r\n", rest[0]) >= 0:
			end = 1
		case strings.HasPrefix(rest, "/*"):
			if end = strings.Index(rest, "*/") + 2; end < 2 {
				end = len(rest)
			}
		case strings.HasPrefix(rest, "//"), rest[0] == '#':
			if end = strings.IndexByte(rest, '\n') + 1; end == 0 {
				end = len(rest)
			}
		default:
			return
		}
		r.at += end
	}
}

// accept skips a token if it comes next.
func (r *phpReader) accept(token string) bool {
	r.space()
	if !strings.HasPrefix(r.text[r.at:], token) {
		return false
	}
	r.at += len(token)
	return true
}

// word reads a name, a constant or a number.
func (r *phpReader) word() string {
	r.space()
	start := r.at
	for r.at < len(r.text) {
		c := r.text[r.at]
		if c != '_' && c != '-' && ('a' > c || c > 'z') && ('A' > c || c > 'Z') && ('0' > c || c > '9') {
			break
		}
		r.at++
	}
	return r.text[start:r.at]
}

func (r *phpReader) value(depth int) (phpValue, error) {
	var v phpValue
	for {
		part, err := r.operand(depth)
		v.text += part.text
		if part.members != nil {
			v.members = part.members
		}
		if err != nil || !r.accept(".") {
			return v, err
		}
		if len(v.text) > maxConcatenated {
			return v, fmt.Errorf("concatenated string exceeds %d bytes", maxConcatenated)
		}
	}
}

func (r *phpReader) operand(depth int) (phpValue, error) {
	r.space()
	if r.at == len(r.text) {
		return phpValue{}, errors.New("unexpected end")
	}
	switch c := r.text[r.at]; {
	case c == '\'' || c == '"':
		r.at++
		s, err := r.quoted(c)
		return phpValue{text: s}, err
	case c == '[':
		r.at++
		return r.array(depth, "]")
	}
	switch word := r.word(); {
	case word == "":
		return phpValue{}, fmt.Errorf("unexpected %.10q", r.text[r.at:])
	case word == "array":
		if !r.accept("(") {
			return phpValue{}, errors.New("no parenthesis after array")
		}
		return r.array(depth, ")")
	default:
		return phpValue{text: word}, nil
	}
}

// quoted reads a string after its opening quote. Composer escapes only the quote and the backslash.
func (r *phpReader) quoted(quote byte) (string, error) {
	var b []byte
	for start := r.at; r.at < len(r.text); r.at++ {
		switch c := r.text[r.at]; {
		case c == quote:
			s := r.text[start:r.at]
			if b != nil {
				s = string(append(b, s...))
			}
			r.at++
			return s, nil
		case c == '\\' && r.at+1 < len(r.text) && (r.text[r.at+1] == quote || r.text[r.at+1] == '\\'):
			b = append(b, r.text[start:r.at]...)
			r.at++
			start = r.at
		}
	}
	return "", errors.New("unterminated string")
}

// array reads the members after an opening bracket. With an error it returns the members before it.
func (r *phpReader) array(depth int, closing string) (v phpValue, err error) {
	if depth == maxDepth {
		return v, errDepth
	}
	for {
		if r.accept(closing) {
			return v, nil
		}
		m := phpMember{}
		m.value, err = r.value(depth + 1)
		if err == nil && r.accept("=>") {
			m.key = m.value.text
			m.value, err = r.value(depth + 1)
		}
		if err == nil {
			err = r.meter.Bytes(memberSize)
		}
		v.members = append(v.members, m)
		if err != nil {
			return v, err
		}
		if !r.accept(",") {
			if r.accept(closing) {
				return v, nil
			}
			return v, fmt.Errorf("unexpected %.10q in an array", r.text[r.at:])
		}
	}
}
