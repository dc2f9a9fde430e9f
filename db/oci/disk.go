package oci

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/hullmark/hullmark/db/internal/prefetch"
	"github.com/hullmark/hullmark/internal/atomicfile"
)

// A disk keeps parts of one blob between runs, in files DIR/DIGEST/OFFSET-LENGTH. A file is the SHA-256 of a part and the part. It checks
// only that the file is undamaged; package db checks that the part is that of the database. All methods of a nil disk do nothing.
type disk struct {
	dir string

	mu    sync.Mutex
	spans []prefetch.Span // sorted
	held  int64
}

const (
	maxDisk     = 512 << 20          // bytes of one blob that are kept
	diskLife    = 7 * 24 * time.Hour // after which the parts of a blob that was not opened are removed
	maxDiskFile = maxTail            // bytes of one part
)

// openDisk opens the parts of the blob with a digest, hexadecimal, and removes those of blobs that were not opened for a week. It returns nil if
// dir is empty.
func openDisk(dir, digest string) *disk {
	if dir == "" {
		return nil
	}
	d := &disk{dir: filepath.Join(dir, digest)}
	now := time.Now()
	os.Chtimes(d.dir, now, now) // it may not exist yet
	others, _ := os.ReadDir(dir)
	for _, e := range others {
		info, err := e.Info()
		if err == nil && e.IsDir() && len(e.Name()) == len(digest) && e.Name() != digest && now.Sub(info.ModTime()) > diskLife {
			os.RemoveAll(filepath.Join(dir, e.Name()))
		}
	}
	files, _ := os.ReadDir(d.dir)
	for _, e := range files {
		if !e.Type().IsRegular() { // opening a pipe would wait
			os.RemoveAll(filepath.Join(d.dir, e.Name()))
			continue
		}
		var s prefetch.Span
		if n, err := fmt.Sscanf(e.Name(), "%d-%d", &s.Offset, &s.Length); n != 2 || err != nil || d.name(s) != filepath.Join(d.dir, e.Name()) {
			continue
		}
		if s.Offset >= 0 && s.Length > 0 && s.Length <= maxDiskFile {
			d.note(s)
		}
	}
	return d
}

func (d *disk) name(s prefetch.Span) string {
	return filepath.Join(d.dir, fmt.Sprintf("%d-%d", s.Offset, s.Length))
}

func (d *disk) note(s prefetch.Span) {
	i, known := slices.BinarySearchFunc(d.spans, s, func(a, b prefetch.Span) int {
		return cmp.Or(cmp.Compare(a.Offset, b.Offset), cmp.Compare(a.Length, b.Length))
	})
	if !known {
		d.spans = slices.Insert(d.spans, i, s)
		d.held += s.Length
	}
}

// read returns a part that contains a span, if there is one.
func (d *disk) read(s prefetch.Span) (part, bool) {
	if d == nil {
		return part{}, false
	}
	d.mu.Lock()
	spans := d.spans
	d.mu.Unlock()
	for _, have := range spans {
		if have.Offset > s.Offset {
			break
		}
		if have.Offset+have.Length < s.Offset+s.Length {
			continue
		}
		if b, err := readPart(d.name(have), have.Length); err == nil {
			return part{have.Offset, b}, true
		}
		d.forget(have)
	}
	return part{}, false
}

// forget removes a part that cannot be read.
func (d *disk) forget(s prefetch.Span) {
	os.Remove(d.name(s))
	d.mu.Lock()
	defer d.mu.Unlock()
	d.spans = slices.DeleteFunc(slices.Clone(d.spans), func(x prefetch.Span) bool { return x == s })
}

// clear removes all parts.
func (d *disk) clear() {
	d.mu.Lock()
	defer d.mu.Unlock()
	os.RemoveAll(d.dir)
	d.spans, d.held = nil, 0
}

var errPart = errors.New("damaged")

// readPart reads a part of n bytes and checks it.
func readPart(name string, n int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, sha256.Size+n+1))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) != sha256.Size+n {
		return nil, errPart
	}
	if sum := sha256.Sum256(b[sha256.Size:]); !bytes.Equal(sum[:], b[:sha256.Size]) {
		return nil, errPart
	}
	return b[sha256.Size:], nil
}

// write keeps a part. A cache that cannot be written to only costs requests.
func (d *disk) write(offset int64, b []byte) {
	if d == nil || int64(len(b)) > maxDiskFile {
		return
	}
	s := prefetch.Span{Offset: offset, Length: int64(len(b))}
	d.mu.Lock()
	full := d.held+s.Length > maxDisk
	d.mu.Unlock()
	if full || os.MkdirAll(d.dir, 0o777) != nil {
		return
	}
	f, err := atomicfile.Create(d.name(s))
	if err != nil {
		return
	}
	defer f.Discard()
	sum := sha256.Sum256(b)
	if _, err := f.Write(append(sum[:], b...)); err != nil {
		return
	}
	if f.Commit() != nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.spans = slices.Clone(d.spans) // a reader may have the former ones
	d.note(s)
}
