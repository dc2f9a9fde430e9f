package oci

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sort"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/hullmark/hullmark/db/internal/prefetch"
	"github.com/hullmark/hullmark/internal/distribution"
)

const (
	maxGap  = 1 << 10  // unneeded bytes that are fetched to save a request
	maxPart = 1 << 20  // bytes of one request for several pieces
	maxHeld = 24 << 20 // bytes that are kept, besides the last ones
	streams = 8        // requests at the same time
)

// A blob is the file of a database in a registry. It implements [prefetch.Reader].
type blob struct {
	ctx  context.Context // of ReadAt
	repo *distribution.Repository
	artifact
	disk *disk // may be nil

	progress func(done, total int64)
	total    int64 // for progress

	mu       sync.Mutex
	parts    []part // sorted, without overlaps
	held     int64
	requests int
	bytes    int64
}

// A part is a part of the file that was fetched.
type part struct {
	offset int64
	bytes  []byte
}

func (p part) end() int64 { return p.offset + int64(len(p.bytes)) }

// ReadAt implements io.ReaderAt.
func (b *blob) ReadAt(p []byte, offset int64) (int, error) {
	if offset < 0 || offset > b.layer.Size {
		return 0, io.EOF
	}
	n := min(int64(len(p)), b.layer.Size-offset)
	var err error
	if n < int64(len(p)) {
		err = io.EOF
	}
	if n == 0 {
		return 0, err
	}
	if !b.cached(p[:n], offset) {
		got, e := b.fetch(b.ctx, prefetch.Span{Offset: offset, Length: n})
		if e != nil {
			return 0, e
		}
		copy(p, got)
	}
	return int(n), err
}

// cached copies the bytes at an offset to p if they are kept, and reports whether they are.
func (b *blob) cached(p []byte, offset int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	part, ok := b.find(offset, int64(len(p)))
	if ok {
		copy(p, part.bytes[offset-part.offset:])
	}
	return ok
}

// find returns the part that contains some bytes.
func (b *blob) find(offset, length int64) (part, bool) {
	i := sort.Search(len(b.parts), func(i int) bool { return b.parts[i].offset > offset }) - 1
	if i < 0 || b.parts[i].end() < offset+length {
		return part{}, false
	}
	return b.parts[i], true
}

// Prefetch implements prefetch.Reader.
func (b *blob) Prefetch(ctx context.Context, spans []prefetch.Span) error {
	b.recall(spans)
	wanted := b.coalesce(spans)
	got := make([]part, len(wanted))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(streams)
	for i, s := range wanted {
		g.Go(func() error {
			bytes, err := b.fetch(ctx, s)
			got[i] = part{s.Offset, bytes}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	b.keep(got)
	return nil
}

// recall keeps the parts for some spans that are on the disk.
func (b *blob) recall(spans []prefetch.Span) {
	if b.disk == nil {
		return
	}
	var got []part
	for _, s := range spans {
		b.mu.Lock()
		_, known := b.find(s.Offset, s.Length)
		b.mu.Unlock()
		if known || s.Length <= 0 || len(got) > 0 && covers(got[len(got)-1], s) {
			continue
		}
		if p, ok := b.disk.read(s); ok && p.end() <= b.layer.Size {
			got = append(got, p)
		}
	}
	if len(got) > 0 {
		b.keep(got)
	}
}

// Discard implements prefetch.Discarder.
func (b *blob) Discard() bool {
	if b.disk == nil {
		return false
	}
	b.disk.clear()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.parts, b.held = nil, 0 // they may be those of the disk
	return true
}

func covers(p part, s prefetch.Span) bool {
	return p.offset <= s.Offset && s.Offset+s.Length <= p.end()
}

// coalesce returns the spans to request: those that are not kept, with neighbours joined.
func (b *blob) coalesce(spans []prefetch.Span) []prefetch.Span {
	b.mu.Lock()
	defer b.mu.Unlock()
	var wanted []prefetch.Span
	for _, s := range spans {
		if _, ok := b.find(s.Offset, s.Length); ok || s.Length <= 0 {
			continue
		}
		if n := len(wanted) - 1; n >= 0 {
			last := &wanted[n]
			gap := s.Offset - last.Offset - last.Length
			if gap <= maxGap && last.Length+gap+s.Length <= maxPart {
				last.Length += gap + s.Length
				continue
			}
		}
		wanted = append(wanted, s)
	}
	return wanted
}

// keep keeps parts, and drops all former ones if they exceed maxHeld.
func (b *blob) keep(got []part) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.held > maxHeld {
		b.parts, b.held = nil, 0
	}
	for _, p := range got {
		b.held += int64(len(p.bytes))
	}
	b.parts = append(b.parts, got...)
	slices.SortFunc(b.parts, func(x, y part) int { return int(x.offset - y.offset) })
}

// fetch requests a part of the file.
func (b *blob) fetch(ctx context.Context, s prefetch.Span) ([]byte, error) {
	if s.Offset < 0 || s.Length <= 0 || s.Offset+s.Length > b.layer.Size {
		return nil, fmt.Errorf("oci: %s: bytes %d to %d of %d", b.repo.Ref, s.Offset, s.Offset+s.Length, b.layer.Size)
	}
	if p, ok := b.disk.read(s); ok {
		return p.bytes[s.Offset-p.offset:][:s.Length], nil
	}
	body, err := b.repo.BlobRange(ctx, b.layer, s.Offset, s.Length)
	if err != nil {
		return nil, fmt.Errorf("oci: %w", err)
	}
	p := make([]byte, s.Length)
	n, err := io.ReadFull(body, p)
	if err == nil { // a server may send more
		_, err = io.Copy(io.Discard, body)
	}
	b.count(1, int64(n))
	if err = errors.Join(err, body.Close()); err != nil {
		return nil, fmt.Errorf("oci: %w", err)
	}
	b.disk.write(s.Offset, p)
	return p, nil
}

// count counts requests and bytes, and reports progress.
func (b *blob) count(requests int, bytes int64) {
	b.mu.Lock()
	b.requests += requests
	b.bytes += bytes
	done := b.bytes
	b.mu.Unlock()
	if b.progress != nil {
		b.progress(done, b.total)
	}
}

// requested returns how many requests were made for the file, and how many bytes of it came.
func (b *blob) requested() (int, int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.requests, b.bytes
}
