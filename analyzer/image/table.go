package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/hullmark/hullmark/internal/toc"
)

// A RangedLayer is a StoredLayer of which single parts can be had: a blob in a registry or in a file.
type RangedLayer interface {
	StoredLayer

	// StoredRange opens n stored bytes from offset on. It fails where that would mean to read more than those.
	StoredRange(ctx context.Context, offset, n int64) (io.ReadCloser, error)

	// Annotations returns those of the layer's descriptor in the image's manifest.
	Annotations() map[string]string
}

// ErrNoTable is the error of WalkTable for a layer that has no table of contents, or none that can be believed or read.
var ErrNoTable = errors.New("no table of contents")

// Table returns the digest of the table of contents that the image names for the layer, as eStargz and zstd:chunked layers
// have one. It is zero where there is none, or where parts of the layer cannot be had.
func (l Layer) Table() v1.Hash {
	if r, ok := l.layer.(RangedLayer); ok {
		if ref, ok := toc.FromAnnotations(r.Annotations()); ok {
			if h, err := v1.NewHash(ref.Digest); err == nil {
				return h
			}
		}
	}
	return v1.Hash{}
}

// WalkTable does what Walk does, but reads the layer's table of contents instead of the layer, and of that only the files
// that wanted accepts, in as few requests as their places allow; others may be read too, at the cost of a request each.
// The error wraps ErrNoTable where Walk has to be used instead; fn has not been called then.
//
// The table is checked against the digest that the image names for it, and each file against the one that the table
// names. That the table tells all of the layer, and the truth, is its maker's word: a runtime that unpacks the whole layer
// may see another file system. Stats.Bytes is 0.
func (l Layer) WalkTable(ctx context.Context, limits Limits, wanted func(path string) bool, fn func(*Entry) error) (stats Stats, err error) {
	limits = limits.withDefaults()
	defer func() {
		if err != nil {
			if cause := ctx.Err(); cause != nil && !errors.Is(err, cause) {
				err = cause
			}
			err = fmt.Errorf("layer %d: %w", l.Index, err)
		}
	}()
	r, ok := l.layer.(RangedLayer)
	if !ok {
		return stats, ErrNoTable
	}
	ref, ok := toc.FromAnnotations(r.Annotations())
	if !ok {
		return stats, ErrNoTable
	}
	read := int64(0)
	open := func(offset, n int64) (io.ReadCloser, error) {
		rc, err := r.StoredRange(ctx, offset, n)
		if err != nil || l.Progress == nil {
			return rc, err
		}
		return &counted{rc, &read, l.Progress}, nil
	}
	_, size := l.Extent()
	table, err := toc.Read(ref, size, limits.Entries, open)
	if err != nil {
		return stats, errors.Join(ErrNoTable, err)
	}
	total := int64(0)
	contents := table.NewReader(func(t *toc.Entry) bool {
		if total += t.Size; total > limits.Bytes || total < 0 {
			return false
		}
		var e Entry
		return e.read(t.Header()) && e.Kind == File && wanted(e.Path)
	})
	defer contents.Close()
	if total > limits.Bytes || total < 0 {
		return stats, &LimitError{What: "bytes in one layer", Limit: limits.Bytes}
	}
	if l.Finish != nil {
		defer l.Finish()
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
		e.limit(limits)
		if e.Kind == File {
			e.Reader = contents.Content(t)
		}
		if err := fn(&e); err != nil {
			return stats, err
		}
	}
	return stats, nil
}

// limit refuses an entry whose name exceeds the limits.
func (e *Entry) limit(limits Limits) {
	switch {
	case e.Kind == Refused:
	case len(e.Path) > limits.Path:
		e.refuse(e.Path[:limits.Path], fmt.Sprintf("its name is longer than %d bytes", limits.Path))
	case strings.Count(e.Path, "/") >= limits.Depth:
		e.refuse(e.Path, fmt.Sprintf("its name has more than %d elements", limits.Depth))
	}
}

// counted is a part of the layer that reports how much of the layer has been read.
type counted struct {
	io.ReadCloser
	read   *int64
	report func(int64)
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	*c.read += int64(n)
	c.report(*c.read)
	return n, err
}
