// Package jsonstream reads large JSON documents value by value, in bounded memory.
package jsonstream

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/hullmark/hullmark/db/feed"
)

// MaxValue bounds the bytes of one value that is held in memory.
const MaxValue = 64 << 20

// A Reader reads one document. Its errors name the place, "at byte 12"; that of a document cut off is io.ErrUnexpectedEOF.
type Reader struct {
	dec   *json.Decoder
	guard *guard
}

// New returns a Reader of r, in front of which a byte order mark may be.
func New(r io.Reader) *Reader {
	g := &guard{r: r, left: MaxValue}
	br := bufio.NewReaderSize(g, 64<<10)
	if b, err := br.Peek(3); err == nil && string(b) == "\xef\xbb\xbf" {
		br.Discard(3)
	}
	d := json.NewDecoder(br)
	d.UseNumber() // those that are passed over may be larger than any float64
	return &Reader{dec: d, guard: g}
}

// Object calls f for every member of the object that comes next; f must read the value, with Object, List, Raw or Skip.
func (r *Reader) Object(f func(key string) error) error {
	if null, err := r.begin('{', "an object"); err != nil {
		return err
	} else if null {
		return r.at(errors.New("null instead of an object"))
	}
	for r.dec.More() {
		t, err := r.token()
		if err != nil {
			return err
		}
		if err := f(t.(string)); err != nil { // the decoder gives nothing else where an object has a key
			return err
		}
	}
	_, err := r.token()
	return err
}

// List calls f for every element of the list that comes next, or of null, which has none; f must read the element.
func (r *Reader) List(f func() error) error {
	if null, err := r.begin('[', "a list"); err != nil || null {
		return err
	}
	for r.dec.More() {
		if err := f(); err != nil {
			return err
		}
	}
	_, err := r.token()
	return err
}

func (r *Reader) begin(delim json.Delim, what string) (null bool, err error) {
	t, err := r.token()
	if err != nil {
		return false, err
	}
	if t != nil && t != delim {
		return false, r.at(fmt.Errorf("%.40q instead of %s", fmt.Sprint(t), what))
	}
	return t == nil, nil
}

// Raw returns the value that comes next, which is valid JSON.
func (r *Reader) Raw() (json.RawMessage, error) {
	r.guard.left = MaxValue
	var raw json.RawMessage
	if err := r.dec.Decode(&raw); err != nil {
		return nil, r.at(err)
	}
	return raw, nil
}

// String returns the value that comes next if it is a string, else "".
func (r *Reader) String() (string, error) {
	raw, err := r.Raw()
	if err != nil {
		return "", err
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return "", nil
	}
	return s, nil
}

// Skip passes over the value that comes next, however large.
func (r *Reader) Skip() error {
	for depth := 0; ; {
		t, err := r.token()
		if err != nil {
			return err
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}

// End checks that nothing comes any more.
func (r *Reader) End() error {
	switch _, err := r.dec.Token(); err {
	case io.EOF:
		return nil
	case nil:
		return r.at(errors.New("data after the end"))
	default:
		return r.at(err)
	}
}

func (r *Reader) token() (json.Token, error) {
	r.guard.left = MaxValue
	t, err := r.dec.Token()
	if err != nil {
		return nil, r.at(err)
	}
	return t, nil
}

func (r *Reader) at(err error) error {
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("at byte %d: %w", r.dec.InputOffset(), err)
}

// guard ends reading when one value is too long.
type guard struct {
	r    io.Reader
	left int
}

func (g *guard) Read(p []byte) (int, error) {
	n, err := g.r.Read(p)
	if g.left -= n; g.left < 0 {
		return 0, fmt.Errorf("%w: a value of more than %d bytes", feed.ErrTooLarge, MaxValue)
	}
	return n, err
}

// A List is a list of values that some publishers write as the value alone if there is one only, or as null if there is
// none.
type List[T any] []T

// UnmarshalJSON implements json.Unmarshaler.
func (l *List[T]) UnmarshalJSON(b []byte) error {
	switch b[0] {
	case '[':
		return json.Unmarshal(b, (*[]T)(l))
	case 'n':
		*l = nil
		return nil
	}
	var v T
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	*l = List[T]{v}
	return nil
}
