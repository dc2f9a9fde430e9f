package walk

import (
	"io"

	"github.com/hullmark/hullmark/analyzer"
)

// sparseRatio is the number of bytes that may be read of sparse files for each byte of the stream so far, beyond ratioFree. A hole takes no
// bytes in the stream, so that the limits of the stream do not count it.
const sparseRatio = 16

// An expanded is the content of a sparse file.
type expanded struct{ content }

// Read implements io.Reader.
func (e *expanded) Read(p []byte) (int, error) {
	n, err := e.content.Read(p)
	if limit := e.count(int64(n)); limit != nil {
		return 0, limit
	}
	return n, err
}

// Discard skips bytes of the content.
func (e *expanded) Discard(n int64) error {
	if err := e.count(n); err != nil {
		return err
	}
	return e.content.Discard(n)
}

// count counts n bytes that were read, or are about to be.
func (e *expanded) count(n int64) error {
	e.t.expanded += n
	at, err := e.s.Seek(0, io.SeekCurrent)
	if err == nil && (e.t.expanded-ratioFree)/sparseRatio > at {
		err = e.s.place(&analyzer.LimitError{What: "bytes of sparse files for each byte of one layer", Limit: sparseRatio})
	}
	return err
}
