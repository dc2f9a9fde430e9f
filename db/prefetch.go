package db

import (
	"context"
	"fmt"
	"slices"

	"github.com/hullmark/hullmark/db/internal/prefetch"
)

// prefetch announces spans to the reader.
func (d *DB) prefetch(ctx context.Context, spans ...prefetch.Span) error {
	p, ok := d.r.(prefetch.Reader)
	if !ok || len(spans) == 0 {
		return nil
	}
	slices.SortFunc(spans, func(a, b prefetch.Span) int { return int(a.Offset - b.Offset) })
	if err := p.Prefetch(ctx, slices.Compact(spans)); err != nil {
		return fmt.Errorf("db: %w", err)
	}
	return nil
}

// discard has the reader drop the bytes that it keeps, and reports whether reading again may help.
func (d *DB) discard() bool {
	p, ok := d.r.(prefetch.Discarder)
	return ok && p.Discard()
}

// remote reports whether the reader wants announcements.
func (d *DB) remote() bool {
	_, ok := d.r.(prefetch.Reader)
	return ok
}

func (p piece) span() prefetch.Span { return prefetch.Span{Offset: p.offset, Length: int64(p.stored)} }

func spansOf[R any](all []R, of func(R) prefetch.Span) []prefetch.Span {
	spans := make([]prefetch.Span, len(all))
	for i := range all {
		spans[i] = of(all[i])
	}
	return spans
}
