package catalog

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"sync/atomic"

	"github.com/klauspost/compress/zstd"

	"github.com/hullmark/hullmark/matcher"
)

// The index, version 1.
//
//	header   8 bytes, the magic "HULLFLET"
//	blocks   of keys, of subjects, of chunks, and of images
//	root
//	footer   64 bytes: offset (8) and length (8) of the root, its SHA-256 (32), version (4), zeros (4), the magic
//
// Numbers in the footer are little-endian; all others are varints. A block is a zstd frame with its content size, those of images are raw. The
// root has for each of the four sections: count of its records; count of blocks; for each block: stored length, raw length, SHA-256 of
// the stored bytes, count of records. And for each block of keys its first key: type, namespace, name, release, each as length and bytes.
//
//	keys      sorted. Each: for each of type, namespace, name and release the count of bytes that it shares with the key before in the
//	          block, the length of the rest, the rest; the length of a set, and the set of subjects
//	subjects  sorted by their first key, then by form. Each: the length of the canonical form of a matcher.Subject, the form; the length of a
//	          set, and the set of chunks
//	chunks    those of several images first, most images first; then the others in the order of their image. Each: the length of a set,
//	          and the set of images
//	images    in the order of their chunks of several images, then of their digests. Each: the 32 bytes of its SHA-256 digest
//
// So images of one base have adjacent numbers, and sets of images are few runs. A chunk is its set of subjects: chunks that differ in other
// facts are one chunk here. The bytes depend on the content only, not on the order of arrival.
const (
	indexMagic   = "HULLFLET"
	indexVersion = 1
	indexFooter  = 64
	digestSize   = sha256.Size

	blockSize    = 32 << 10 // raw bytes at which a block ends
	maxBlockSize = 32 << 20 // raw bytes of a block that a reader accepts
	maxRootSize  = 64 << 20
)

const (
	sectionKeys = iota
	sectionSubjects
	sectionChunks
	sectionImages
	sections
)

type indexBlock struct {
	offset      int64
	stored, raw int
	hash        [sha256.Size]byte
	first       int // number of the first record
	records     int
}

// end returns the number after that of the last record.
func (b *indexBlock) end() int { return b.first + b.records }

type indexSection struct {
	records int
	blocks  []indexBlock
}

type indexRoot struct {
	sections [sections]indexSection
	firsts   []matcher.Key // of each block of keys
}

// A blockWriter writes the blocks of sections.
type blockWriter struct {
	w      io.Writer
	zstd   *zstd.Encoder
	offset int64
	root   indexRoot
	buf    []byte
	count  int // records in buf
	err    error
}

func (w *blockWriter) write(b []byte) {
	if w.err == nil {
		_, w.err = w.w.Write(b)
	}
	w.offset += int64(len(b))
}

// end ends a block of a section.
func (w *blockWriter) end(section int) {
	if w.count == 0 {
		return
	}
	stored := w.buf
	if section != sectionImages {
		stored = w.zstd.EncodeAll(w.buf, nil)
	}
	s := &w.root.sections[section]
	s.blocks = append(s.blocks, indexBlock{offset: w.offset, stored: len(stored), raw: len(w.buf), hash: sha256.Sum256(stored), first: s.records, records: w.count})
	s.records += w.count
	w.write(stored)
	w.buf, w.count = w.buf[:0], 0
}

func (w *blockWriter) finish() error {
	var b []byte
	for i := range w.root.sections {
		s := &w.root.sections[i]
		b = binary.AppendUvarint(b, uint64(s.records))
		b = binary.AppendUvarint(b, uint64(len(s.blocks)))
		for k := range s.blocks {
			x := &s.blocks[k]
			b = binary.AppendUvarint(b, uint64(x.stored))
			b = binary.AppendUvarint(b, uint64(x.raw))
			b = append(b, x.hash[:]...)
			b = binary.AppendUvarint(b, uint64(x.records))
		}
	}
	for _, k := range w.root.firsts {
		for _, s := range [...]string{k.Type, k.Namespace, k.Name, k.Release} {
			b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
		}
	}
	at, hash := w.offset, sha256.Sum256(b)
	w.write(b)
	f := binary.LittleEndian.AppendUint64(nil, uint64(at))
	f = binary.LittleEndian.AppendUint64(f, uint64(len(b)))
	f = append(f, hash[:]...)
	f = binary.LittleEndian.AppendUint32(f, indexVersion)
	f = binary.LittleEndian.AppendUint32(f, 0)
	w.write(append(f, indexMagic...))
	return w.err
}

