package oci

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"golang.org/x/sync/errgroup"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/internal/polite"
)

const (
	maxGap  = 1 << 10  // bytes that are brought along to save a request
	maxPart = 1 << 20  // bytes of one request for several pieces
	maxHeld = 24 << 20 // bytes that are held, beside those brought last
	streams = 8        // requests at the same time
)

// errLie is what is wrong with a registry that sends something else than it was asked for.
var errLie = errors.New("the registry sent other bytes than it was asked for")

// A blob is the file of a database in a registry. It implements [db.Prefetcher].
type blob struct {
	ctx  context.Context // of reads that have none of their own
	repo *repository
	artifact

	progress func(done, total int64)
	total    int64 // for progress

	mu    sync.Mutex
	parts []part // in order, do not overlap
	held  int64
	usage Usage
	place string // where redirections led
}

// A part of the file that was brought.
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
	if !b.held0(p[:n], offset) {
		got, e := b.fetch(b.ctx, db.Span{Offset: offset, Length: n})
		if e != nil {
			return 0, e
		}
		copy(p, got)
	}
	return int(n), err
}

// held0 copies bytes that are held to p, and reports whether all of them are.
func (b *blob) held0(p []byte, offset int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	part, ok := b.find(offset, int64(len(p)))
	if ok {
		copy(p, part.bytes[offset-part.offset:])
	}
	return ok
}

// find returns the part that holds some bytes.
func (b *blob) find(offset, length int64) (part, bool) {
	i := sort.Search(len(b.parts), func(i int) bool { return b.parts[i].offset > offset }) - 1
	if i < 0 || b.parts[i].end() < offset+length {
		return part{}, false
	}
	return b.parts[i], true
}

// Prefetch implements db.Prefetcher.
func (b *blob) Prefetch(ctx context.Context, spans []db.Span) error {
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

// coalesce returns what to ask for: spans that are not held, those close to one another in one.
func (b *blob) coalesce(spans []db.Span) []db.Span {
	b.mu.Lock()
	defer b.mu.Unlock()
	var wanted []db.Span
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

// keep holds parts, and lets go of all former ones if that gets too much.
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

// fetch asks for a part of the file.
func (b *blob) fetch(ctx context.Context, s db.Span) (p []byte, err error) {
	if s.Offset < 0 || s.Length <= 0 || s.Offset+s.Length > b.layer.Size {
		return nil, fmt.Errorf("oci: %s: bytes %d to %d of %d", b.repo.ref, s.Offset, s.Offset+s.Length, b.layer.Size)
	}
	p = make([]byte, s.Length)
	err = polite.Again(ctx, func() error { return b.fetchOnce(ctx, p, s.Offset) })
	if err != nil {
		return nil, b.repo.explain(err)
	}
	b.mu.Lock()
	done := b.usage.Bytes
	b.mu.Unlock()
	if b.progress != nil {
		b.progress(done, b.total)
	}
	return p, nil
}

func (b *blob) fetchOnce(ctx context.Context, p []byte, offset int64) error {
	header := http.Header{"Range": {fmt.Sprintf("bytes=%d-%d", offset, offset+int64(len(p))-1)}}
	res, err := b.ask(ctx, header)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	b.mu.Lock()
	b.usage.Requests++
	b.mu.Unlock()
	if res.StatusCode == http.StatusOK && (offset > 0 || int64(len(p)) < b.layer.Size) {
		return ErrNoRanges
	}
	if err := transport.CheckError(res, http.StatusPartialContent, http.StatusOK); err != nil {
		return err
	}
	if res.StatusCode == http.StatusPartialContent {
		want := fmt.Sprintf("bytes %d-%d/", offset, offset+int64(len(p))-1)
		size, ok := strings.CutPrefix(res.Header.Get("Content-Range"), want)
		if !ok || size != "*" && size != fmt.Sprint(b.layer.Size) {
			return fmt.Errorf("%w: %q instead of %s%d", errLie, res.Header.Get("Content-Range"), want, b.layer.Size)
		}
	}
	n, err := io.ReadFull(res.Body, p)
	b.mu.Lock()
	b.usage.Bytes += int64(n)
	b.mu.Unlock()
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	if extra, _ := res.Body.Read(make([]byte, 1)); extra > 0 {
		return fmt.Errorf("%w: more than %d bytes", errLie, len(p))
	}
	return nil
}

// ask requests the blob where redirections led the last time, and if that is over, where it should be.
func (b *blob) ask(ctx context.Context, header http.Header) (*http.Response, error) {
	b.mu.Lock()
	place := b.place
	b.mu.Unlock()
	if place != "" {
		res, err := b.repo.get(ctx, place, header.Clone())
		if err == nil && res.StatusCode < 400 {
			return res, nil
		}
		if err == nil {
			res.Body.Close()
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		b.setPlace("")
	}
	res, err := b.repo.do(ctx, "blobs", b.layer.Digest.String(), header)
	if err != nil {
		return nil, err
	}
	if res.StatusCode < 400 && !sameHost(res.Request.URL, b.repo) {
		b.setPlace(res.Request.URL.String())
	}
	return res, nil
}

func (b *blob) setPlace(place string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.place = place
}

func sameHost(u *url.URL, r *repository) bool { return u.Host == r.ref.Context().RegistryStr() }

func (b *blob) used() Usage {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.usage
}
