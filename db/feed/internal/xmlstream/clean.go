package xmlstream

import (
	"bufio"
	"bytes"
	"io"
	"unicode/utf8"
)

// clean returns r with replacements for bytes that are not UTF-8 and for control characters, which XML does not allow. The descriptions
// of some publishers contain them, and the rest of the document is still useful. Documents that declare another encoding do not change.
func clean(r io.Reader) io.Reader {
	br := bufio.NewReaderSize(r, 32<<10)
	head, _ := br.Peek(128)
	if i := bytes.IndexByte(head, '>'); i >= 0 {
		head = bytes.ToLower(head[:i])
	}
	if _, after, ok := bytes.Cut(head, []byte("encoding=")); ok && len(after) > 6 && !bytes.HasPrefix(after[1:], []byte("utf-8")) &&
		!bytes.HasPrefix(after[1:], []byte("utf8")) && bytes.HasPrefix(head, []byte("<?xml")) {
		return br
	}
	return &cleaner{r: br}
}

type cleaner struct {
	r    *bufio.Reader
	rest []byte // the part of a replacement that did not fit
}

func (c *cleaner) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if len(c.rest) > 0 {
		n := copy(p, c.rest)
		c.rest = c.rest[n:]
		return n, nil
	}
	buf, err := c.r.Peek(1)
	if len(buf) == 0 {
		return 0, err
	}
	buf, _ = c.r.Peek(min(c.r.Buffered(), len(p)))
	n := 0
	for n < len(buf) {
		b := buf[n]
		if b >= ' ' && b < utf8.RuneSelf || b == '\n' || b == '\t' || b == '\r' {
			n++
			continue
		}
		if b >= utf8.RuneSelf {
			if r, size := utf8.DecodeRune(buf[n:]); r != utf8.RuneError && r != 0xFFFE && r != 0xFFFF || size > 1 && r == utf8.RuneError {
				n += size
				continue
			}
		}
		break
	}
	if n > 0 {
		copy(p, buf[:n])
		c.r.Discard(n)
		return n, nil
	}
	return c.one(p)
}

// one reads a character that begins with a byte that may not be allowed.
func (c *cleaner) one(p []byte) (int, error) {
	buf, _ := c.r.Peek(utf8.UTFMax) // fewer at the end
	out := []byte("\uFFFD")
	if buf[0] < utf8.RuneSelf {
		out = []byte(" ")
		c.r.Discard(1)
	} else if r, size := utf8.DecodeRune(buf); size > 1 && r != 0xFFFE && r != 0xFFFF {
		out = bytes.Clone(buf[:size]) // the buffer ends within it
		c.r.Discard(size)
	} else {
		c.r.Discard(max(size, 1))
	}
	n := copy(p, out)
	c.rest = out[n:]
	return n, nil
}
