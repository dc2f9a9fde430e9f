package image

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// Stats counts what Walk read.
type Stats struct {
	Entries int64 // tar entries
	Bytes   int64 // bytes of the uncompressed stream
}

// Walk reads the layer once and calls fn for each of its entries, in the order of the tar stream. It returns an error
// that wraps the context's, fn's, a [*LimitError], or a [*DigestError], or says at which offset of the uncompressed stream
// the layer cannot be read. After any error, what fn was given must not be trusted.
//
// The layer may be gzip, zstd or plain, whatever its media type claims. What is checked is the digest of its stored bytes
// where it is known, as runtimes check what they pull, and else the diff ID; see [Layer.Checked] and [Layer.Unchecked].
func (l Layer) Walk(ctx context.Context, limits Limits, fn func(*Entry) error) (stats Stats, err error) {
	limits = limits.withDefaults()
	defer func() {
		if err != nil {
			// What a cancelled read returns is often not the context's error: a file may just be closed.
			if cause := ctx.Err(); cause != nil && !errors.Is(err, cause) {
				err = cause
			}
			err = fmt.Errorf("layer %d: %w", l.Index, err)
		}
	}()
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
	if l.Finish != nil {
		defer l.Finish()
	}
	if _, size := l.Extent(); l.Unchecked {
		if s := newSection(ctx, rc, size, l.Progress); s != nil {
			if size > limits.Bytes {
				return stats, s.place(&LimitError{What: "bytes in one layer", Limit: limits.Bytes})
			}
			stats.Bytes = size
			err := walkTar(s, limits, &stats, fn)
			return stats, err
		}
	}
	var stored io.Reader = rc
	if l.Progress != nil {
		stored = &meter{r: rc, report: l.Progress}
	}
	s := newStream(ctx, stored, limits, l.Checked() == l.Digest)
	defer func() {
		if err != nil && stop() {
			// Nothing more is wanted, and the other goroutine may be waiting for bytes of a slow source.
			if _, ok := l.layer.(StoredLayer); ok {
				rc.Close()
			}
		}
		s.close()
	}()
	if err := walkTar(s, limits, &stats, fn); err != nil {
		return stats, err
	}
	if err := s.drain(); err != nil {
		return stats, s.place(err)
	}
	stats.Bytes = s.offset
	if got := s.digest(); got != l.Checked().String() {
		return stats, &DigestError{Want: l.Checked().String(), Got: got}
	}
	return stats, nil
}

// A placer is an uncompressed tar stream that can say where in it an error was met.
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
			return &LimitError{What: "tar entries in one layer", Limit: limits.Entries}
		}
		if !e.read(h) {
			continue
		}
		e.limit(limits)
		if e.Kind == File {
			e.Reader = &content{t, s}
			if s, ok := s.(*section); ok && !sparse(h) {
				e.At = io.NewSectionReader(s.r, s.offset, min(e.Size, s.size-s.offset))
			}
		}
		if err := fn(&e); err != nil {
			return err
		}
	}
}

// content is the content of one entry. Its errors say where in the stream they were met.
type content struct {
	t *tarReader
	s placer
}

func (c *content) Read(p []byte) (int, error) {
	n, err := c.t.Read(p)
	if err != nil && err != io.EOF {
		err = c.s.place(err)
	}
	return n, err
}

// A meter reports how many bytes went through it, at most once for each MiB.
type meter struct {
	r          io.Reader
	report     func(int64)
	read, said int64
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	if m.read += int64(n); m.read-m.said >= 1<<20 {
		m.said = m.read
		m.report(m.read)
	}
	return n, err
}