// parseRoot parses the root at an offset.
func parseRoot(b []byte, at int64) (*indexRoot, error) {
	d := decoder{rest: b, budget: maxRootSize * 4}
	r := new(indexRoot)
	offset := int64(len(indexMagic))
	for i := range r.sections {
		s := &r.sections[i]
		records := d.uint()
		if records > 1<<31 {
			d.fail("too many records")
		}
		s.blocks = make([]indexBlock, d.count(3+sha256.Size, 96))
		for k := range s.blocks {
			x := &s.blocks[k]
			stored, raw := d.uint(), d.uint()
			copy(x.hash[:], d.take(sha256.Size))
			count := d.uint()
			if stored > maxBlockSize || raw > maxBlockSize || count > raw || count == 0 {
				d.fail("block out of range")
			}
			if d.err != nil {
				return nil, d.err
			}
			x.offset, x.stored, x.raw, x.first, x.records = offset, int(stored), int(raw), s.records, int(count)
			offset += int64(stored)
			s.records += int(count)
		}
		if uint64(s.records) != records {
			d.fail("another count of records")
		}
	}
	text := func() string { return string(d.take(d.uint())) }
	for range r.sections[sectionKeys].blocks {
		r.firsts = append(r.firsts, matcher.Key{Type: text(), Namespace: text(), Name: text(), Release: text()})
		if d.err != nil {
			return nil, d.err
		}
	}
	if len(d.rest) > 0 || offset != at || !slices.IsSortedFunc(r.firsts, matcher.CompareKeys) {
		d.fail("root out of order")
	}
	return r, d.err
}

// An Index finds the images that packages are in. It reads an immutable file in parts, and may be used by many goroutines at once.
type Index struct {
	r    io.ReaderAt
	root *indexRoot
	hash [sha256.Size]byte
	zstd *zstd.Decoder

	chunks  chunkCache
	scratch bitmaps
}

// OpenIndex opens an index of size bytes. It reads the root and no block. Errors wrap [ErrCorrupt] or are those of r.
func OpenIndex(r io.ReaderAt, size int64) (*Index, error) {
	bad := func(what string) error { return fmt.Errorf("catalog: index: %w: %s", ErrCorrupt, what) }
	if size < int64(len(indexMagic))+indexFooter {
		return nil, bad("too short")
	}
	f := make([]byte, indexFooter)
	if _, err := r.ReadAt(f, size-indexFooter); err != nil && err != io.EOF {
		return nil, fmt.Errorf("catalog: index: %w", err)
	}
	if string(f[56:]) != indexMagic || binary.LittleEndian.Uint32(f[48:]) != indexVersion || binary.LittleEndian.Uint32(f[52:]) != 0 {
		return nil, bad("no footer of version 1")
	}
	at, length := binary.LittleEndian.Uint64(f), binary.LittleEndian.Uint64(f[8:])
	if length > maxRootSize || at > uint64(size) || at+length+indexFooter != uint64(size) {
		return nil, bad("footer out of range")
	}
	b := make([]byte, length)
	if _, err := r.ReadAt(b, int64(at)); err != nil && err != io.EOF {
		return nil, fmt.Errorf("catalog: index: %w", err)
	}
	x := &Index{r: r, hash: sha256.Sum256(b)}
	if !bytes.Equal(x.hash[:], f[16:48]) {
		return nil, bad("hash mismatch of the root")
	}
	var err error
	if x.root, err = parseRoot(b, int64(at)); err != nil {
		return nil, fmt.Errorf("catalog: index: %w", err)
	}
	x.chunks.blocks = make([]atomic.Pointer[chunkBlock], len(x.root.sections[sectionChunks].blocks))
	x.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxBlockSize), zstd.WithDecodeAllCapLimit(true))
	if err != nil {
		return nil, fmt.Errorf("catalog: index: %w", err)
	}
	return x, nil
}

// block returns the raw form of a block.
func (x *Index) block(section, i int) ([]byte, error) {
	k := &x.root.sections[section].blocks[i]
	b := make([]byte, k.stored)
	if _, err := x.r.ReadAt(b, k.offset); err != nil && err != io.EOF {
		return nil, fmt.Errorf("catalog: index: %w", err)
	}
	if sha256.Sum256(b) != k.hash {
		return nil, fmt.Errorf("catalog: index: block at %d: %w: hash mismatch", k.offset, ErrCorrupt)
	}
	if section != sectionImages {
		raw, err := x.zstd.DecodeAll(b, make([]byte, 0, k.raw))
		if err != nil {
			return nil, fmt.Errorf("catalog: index: block at %d: %w: %w", k.offset, ErrCorrupt, err)
		}
		b = raw
	}
	if len(b) != k.raw {
		return nil, fmt.Errorf("catalog: index: block at %d: %w: another size", k.offset, ErrCorrupt)
	}
	return b, nil
}
