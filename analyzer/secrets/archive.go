package secrets

import (
	"bytes"
	"context"
	"io"
	"path"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/inflate"
	"github.com/hullmark/hullmark/internal/zipwalk"
)

// compressed are the first bytes of files whose bytes are no text, by the reason to skip them.
var compressed = []struct{ reason, magic string }{
	{"compressed", "\x1f\x8b"}, {"compressed", "\xfd7zXZ\x00"}, {"compressed", "\x28\xb5\x2f\xfd"}, {"compressed", "BZh"}, {"compressed", "\x04\x22\x4d\x18"},
	{"media", "\x89PNG\r\n"}, {"media", "\xff\xd8\xff"}, {"media", "GIF8"}, {"media", "wOF2"}, {"media", "wOFF"}, {"media", "OggS"}, {"media", "ID3"},
}

// isSkipped reports whether a file is of a format that is not searched, and counts its bytes.
func isSkipped(r *reading) bool {
	var head [8]byte
	n, _ := r.file.Open().ReadAt(head[:], 0)
	reason := skipReason(head[:n])
	if reason != "" {
		r.skip(reason, r.file.Size())
	}
	return reason != ""
}

// skipReason returns the reason why a file with these first bytes is not searched, or "".
func skipReason(head []byte) string {
	for _, c := range compressed {
		if bytes.HasPrefix(head, []byte(c.magic)) {
			return c.reason
		}
	}
	return ""
}

// isGzip reports whether a file is compressed with gzip.
func isGzip(f *analyzer.File) bool {
	var head [3]byte
	n, _ := f.Open().ReadAt(head[:], 0)
	return string(head[:n]) == "\x1f\x8b\x08"
}

// gzip searches the text in a file that gzip compressed: a copy of a database, a rotated log, an archive of tar. It counts the bytes behind the first
// maxEntry bytes of the text.
func (s *search) gzip(ctx context.Context, r *reading) error {
	src := &counter{Reader: r.file.Open()}
	if err := r.file.Hold(ctx, inflate.Memory); err != nil {
		return err
	}
	defer r.file.Hold(ctx, -inflate.Memory)
	z := inflate.NewReader(src, inflate.GzipLenient)
	defer z.Close()
	var data []byte
	defer func() { r.file.Hold(ctx, -int64(cap(data))) }()
	most := int(min(maxEntry, 1<<20+200*r.file.Size())) // which text does not reach
	for err := error(nil); err == nil && len(data) < most; {
		if len(data) == cap(data) {
			size := min(most, max(2*cap(data), 64<<10))
			if err := r.file.Hold(ctx, int64(size)); err != nil {
				return err
			}
			larger := append(make([]byte, 0, size), data...)
			r.file.Hold(ctx, -int64(cap(data)))
			data = larger
		}
		var n int
		n, err = z.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
	}
	if rest := r.file.Size() - src.n; rest > 0 || len(data) == 0 {
		r.skip("compressed", max(rest, 0))
	}
	name := strings.TrimSuffix(r.file.Path, ".gz")
	return s.text(ctx, r, &text{at: bytes.NewReader(data), size: int64(len(data)), name: name, inside: path.Base(name), origin: -1})
}

// A counter counts the bytes of a Reader.
type counter struct {
	io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}

// isArchive reports whether a file is a zip archive: a jar, a wheel.
func isArchive(f *analyzer.File) bool {
	var head [4]byte
	n, _ := f.Open().ReadAt(head[:], 0)
	return string(head[:n]) == "PK\x03\x04"
}

// maxEntry is the size in bytes of the largest entry of an archive that is searched.
const maxEntry = 16 << 20

// minContent is the number of bytes of entries that are searched in an archive of any size.
const minContent = 32 << 20

// archive searches the entries of a zip archive, and of those within it.
func (s *search) archive(ctx context.Context, r *reading) error {
	limits := zipwalk.Limits{
		Depth: 8, Content: min(512<<20, minContent+200*r.file.Size()), // which text does not reach
		Hold: func(n int64) error { return r.file.Hold(ctx, n) },
	}
	kind := func(name []byte) zipwalk.Kind {
		if len(name) == 0 || name[len(name)-1] == '/' {
			return zipwalk.Skip
		}
		switch ext := strings.ToLower(path.Ext(string(name[max(0, len(name)-12):]))); {
		case ext == ".jar", ext == ".war", ext == ".ear", ext == ".zip", ext == ".whl", ext == ".egg", ext == ".aar":
			return zipwalk.Nested
		}
		return zipwalk.Wanted
	}
	var failed error
	err := zipwalk.Walk(ctx, r.file.Open(), r.file.Size(), limits, kind, func(a *zipwalk.Archive) {
		for _, f := range a.Files {
			if failed != nil {
				return
			}
			data, err := f.Read(maxEntry)
			name := f.Name
			if a.Inside != "" {
				name = a.Inside + zipwalk.Separator + name
			}
			if err != nil {
				r.bad.At(name, "%w", err)
				r.skip("archive", unread(f.Stored(), f.Size(), len(data)))
			}
			if reason := skipReason(data); reason != "" {
				r.skip(reason, f.Stored()-unread(f.Stored(), f.Size(), len(data)))
			} else {
				t := &text{at: bytes.NewReader(data), size: int64(len(data)), name: f.Name, inside: name, origin: -1}
				failed = s.text(ctx, r, t)
			}
			f.Free(data)
		}
	}, r.bad.Add)
	for reason, n := range r.skipped {
		r.skipped[reason] = min(n, r.file.Size()) // archives can have more than all their bytes in one another, and twice
	}
	if failed != nil {
		return failed
	}
	if err != nil && ctx.Err() == nil { // not an archive after all
		return s.text(ctx, r, &text{at: r.file.Open(), size: r.file.Size(), name: r.file.Path, origin: -1})
	}
	return err
}

// unread returns the part of the stored bytes of an entry that was not inflated, whatever size the archive states.
func unread(stored int64, size uint64, read int) int64 {
	if uint64(read) >= size {
		return 0
	}
	return int64(float64(stored) * float64(size-uint64(read)) / float64(size))
}
