// Package xmlstream reads large XML documents element by element, in bounded memory.
package xmlstream

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/hullmark/hullmark/internal/limit"
)

const (
	// MaxElement bounds the bytes of an element that Element reads, with all elements in it. Each of these counts elementCost more,
	// because readers keep more of an empty element than its text.
	MaxElement = 64 << 20

	elementCost = 64

	// maxToken bounds the bytes of one tag with its attributes, and of one run of text.
	maxToken = 4 << 20

	// maxDepth bounds how many elements contain each other. The criteria of OVAL need most, a dozen.
	maxDepth = 200
)

// A Reader reads one document. It compares local names of elements only, because publishers differ in prefixes and even in
// namespaces. Errors name the place, "byte 12".
type Reader struct {
	dec   *xml.Decoder
	guard *guard
	open  []xml.Name
	begun bool
}

// New returns a Reader of r.
func New(r io.Reader) *Reader {
	g := &guard{r: r, element: MaxElement, token: maxToken}
	dec := xml.NewDecoder(clean(g))
	dec.CharsetReader = charset
	return &Reader{dec: dec, guard: g}
}

// Document reads the root element, which must have the name, with read, and fails if anything but comments follows it. Read must read
// the element, with Each or Element.
func (r *Reader) Document(name string, read func(root *xml.StartElement) error) error {
	root, err := r.Next()
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return err
	}
	if root.Name.Local != name {
		return r.at(fmt.Errorf("element %.40q instead of %q", root.Name.Local, name))
	}
	if err := read(root); err != nil {
		return err
	}
	return r.end()
}

// Next returns the next start of an element at any depth. The error at the end of a complete document is io.EOF.
func (r *Reader) Next() (*xml.StartElement, error) {
	for {
		r.guard.element = MaxElement
		t, err := r.token()
		if err != nil {
			return nil, err
		}
		if t, ok := t.(xml.StartElement); ok {
			return &t, nil
		}
	}
}

// Each calls f for every child of the element that was returned last. It skips the parts of a child that f does not read. MaxElement
// bounds each child, and the element itself may have any size.
func (r *Reader) Each(f func(child *xml.StartElement) error) error {
	_, err := r.children(f, true)
	return err
}

// Element calls f for every child of the element that was returned last, and returns its text without that of children. It skips the
// parts of a child that f does not read.
func (r *Reader) Element(f func(child *xml.StartElement) error) (string, error) {
	return r.children(f, false)
}

func (r *Reader) children(f func(child *xml.StartElement) error, each bool) (string, error) {
	var text strings.Builder
	depth := len(r.open)
	for {
		if each {
			r.guard.element = MaxElement
		}
		t, err := r.token()
		if err == io.EOF {
			err = r.at(io.ErrUnexpectedEOF)
		}
		if err != nil {
			return "", err
		}
		switch t := t.(type) {
		case xml.StartElement:
			if f != nil {
				if err := f(&t); err != nil {
					return "", err
				}
			}
			for len(r.open) > depth { // the rest of the child
				if _, err := r.token(); err == io.EOF {
					return "", r.at(io.ErrUnexpectedEOF)
				} else if err != nil {
					return "", err
				}
			}
		case xml.EndElement:
			if len(r.open) < depth {
				return text.String(), nil
			}
		case xml.CharData:
			if !each {
				text.Write(t)
			}
		}
	}
}

// token reads one token and keeps the list of open elements.
func (r *Reader) token() (xml.Token, error) {
	r.guard.token = maxToken
	t, err := r.dec.RawToken()
	if err == io.EOF {
		if r.begun && len(r.open) == 0 {
			return nil, io.EOF
		}
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, r.at(err)
	}
	switch t := t.(type) {
	case xml.StartElement:
		if len(r.open) == 0 && r.begun {
			return nil, r.at(errors.New("a second document"))
		}
		if r.guard.element -= elementCost; r.guard.element < 0 {
			return nil, r.at(errElement)
		}
		r.begun = true
		if r.open = append(r.open, t.Name); len(r.open) > maxDepth {
			return nil, r.at(fmt.Errorf("more than %d elements in each other: %w", maxDepth, limit.ErrExceeded))
		}
	case xml.EndElement:
		n := len(r.open) - 1
		if n < 0 || r.open[n] != t.Name {
			return nil, r.at(fmt.Errorf("unexpected end of %.40q", t.Name.Local))
		}
		r.open = r.open[:n]
	}
	return t, nil
}

// end fails if anything but comments follows.
func (r *Reader) end() error {
	for {
		switch t, err := r.token(); {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		default:
			if c, ok := t.(xml.CharData); ok && len(bytes.TrimSpace(c)) > 0 {
				return r.at(errors.New("text after the document"))
			}
		}
	}
}

// Text returns the text of the element that was returned last, without surrounding space.
func (r *Reader) Text() (string, error) {
	s, err := r.Element(nil)
	return strings.TrimSpace(s), err
}

// Attr returns the value of an attribute, or "" for a missing attribute.
func Attr(e *xml.StartElement, name string) string {
	for i := range e.Attr {
		if e.Attr[i].Name.Local == name {
			return e.Attr[i].Value
		}
	}
	return ""
}

var errElement = fmt.Errorf("an element that takes more than %d bytes: %w", MaxElement, limit.ErrExceeded)

func (r *Reader) at(err error) error {
	return fmt.Errorf("byte %d: %w", r.dec.InputOffset(), err)
}

// charset decodes the encodings that publishers declare besides UTF-8.
func charset(label string, r io.Reader) (io.Reader, error) {
	switch strings.ToLower(label) {
	case "utf8", "us-ascii", "ascii":
		return r, nil
	case "iso-8859-1", "latin1":
		return &latin1{r: r}, nil
	}
	return nil, fmt.Errorf("encoding %.40q is not supported", label)
}

// latin1 encodes each byte as a rune.
type latin1 struct {
	r       io.Reader
	buf     [1024]byte
	pending []byte
}

func (l *latin1) Read(p []byte) (int, error) {
	if len(l.pending) == 0 {
		n, err := l.r.Read(l.buf[:])
		if n == 0 {
			return 0, err
		}
		for _, c := range l.buf[:n] {
			l.pending = append(l.pending, string(rune(c))...)
		}
	}
	n := copy(p, l.pending)
	l.pending = l.pending[n:]
	return n, nil
}

// A guard fails if an element or a token is too long.
type guard struct {
	r              io.Reader
	element, token int // bytes left
}

func (g *guard) Read(p []byte) (int, error) {
	n, err := g.r.Read(p)
	g.element -= n
	g.token -= n
	if g.element < 0 {
		return 0, errElement
	}
	if g.token < 0 {
		return 0, fmt.Errorf("a tag or text of more than %d bytes: %w", maxToken, limit.ErrExceeded)
	}
	return n, err
}
