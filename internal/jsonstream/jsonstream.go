// Package jsonstream reads JSON documents member by member, so that what stands before a damaged place is not lost with
// it, and a large document is never held as a whole in another form.
package jsonstream

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// maxNotes is how many errors that do not end the reading are named one by one.
const maxNotes = 8

// ErrLimit says that a value is larger, or more deeply nested, than a reader of a stream was told to accept.
var ErrLimit = errors.New("exceeds the limit")

// maxSkipDepth is how deeply a value of a stream may be nested that is read over.
const maxSkipDepth = 512

// A Reader reads one document.
type Reader struct {
	decoder *json.Decoder
	window  *window     // nil for a document in memory
	note    func(error) // takes what Note records; nil: notes has the first of them, and more the number of the others
	notes   []error
	more    int
}

// A window ends a stream where one value would take more than limit bytes of it.
type window struct {
	r         io.Reader
	read, end int64
	limit     int64
}

func (w *window) Read(p []byte) (int, error) {
	if w.read >= w.end {
		return 0, fmt.Errorf("a value of more than %d bytes: %w", w.limit, ErrLimit)
	}
	n, err := w.r.Read(p)
	w.read += int64(n)
	return n, err
}

// New returns a Reader of a document. A byte order mark in front is skipped.
func New(text []byte) *Reader {
	return &Reader{decoder: json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))))}
}

// NewStream returns a Reader of a document that is never held as a whole: of a value that is read by one call, up to limit
// bytes. A larger one is an error, [ErrLimit]; what is skipped may have any size.
func NewStream(r io.Reader, limit int64) *Reader {
	w := &window{r: r, limit: limit, end: limit}
	return &Reader{decoder: json.NewDecoder(w), window: w}
}

// Document is like Read, but calls note for each error that does not end the reading.
func (r *Reader) Document(note func(error), f func(open json.Delim, key string) error) error {
	r.note = note
	_, err := r.Read(f)
	return err
}

// Read reads the members of the document, which must be an array or object, with [Reader.Members]. It returns the errors
// that Note recorded and the error that ended the reading, each with its place, "byte 12".
func (r *Reader) Read(f func(open json.Delim, key string) error) (noted []error, err error) {
	open, err := r.begin()
	if err == nil {
		err = r.members(open, func(key string) error { return f(open, key) })
	}
	if err == nil {
		if _, e := r.token(); e != io.EOF {
			err = r.at(errors.New("more after the document"))
		}
	}
	noted = r.notes
	if r.more > 0 {
		noted = append(noted, fmt.Errorf("%d more errors", r.more))
	}
	return noted, err
}

// Members reads the next value, an array or object, and calls f for each of its members, with the key "" for elements of
// an array; f must read the value. A value that is neither is noted.
func (r *Reader) Members(f func(key string) error) error {
	open, err := r.begin()
	if err != nil {
		return err
	}
	return r.members(open, f)
}

// Value reads the next value into v. What is of an unexpected type is noted, and v has the rest; an error is the end.
func (r *Reader) Value(v any) error {
	r.advance()
	err := r.decoder.Decode(v)
	if errors.As(err, new(*json.UnmarshalTypeError)) {
		r.Note(err)
		return nil
	}
	if err != nil {
		return r.at(err)
	}
	return nil
}

// Skip reads over the next value.
func (r *Reader) Skip() error {
	if r.window == nil {
		return r.Value(new(skipped))
	}
	for depth := 0; ; {
		t, err := r.token()
		if err != nil {
			return r.at(err)
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			if depth++; depth > maxSkipDepth {
				return r.at(fmt.Errorf("more than %d brackets in each other: %w", maxSkipDepth, ErrLimit))
			}
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}

// advance moves the window to where the reader is.
func (r *Reader) advance() {
	if w := r.window; w != nil {
		w.end = r.decoder.InputOffset() + w.limit
	}
}

func (r *Reader) token() (json.Token, error) {
	r.advance()
	return r.decoder.Token()
}

type skipped struct{}

func (*skipped) UnmarshalJSON([]byte) error { return nil }

// Note records an error that does not end the reading.
func (r *Reader) Note(err error) {
	if r.note != nil {
		r.note(r.at(err))
		return
	}
	if len(r.notes) == maxNotes {
		r.more++
		return
	}
	r.notes = append(r.notes, r.at(err))
}

// Offset returns how many bytes of the document have been read.
func (r *Reader) Offset() int64 { return r.decoder.InputOffset() }

// at adds the place that has been read to.
func (r *Reader) at(err error) error {
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("byte %d: %w", r.decoder.InputOffset(), err)
}

// begin reads the bracket that opens an array or object; 0 stands for a value that is neither.
func (r *Reader) begin() (json.Delim, error) {
	t, err := r.token()
	if err != nil {
		return 0, r.at(err)
	}
	d, ok := t.(json.Delim)
	if !ok && (t != nil || r.window == nil) { // in a stream, null stands for none
		r.Note(errors.New("neither an array nor an object"))
	}
	return d, nil
}

func (r *Reader) members(open json.Delim, f func(key string) error) error {
	if open == 0 {
		return nil
	}
	for r.hasMore() {
		key := ""
		if open == '{' {
			t, err := r.token()
			if err != nil {
				return r.at(err)
			}
			key, _ = t.(string)
		}
		if err := f(key); err != nil {
			return err
		}
	}
	if _, err := r.token(); err != nil {
		return r.at(err)
	}
	return nil
}

// hasMore reports whether there is another member. It is false also where the stream cannot be read; reading on says why.
func (r *Reader) hasMore() bool {
	r.advance()
	return r.decoder.More()
}
