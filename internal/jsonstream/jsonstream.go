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

// A Reader reads one document.
type Reader struct {
	decoder *json.Decoder
	notes   []error
	more    int
}

// New returns a Reader of a document. A byte order mark in front is skipped.
func New(text []byte) *Reader {
	return &Reader{decoder: json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))))}
}

// Document reads the members of the document, which must be an array or object, with [Reader.Members], and returns all
// that went wrong, joined: each error with the place, "byte 12", and the prefix.
func (r *Reader) Document(prefix string, f func(open json.Delim, key string) error) error {
	open, err := r.begin()
	if err == nil {
		err = r.members(open, func(key string) error { return f(open, key) })
	}
	if err == nil {
		if _, e := r.decoder.Token(); e != io.EOF {
			err = r.at(errors.New("more after the document"))
		}
	}
	errs := r.notes
	if r.more > 0 {
		errs = append(errs, fmt.Errorf("%d more errors", r.more))
	}
	if err != nil {
		errs = append(errs, err)
	}
	for i, err := range errs {
		errs[i] = fmt.Errorf("%s: %w", prefix, err)
	}
	return errors.Join(errs...)
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
func (r *Reader) Skip() error { return r.Value(new(skipped)) }

type skipped struct{}

func (*skipped) UnmarshalJSON([]byte) error { return nil }

// Note records an error that does not end the reading.
func (r *Reader) Note(err error) {
	if len(r.notes) == maxNotes {
		r.more++
		return
	}
	r.notes = append(r.notes, r.at(err))
}

// at adds the place that has been read to.
func (r *Reader) at(err error) error {
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("byte %d: %w", r.decoder.InputOffset(), err)
}

// begin reads the bracket that opens an array or object; 0 stands for a value that is neither.
func (r *Reader) begin() (json.Delim, error) {
	t, err := r.decoder.Token()
	if err != nil {
		return 0, r.at(err)
	}
	d, ok := t.(json.Delim)
	if !ok {
		r.Note(errors.New("neither an array nor an object"))
	}
	return d, nil
}

func (r *Reader) members(open json.Delim, f func(key string) error) error {
	if open == 0 {
		return nil
	}
	for r.decoder.More() {
		key := ""
		if open == '{' {
			t, err := r.decoder.Token()
			if err != nil {
				return r.at(err)
			}
			key, _ = t.(string)
		}
		if err := f(key); err != nil {
			return err
		}
	}
	if _, err := r.decoder.Token(); err != nil {
		return r.at(err)
	}
	return nil
}
