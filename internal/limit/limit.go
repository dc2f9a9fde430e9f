// Package limit has the error of input that is larger than its reader accepts, and the defaults of limits.
package limit

import (
	"errors"
	"fmt"
	"io"
)

// ErrExceeded reports input that is larger, longer or more deeply nested than its reader accepts.
var ErrExceeded = errors.New("exceeds the limit")

// Reader returns a reader of r that fails with ErrExceeded after limit bytes, where io.LimitReader would end. The error names the
// content: "document of more than 5 bytes".
func Reader(r io.Reader, limit int64, what string) io.Reader {
	return &reader{r: r, left: limit, limit: limit, what: what}
}

// Default sets a limit to a default unless it is positive.
func Default[T ~int | ~int64](limit *T, to T) {
	if *limit <= 0 {
		*limit = to
	}
}

type reader struct {
	r           io.Reader
	left, limit int64
	what        string
}

func (l *reader) Read(p []byte) (int, error) {
	if int64(len(p)) > l.left+1 {
		p = p[:l.left+1]
	}
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		n, l.left = n+int(l.left), 0
		return n, fmt.Errorf("%s of more than %d bytes: %w", l.what, l.limit, ErrExceeded)
	}
	return n, err
}
