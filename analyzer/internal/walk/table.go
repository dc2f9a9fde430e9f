package walk

import (
	"context"
	"errors"
	"io"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/layertoc"
)

// ErrNoTable reports a layer that has no table of contents, or none that can be trusted or read.
var ErrNoTable = errors.New("no table of contents")

// WalkTable is like Walk, but reads the layer's table of contents and the files that wanted accepts, in as few requests as
// their positions allow. Reading other files costs a request each. If the error wraps ErrNoTable, WalkTable has not called fn,
// and the caller must use Walk.
//
// WalkTable checks the table against the digest that the image names for it, and each file against the digest in the table.
// Nothing checks that the table lists the whole layer truthfully: a runtime that unpacks the layer may see another file system.
// Stats.Bytes is 0.
func (l Layer) WalkTable(ctx context.Context, o Options, wanted func(*Entry) bool, fn func(*Entry) error) (stats Stats, err error) {
	o.Limits = o.withDefaults()
	defer func() { err = l.explain(ctx, err) }()
	r, ok := l.layer.(RangedLayer)
	if !ok {
		return stats, ErrNoTable
	}
	ref, ok := layertoc.FromAnnotations(r.Annotations())
	if !ok {
		return stats, ErrNoTable
	}
	read := int64(0)
	open := func(offset, n int64) (io.ReadCloser, error) {
		rc, err := r.StoredRange(ctx, offset, n)
		if err != nil || o.Progress == nil {
			return rc, err
		}
		return &rangeMeter{rc, &read, o.Progress}, nil
	}
	_, size := l.Extent()
	table, err := layertoc.Read(ref, size, o.Entries, open)
	if err != nil {
		return stats, errors.Join(ErrNoTable, err)
	}
	total := int64(0)
	contents := table.NewReader(func(t *layertoc.Entry) bool {
		if total += t.Size; total > o.Bytes || total < 0 {
			return false
		}
		var e Entry
		return e.read(t.Header()) && e.Kind == File && wanted(&e)
	})
	defer contents.Close()
	if total > o.Bytes || total < 0 {
		return stats, &analyzer.LimitError{What: "bytes in one layer", Limit: o.Bytes}
	}
	if o.Finish != nil {
		defer o.Finish()
	}
	var e Entry
	for i := range table.Entries {
		if err := ctx.Err(); err != nil {
			return stats, err
		}
		t := &table.Entries[i]
		stats.Entries++
		if !e.read(t.Header()) {
			continue
		}
		e.limit(o.Limits)
		if e.Kind == File {
			e.Reader = contents.Content(t)
		}
		if err := fn(&e); err != nil {
			return stats, err
		}
	}
	return stats, nil
}
