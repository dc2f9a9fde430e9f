// Package xmlstream reads large XML documents element by element, in bounded memory.
package xmlstream

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/hullmark/hullmark/db/feed"
)

// MaxElement bounds the bytes that are read for one element or one run of text, whatever is done with it.
const MaxElement = 32 << 20

// maxDepth bounds how deep elements nest. The criteria of OVAL need most, a dozen.
const maxDepth = 200

// A Reader reads one document. Elements are known by their local names, since publishers differ in prefixes and even in
// namespaces.
type Reader struct {
	dec   *xml.Decoder
	guard *guard
	open  []xml.Name
	begun bool
}

// New returns a Reader of r.
func New(r io.Reader) *Reader {
	g := &guard{r: r, left: MaxElement}
	dec := xml.NewDecoder(clean(g))
	dec.CharsetReader = charset
	return &Reader{dec: dec, guard: g}
}

// Next returns the next start of an element at any depth. The error is io.EOF after a document that is whole, and otherwise
// names the place: "at byte 12".
func (r *Reader) Next() (*xml.StartElement, error) {
	for {
		r.guard.left = MaxElement
		t, err := r.token()
		if err != nil {
			return nil, err
		}
		if t, ok := t.(xml.StartElement); ok {
			return &t, nil
		}
	}
}

// Element calls f for every child of the element that was returned last, and returns its text: all of it that is not within
// children. What f leaves unread of a child is passed over.
func (r *Reader) Element(f func(child *xml.StartElement) error) (string, error) {
	var text strings.Builder
	inside := len(r.open)
	for {
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
			for len(r.open) > inside { // what f did not read
				if _, err := r.token(); err == io.EOF {
					return "", r.at(io.ErrUnexpectedEOF)
				} else if err != nil {
					return "", err
				}
			}
		case xml.EndElement:
			if len(r.open) < inside {
				return text.String(), nil
			}
		case xml.CharData:
			text.Write(t)
		}
	}
}

// token reads one token, and keeps account of the elements that are open.
func (r *Reader) token() (xml.Token, error) {
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
		r.begun = true
		if r.open = append(r.open, t.Name); len(r.open) > maxDepth {
			return nil, r.at(fmt.Errorf("elements nested more than %d deep", maxDepth))
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

// End checks that nothing but comments comes any more.
func (r *Reader) End() error {
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

// Text returns the text of the element that was returned last, without white space around it.
func (r *Reader) Text() (string, error) {
	s, err := r.Element(nil)
	return strings.TrimSpace(s), err
}

// Attr returns an attribute, "" if there is none.
func Attr(e *xml.StartElement, name string) string {
	for i := range e.Attr {
		if e.Attr[i].Name.Local == name {
			return e.Attr[i].Value
		}
	}
	return ""
}

func (r *Reader) at(err error) error {
	return fmt.Errorf("at byte %d: %w", r.dec.InputOffset(), err)
}

// charset reads the encodings that publishers declare besides UTF-8, which the decoder knows.
func charset(label string, r io.Reader) (io.Reader, error) {
	switch strings.ToLower(label) {
	case "utf8", "us-ascii", "ascii":
		return r, nil
	case "iso-8859-1", "latin1":
		return &latin1{r: r}, nil
	}
	return nil, fmt.Errorf("encoding %.40q is not supported", label)
}

// latin1 turns bytes into runes.
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

// guard ends reading when one element is too long.
type guard struct {
	r    io.Reader
	left int
}

func (g *guard) Read(p []byte) (int, error) {
	n, err := g.r.Read(p)
	if g.left -= n; g.left < 0 {
		return 0, fmt.Errorf("%w: an element of more than %d bytes", feed.ErrTooLarge, MaxElement)
	}
	return n, err
}
