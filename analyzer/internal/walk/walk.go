package walk

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/hullmark/hullmark/analyzer"
)

// Stats counts the entries and bytes that a walk read.
type Stats struct {
	Entries int64 // tar entries
	Bytes   int64 // bytes of the uncompressed stream
}

// Walk reads the layer once and calls fn for each entry, in the order of the tar stream. Its error wraps the context's error,
// the error of fn, an [*analyzer.LimitError] or an [*analyzer.DigestError], or names the offset in the uncompressed stream
// where the layer cannot be read. After an error, the entries must not be trusted.
//
// The layer may be gzip, zstd or uncompressed, whatever its media type claims. Walk compares the stored bytes with Digest if it
// is known, as runtimes do when they pull, else the uncompressed bytes with DiffID. See Options.Unchecked for an exception.
func (l Layer) Walk(ctx context.Context, o Options, fn func(*Entry) error) (stats Stats, err error) {
	o.Limits = o.withDefaults()
	defer func() { err = l.explain(ctx, err) }()
	if l.Checked().Algorithm != "sha256" {
		return stats, fmt.Errorf("digest %s: %w", l.Checked(), errors.ErrUnsupported)
	}
	if err := ctx.Err(); err != nil {
		return stats, err
	}
	rc, stop, err := l.open(ctx)
	if err != nil {
		return stats, err
	}
	defer rc.Close()
	defer stop()
	if o.Finish != nil {
		defer o.Finish()
	}
	if _, size := l.Extent(); o.Unchecked {
		if s := newSection(ctx, rc, size, o.Progress); s != nil {
			if size > o.Bytes {
				return stats, s.place(&analyzer.LimitError{What: "bytes in one layer", Limit: o.Bytes})
			}
			stats.Bytes = size
			err := walkTar(s, o.Limits, &stats, fn)
			return stats, err
		}
	}
	var stored io.Reader = rc
	if o.Progress != nil {
		stored = &meter{r: rc, report: o.Progress}
	}
	s := newStream(ctx, stored, o, l.Checked() == l.Digest)
	defer func() {
		if err != nil && stop() {
			// The other goroutine may be waiting for bytes of a slow source that no longer matter.
			if _, ok := l.layer.(StoredLayer); ok {
				rc.Close()
			}
		}
		s.close()
	}()
	if err := walkTar(s, o.Limits, &stats, fn); err != nil {
		return stats, err
	}
	if err := s.drain(); err != nil {
		return stats, s.place(err)
	}
	stats.Bytes = s.offset
	if got := s.digest(); got != l.Checked().String() {
		return stats, &analyzer.DigestError{Want: l.Checked().String(), Got: got}
	}
	return stats, nil
}

// explain returns err with the layer's index, nil for nil. It prefers the context's error: a cancelled read often returns
// another one, such as that a file is closed.
func (l Layer) explain(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if cause := ctx.Err(); cause != nil && !errors.Is(err, cause) {
		err = cause
	}
	return fmt.Errorf("layer %d: %w", l.Index, err)
}

// A placer is an uncompressed tar stream that adds its offset to errors.
type placer interface {
	io.ReadSeeker // forward only
	place(error) error
}

// walkTar calls fn for each entry of a tar stream.
func walkTar(s placer, limits Limits, stats *Stats, fn func(*Entry) error) error {
	t := &tarReader{s: s}
	var e Entry
	for {
		h, err := t.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return s.place(err)
		}
		if stats.Entries++; stats.Entries > limits.Entries {
			return &analyzer.LimitError{What: "tar entries in one layer", Limit: limits.Entries}
		}
		if !e.read(h) {
			continue
		}
		e.limit(limits)
		if e.Kind == File {
			e.Reader = &content{t, s}
			if e.Sparse = sparse(h); e.Sparse {
				e.Reader = &expanded{content{t, s}}
			}
			if s, ok := s.(*section); ok && !e.Sparse {
				e.At = io.NewSectionReader(s.r, s.offset, min(e.Size, s.size-s.offset))
			}
		}
		if err := fn(&e); err != nil {
			return err
		}
	}
}

// A content reads the content of one entry. Its errors have the offset in the stream.
type content struct {
	t *tarReader
	s placer
}

// Discard skips bytes of the content without copying them.
func (c *content) Discard(n int64) error {
	err := c.t.discard(n)
	if err != nil {
		err = c.s.place(err)
	}
	return err
}

func (c *content) Read(p []byte) (int, error) {
	n, err := c.t.Read(p)
	if err != nil && err != io.EOF {
		err = c.s.place(err)
	}
	return n, err
}
