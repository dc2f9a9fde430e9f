// Package diagnostic collects the diagnostics of a file while an analyzer reads on, and bounds their number.
package diagnostic

import (
	"errors"
	"fmt"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/limit"
)

// Max is the most diagnostics of one file and analyzer in a report, which counts the others. A file of another format than its
// name says would have one in each line.
const Max = 16

// A List holds the diagnostics of one file. The zero value is empty and ready to use.
type List struct {
	list []analyzer.Diagnostic // at most Max+1
	more int                   // beyond those
}

// Line adds a problem in a line, counted from 1. The code is that of the error that format wraps with %w.
func (l *List) Line(line int, format string, args ...any) {
	if l.full() {
		return
	}
	d := Of(fmt.Errorf(format, args...))
	d.Line = line
	l.list = append(l.list, d)
}

// At adds a problem at a named place, with which the message begins: "package 3: not a name".
func (l *List) At(place, format string, args ...any) {
	if l.full() {
		return
	}
	l.list = append(l.list, Of(fmt.Errorf("%s: %w", place, fmt.Errorf(format, args...))))
}

// Add adds an error, unless it is nil.
func (l *List) Add(err error) {
	if err == nil || l.full() {
		return
	}
	l.list = append(l.list, Of(err))
}

// Within adds the problems of a file within the file, "NAME: line 3: no colon".
func (l *List) Within(name string, inner *List) {
	for _, d := range inner.Diagnostics() {
		if !l.full() {
			l.list = append(l.list, analyzer.Diagnostic{Code: d.Code, Message: name + ": " + d.String()})
		}
	}
}

// full counts a problem for which the list has no room.
func (l *List) full() bool {
	if len(l.list) <= Max {
		return false
	}
	l.more++
	return true
}

// Diagnostics returns the diagnostics. The last one counts those beyond Max.
func (l *List) Diagnostics() []analyzer.Diagnostic {
	if l.more == 0 {
		return l.list
	}
	return append(l.list[:Max:Max], more(l.more+1))
}

// Cap returns the first Max of a list and the number of the others. It does not change a list that Cap or a List returned.
func Cap(list []analyzer.Diagnostic) []analyzer.Diagnostic {
	if len(list) <= Max+1 {
		return list
	}
	return append(list[:Max:Max], more(len(list)-Max))
}

func more(n int) analyzer.Diagnostic {
	return analyzer.Diagnostic{Code: analyzer.Malformed, Message: fmt.Sprintf("%d more problems", n)}
}

// Of returns the diagnostic that an error becomes.
func Of(err error) analyzer.Diagnostic {
	return analyzer.Diagnostic{Code: code(err), Message: err.Error()}
}

func code(err error) analyzer.DiagnosticCode {
	switch {
	case errors.Is(err, analyzer.ErrUnavailable):
		return analyzer.Unavailable
	case errors.Is(err, analyzer.ErrTooLarge), errors.Is(err, limit.ErrExceeded):
		return analyzer.TooLarge
	case errors.Is(err, analyzer.ErrUnsupported), errors.Is(err, errors.ErrUnsupported):
		return analyzer.Unsupported
	}
	return analyzer.Malformed
}

// IsCode reports whether a diagnostic may have the code: lower-case letters and digits, with hyphens between words.
func IsCode(code string) bool {
	const most = 64
	before := byte('-')
	for i := range len(code) {
		c := code[i]
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' && before != '-') {
			return false
		}
		before = c
	}
	return before != '-' && len(code) <= most
}

// Err returns the answer of Analyze as one error, for tests: a line for each diagnostic, and the error itself.
func Err(r *analyzer.Result, err error) error {
	if r == nil || len(r.Diagnostics) == 0 {
		return err
	}
	var lines []error
	for _, d := range r.Diagnostics {
		lines = append(lines, errors.New(d.String()))
	}
	return errors.Join(append(lines, err)...)
}
