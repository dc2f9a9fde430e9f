package db

import (
	"context"
	"fmt"
	"io"
	"slices"
)

// A Span is a part of a file.
type Span struct{ Offset, Length int64 }

// A Prefetcher is an io.ReaderAt for which every read is a journey. Before it reads, a [DB] says of everything that it is
// about to read; what is near to one another can then be brought in one go, and what is not at the same time. Reads of
// anything else must work as well.
type Prefetcher interface {
	io.ReaderAt

	// Prefetch is called with spans in order of their offsets that do not overlap. An error ends the look-up.
	Prefetch(ctx context.Context, spans []Span) error
}

func (d *DB) prefetch(ctx context.Context, spans ...Span) error {
	p, ok := d.r.(Prefetcher)
	if !ok || len(spans) == 0 {
		return nil
	}
	slices.SortFunc(spans, func(a, b Span) int { return int(a.Offset - b.Offset) })
	if err := p.Prefetch(ctx, slices.Compact(spans)); err != nil {
		return fmt.Errorf("db: %w", err)
	}
	return nil
}

// remote reports whether it is worth to collect spans.
func (d *DB) remote() bool {
	_, ok := d.r.(Prefetcher)
	return ok
}

func (p piece) span() Span { return Span{p.offset, int64(p.stored)} }

func spansOf[R any](all []R, of func(R) Span) []Span {
	spans := make([]Span, len(all))
	for i := range all {
		spans[i] = of(all[i])
	}
	return spans
}
