package scan

import (
	"io"
	"sync"

	"github.com/hullmark/hullmark/analyzer/internal/walk"
)

// A counts has the bytes of files that a scan reads, for measurements of analyzers. It does not count the bytes of layers, or reads of files that
// lie uncompressed in a local file.
type counts struct {
	mu      sync.Mutex
	read    int64            // bytes of content that the scan read for analyzers
	skipped map[string]int64 // other bytes of content, by reason
	hashed  map[string]int64 // bytes by algorithm of digests
}

// The reasons why a scan does not read content.
const (
	skippedName  = "name"        // no analyzer wants content of a file with this name
	skippedMagic = "first bytes" // no analyzer wants a file that begins like this
	skippedSize  = "size"        // the file is larger than what analyzers read
	skippedCode  = "code"        // a part of a program that has no text that analyzers want
	skippedAgain = "second pass" // an analyzer has seen the rest
)

// count adds the bytes of a file that are read until the returned function is called. The unread rest has the reason c.why.
func (c *collector) count(e *walk.Entry, why string) (done func()) {
	if c.counts == nil {
		return func() {}
	}
	r := &countedReader{Reader: e.Reader}
	e.Reader, c.why = r, why
	size := e.Size
	return func() {
		c.counts.mu.Lock()
		defer c.counts.mu.Unlock()
		c.counts.read += r.read
		c.counts.skipped[skippedCode] += r.skipped
		c.counts.skipped[c.why] += size - r.read - r.skipped
	}
}

// countHashed counts a file whose digests were computed.
func (c *collector) countHashed(algorithms []string, size int64) {
	if c.counts == nil {
		return
	}
	c.counts.mu.Lock()
	defer c.counts.mu.Unlock()
	for _, a := range algorithms {
		c.counts.hashed[a] += size
	}
}

// A countedReader counts the bytes of a file that are read and those that are skipped.
type countedReader struct {
	io.Reader
	read, skipped int64
}

// Read implements io.Reader.
func (r *countedReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	r.read += int64(n)
	return n, err
}

// Discard skips bytes.
func (r *countedReader) Discard(n int64) error {
	r.skipped += n
	return discard(r.Reader, n)
}
