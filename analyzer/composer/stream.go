package composer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// maxErrors is how many members of unexpected types are named one by one.
const maxErrors = 8

// A stream reads a JSON document member by member, so that what stands before a damaged place is not lost with it.
type stream struct {
	decoder *json.Decoder
	errs    []error
	more    int
}

func newStream(text []byte) *stream {
	return &stream{decoder: json.NewDecoder(bytes.NewReader(text))}
}

// err returns what went wrong: what the reading ended with, and what was of an unexpected type before.
func (s *stream) err(what string, end error) error {
	if end == nil {
		if _, err := s.decoder.Token(); err != io.EOF {
			end = s.at(errors.New("more after the document"))
		}
	}
	if s.more > 0 {
		s.errs = append(s.errs, fmt.Errorf("%d more errors", s.more))
	}
	if end != nil {
		s.errs = append(s.errs, end)
	}
	for i, err := range s.errs {
		s.errs[i] = fmt.Errorf("composer: %s: %w", what, err)
	}
	return errors.Join(s.errs...)
}

// at adds the place that has been read to.
func (s *stream) at(err error) error {
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("byte %d: %w", s.decoder.InputOffset(), err)
}

// note records an error that does not end the reading.
func (s *stream) note(err error) {
	if len(s.errs) == maxErrors {
		s.more++
		return
	}
	s.errs = append(s.errs, s.at(err))
}

// value reads the next value. One of an unexpected type is noted, and v has what of it fits; an error is the end.
func (s *stream) value(v any) error {
	err := s.decoder.Decode(v)
	if errors.As(err, new(*json.UnmarshalTypeError)) {
		s.note(err)
		return nil
	}
	if err != nil {
		return s.at(err)
	}
	return nil
}

// begin reads the bracket that opens an array or object, and returns which; what is neither is noted, and 0 returned.
func (s *stream) begin() (json.Delim, error) {
	t, err := s.decoder.Token()
	if err != nil {
		return 0, s.at(err)
	}
	d, ok := t.(json.Delim)
	if !ok {
		s.note(errors.New("neither an array nor an object"))
	}
	return d, nil
}

// members calls f for each member of an object that has begun, or for each element of an array with the key "". It must
// read the value.
func (s *stream) members(open json.Delim, f func(key string) error) error {
	if open == 0 {
		return nil
	}
	for s.decoder.More() {
		key := ""
		if open == '{' {
			t, err := s.decoder.Token()
			if err != nil {
				return s.at(err)
			}
			key, _ = t.(string)
		}
		if err := f(key); err != nil {
			return err
		}
	}
	if _, err := s.decoder.Token(); err != nil {
		return s.at(err)
	}
	return nil
}
