package credmask

import (
	"errors"
	"fmt"
)

// Error returns err with a text without credentials. errors.Is finds everything in it that it finds in err; errors.As and
// Unwrap find the causes whose own text has no credentials.
func (s *Masker) Error(err error) error {
	if err == nil {
		return nil
	}
	return s.Wrap(err.Error(), err)
}

// Errorf formats an error like fmt.Errorf, and returns it through Error.
func (s *Masker) Errorf(format string, args ...any) error {
	return s.Error(fmt.Errorf(format, args...))
}

// causes returns err if neither its text nor the text of a cause has credentials. Otherwise it returns the nearest causes without
// credentials.
func (s *Masker) causes(err error) []error {
	var inner, list []error
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		if cause := e.Unwrap(); cause != nil {
			inner = []error{cause}
		}
	case interface{ Unwrap() []error }:
		inner = e.Unwrap()
	}
	text := err.Error()
	clean := s.Text(text) == text
	for _, cause := range inner {
		kept := s.causes(cause)
		clean = clean && len(kept) == 1 && kept[0] == cause
		list = append(list, kept...)
	}
	if clean {
		return []error{err}
	}
	return list
}

// A scrubbed error has a text without credentials.
type scrubbed struct {
	text   string
	err    error // asked by Is only: its text may have credentials
	causes []error
}

func (e *scrubbed) Error() string        { return e.text }
func (e *scrubbed) Unwrap() []error      { return e.causes }
func (e *scrubbed) Is(target error) bool { return errors.Is(e.err, target) }

// Wrap returns an error with the given text and causes, as Error does.
func (s *Masker) Wrap(text string, causes ...error) error {
	e := &scrubbed{text: s.Text(text), err: errors.Join(causes...)}
	for _, cause := range causes {
		e.causes = append(e.causes, s.causes(cause)...)
	}
	return e
}
