// Package prefetch defines readers of database files with high latency per read.
package prefetch

import (
	"context"
	"io"
)

// A Span is a part of a file.
type Span struct{ Offset, Length int64 }

// A Reader is an io.ReaderAt with high latency per read. Before it reads, a db.DB announces the spans that it is about to read, so the reader
// can fetch adjacent spans together and distant ones at the same time. Other reads must work as well.
type Reader interface {
	io.ReaderAt

	// Prefetch receives spans that are sorted by offset and do not overlap. An error ends the lookup.
	Prefetch(ctx context.Context, spans []Span) error
}

// A Discarder is a reader that keeps bytes between runs.
type Discarder interface {
	// Discard drops the bytes that the reader keeps, because some of them are not those of the file. It reports whether reading again may help.
	Discard() bool
}
