package jsonstream

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Document is like Read, but calls note for each error that does not end the reading.
func (r *Reader) Document(note func(error), f func(open json.Delim, key string) error) error {
	r.note = note
	_, err := r.Read(f)
	return err
}

// Read reads the members of the document, an array or object, as Members does. It returns the errors that Note recorded and the error
// that ended the reading, each with its place, "byte 12".
func (r *Reader) Read(f func(open json.Delim, key string) error) (noted []error, err error) {
	open, err := r.container()
	if err == nil && open != 0 {
		err = r.each(open, func(key string) error { return f(json.Delim(open), key) })
	}
	if err == nil {
		err = r.End()
	}
	noted = r.notes
	if r.more > 0 {
		noted = append(noted, fmt.Errorf("%d more errors", r.more))
	}
	return noted, err
}

// Members reads the next value, an array or object. It calls f for each member, with the name or, for an element of an array, "";
// f must read the value. Members notes any other value, and skips null in a stream.
func (r *Reader) Members(f func(key string) error) error {
	open, err := r.container()
	if err != nil || open == 0 {
		return err
	}
	return r.each(open, f)
}

// container reads the bracket that opens an array or object, or any other value, for which it returns 0.
func (r *Reader) container() (byte, error) {
	c, err := r.next()
	if err != nil {
		return 0, err
	}
	if c == '{' || c == '[' {
		r.pos++
		return c, nil
	}
	if err := r.scan(); err != nil {
		return 0, err
	}
	if c != 'n' || r.src == nil {
		r.Note(errNoContainer)
	}
	return 0, nil
}

// Value reads the next value into v. It notes parts of an unexpected type, and v holds the rest.
func (r *Reader) Value(v any) error {
	bad, err := r.Decode(v)
	if err != nil {
		return err
	}
	if errors.As(bad, new(*json.UnmarshalTypeError)) {
		r.Note(bad)
		return nil
	}
	if bad != nil {
		return r.at(bad)
	}
	return nil
}

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

// OneOrMore is a list that some publishers write as the value alone if there is only one, and an empty one as null.
type OneOrMore[T any] []T

// UnmarshalJSON implements json.Unmarshaler.
func (l *OneOrMore[T]) UnmarshalJSON(text []byte) error {
	switch text[0] {
	case '[':
		return json.Unmarshal(text, (*[]T)(l))
	case 'n':
		*l = nil
		return nil
	}
	var v T
	if err := json.Unmarshal(text, &v); err != nil {
		return err
	}
	*l = OneOrMore[T]{v}
	return nil
}
