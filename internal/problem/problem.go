// Package problem collects what is wrong in a file while the rest of it is read on, so that a parser can return both.
package problem

import (
	"errors"
	"fmt"
)

// limit is how many problems of a file are told one by one. A file that is not what its name promises has one in each line.
const limit = 16

// A List holds the problems of one file.
type List struct {
	pkg  string
	errs []error
	more int
}

// In returns an empty List for a package, with whose name its errors begin.
func In(pkg string) *List { return &List{pkg: pkg} }

// Line adds a problem with a line, counted from 1: "dpkg: line 12: no colon".
func (l *List) Line(line int, format string, args ...any) {
	l.add(func() string { return fmt.Sprintf("line %d", line) }, format, args)
}

// At adds a problem at a place that has a name: "pip: package 3: not a name".
func (l *List) At(place, format string, args ...any) {
	l.add(func() string { return place }, format, args)
}

// add formats nothing for a problem that is only counted.
func (l *List) add(place func() string, format string, args []any) {
	if len(l.errs) == limit {
		l.more++
		return
	}
	l.errs = append(l.errs, fmt.Errorf("%s: %s: %w", l.pkg, place(), fmt.Errorf(format, args...)))
}

// Err returns the problems, joined by errors.Join, and how many more there were; nil if there were none.
func (l *List) Err() error {
	errs := l.errs
	if l.more > 0 {
		errs = append(errs[:len(errs):len(errs)], fmt.Errorf("%s: %d more problems", l.pkg, l.more))
	}
	return errors.Join(errs...)
}
