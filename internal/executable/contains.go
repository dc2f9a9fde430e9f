package executable

import (
	"bytes"
	"io"
)

// Contains reports whether a file contains a text. It ignores the rest after a read error.
func Contains(r *io.SectionReader, text string) bool {
	_, ok := Find(r, text, 1)
	return ok
}

// Find returns the first offset of a text in a file that is a multiple of align. It ignores the rest after a read error.
func Find(r *io.SectionReader, text string, align int64) (offset int64, ok bool) {
	r = io.NewSectionReader(r, 0, r.Size())
	buf := make([]byte, min(128<<10, r.Size()+1))
	kept, at := 0, int64(0)
	for {
		n, err := r.Read(buf[kept:])
		n += kept
		for from := 0; ; from++ {
			i := bytes.Index(buf[from:n], []byte(text))
			if i < 0 {
				break
			}
			if from += i; (at+int64(from))%align == 0 {
				return at + int64(from), true
			}
		}
		if err != nil {
			return 0, false
		}
		kept = copy(buf, buf[max(0, n-len(text)+1):n])
		at += int64(n - kept)
	}
}
