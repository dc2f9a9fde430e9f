// Package console tells whether output goes to a person.
package console

import (
	"errors"
	"io"
	"os"

	"golang.org/x/term"
)

// Width returns the width of w in characters, and whether it is a terminal that understands escape sequences. On Windows it makes a
// console understand them.
func Width(w io.Writer) (width int, ok bool) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) || !enable(f) {
		return 0, false
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width <= 0 {
		width = 80
	}
	return width, true
}

// Closed reports whether an error means that the reader of a pipe has closed it, as head does.
func Closed(err error) bool {
	for _, e := range closed {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
