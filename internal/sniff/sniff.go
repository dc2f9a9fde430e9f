// Package sniff recognizes the format of a text by its beginning.
package sniff

import (
	"bufio"
	"io"
)

// First skips a byte order mark and space, and returns the next byte without reading it. An empty text is io.ErrUnexpectedEOF.
func First(r *bufio.Reader) (byte, error) {
	if mark, err := r.Peek(3); err == nil && string(mark) == "\ufeff" {
		if _, err := r.Discard(3); err != nil {
			return 0, err
		}
	}
	for {
		c, err := r.ReadByte()
		switch {
		case err == io.EOF:
			return 0, io.ErrUnexpectedEOF
		case err != nil:
			return 0, err
		case c != ' ' && c != '\t' && c != '\r' && c != '\n':
			return c, r.UnreadByte()
		}
	}
}
