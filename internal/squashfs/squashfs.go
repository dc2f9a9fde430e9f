// Package squashfs reads SquashFS 4.0 file systems, compressed with gzip, xz or zstd, through an io.ReaderAt, without
// unpacking them. For any input it allocates at most a few blocks of up to 1 MiB and the listing of one directory at a time.
//
// The format is that of filesystems/squashfs in the Linux kernel's documentation and of the kernel's fs/squashfs/squashfs_fs.h.
package squashfs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/hullmark/hullmark/analyzer"
)

const (
	superSize    = 96
	magic        = 0x73717368
	metaSize     = 8 << 10
	maxBlock     = 1 << 20
	maxDirectory = 32 << 20 // bytes of one directory's listing
	plainMeta    = 1 << 15
	plainBlock   = 1 << 24
	noFragment   = 1<<32 - 1
	maxKept      = 64     // cached metadata blocks
	maxListed    = 200000 // cached entries of directories, unless one directory has more
)

// An FS is a file system. It implements fs.FS, fs.ReadDirFS and fs.ReadLinkFS, and is safe for concurrent use.
type FS struct {
	r          io.ReaderAt
	size       int64
	blockSize  int64
	decompress decompressor
	root       uint64
	inodes     int64 // offsets of tables
	dirs       int64
	fragments  int64
	fragCount  uint32

	mu     sync.Mutex
	kept   map[int64]metaBlock
	order  []int64
	lists  map[uint64][]entry // listings of directories, by the references of their inodes
	listed int                // entries in lists
}

// A metaBlock is the content of a block of metadata and the offset of the next block.
type metaBlock struct {
	data []byte
	next int64
}

// New opens a file system of size bytes.
func New(r io.ReaderAt, size int64) (*FS, error) {
	var b [superSize]byte
	if _, err := r.ReadAt(b[:], 0); err != nil {
		return nil, fmt.Errorf("squashfs: superblock: %w", noEOF(err))
	}
	le := binary.LittleEndian
	if le.Uint32(b[0:]) != magic {
		return nil, errors.New("squashfs: not a SquashFS file system")
	}
	if major, minor := le.Uint16(b[28:]), le.Uint16(b[30:]); major != 4 || minor != 0 {
		return nil, fmt.Errorf("squashfs: version %d.%d: %w", major, minor, analyzer.ErrUnsupported)
	}
	f := &FS{
		r: r, size: size, blockSize: int64(le.Uint32(b[12:])), fragCount: le.Uint32(b[16:]), root: le.Uint64(b[32:]),
		kept: make(map[int64]metaBlock), lists: make(map[uint64][]entry),
	}
	if f.blockSize < 4<<10 || f.blockSize > maxBlock || f.blockSize&(f.blockSize-1) != 0 {
		return nil, fmt.Errorf("squashfs: blocks of %d bytes", f.blockSize)
	}
	for _, t := range []struct {
		at *int64
		b  []byte
	}{{&f.inodes, b[64:]}, {&f.dirs, b[72:]}, {&f.fragments, b[80:]}} {
		offset := le.Uint64(t.b)
		if f.fragCount == 0 && t.at == &f.fragments {
			continue // without fragments the table is missing
		}
		if offset < superSize || offset > uint64(size) {
			return nil, fmt.Errorf("squashfs: a table at %d, outside of %d bytes", offset, size)
		}
		*t.at = int64(offset)
	}
	var err error
	if f.decompress, err = decompressorOf(le.Uint16(b[20:])); err != nil {
		return nil, err
	}
	return f, nil
}

// meta returns the block of metadata at an offset.
func (f *FS) meta(at int64) (metaBlock, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if b, ok := f.kept[at]; ok {
		return b, nil
	}
	var header [2]byte
	if err := f.readAt(header[:], at); err != nil {
		return metaBlock{}, err
	}
	size := int64(binary.LittleEndian.Uint16(header[:]))
	plain := size&plainMeta != 0
	if size &^= plainMeta; size == 0 || size > metaSize {
		return metaBlock{}, fmt.Errorf("metadata of %d bytes at %d", size, at)
	}
	data, err := f.block(at+2, size, plain, metaSize)
	if err != nil {
		return metaBlock{}, err
	}
	if len(f.order) == maxKept {
		delete(f.kept, f.order[0])
		f.order = f.order[1:]
	}
	b := metaBlock{data, at + 2 + size}
	f.kept[at] = b
	f.order = append(f.order, at)
	return b, nil
}

// block reads a block of at most limit bytes of content.
func (f *FS) block(at, size int64, plain bool, limit int64) ([]byte, error) {
	if size > limit+1024 { // incompressible data is stored plain
		return nil, fmt.Errorf("a block of %d bytes at %d", size, at)
	}
	stored := make([]byte, size)
	if err := f.readAt(stored, at); err != nil {
		return nil, err
	}
	if plain {
		return stored, nil
	}
	data, err := f.decompress(stored, limit)
	if err != nil {
		return nil, fmt.Errorf("block at %d: %w", at, err)
	}
	return data, nil
}

func (f *FS) readAt(p []byte, at int64) error {
	if at < 0 || at > f.size-int64(len(p)) {
		return fmt.Errorf("%d bytes at %d, outside of %d", len(p), at, f.size)
	}
	if n, err := f.r.ReadAt(p, at); n < len(p) {
		return noEOF(err)
	}
	return nil
}

// A cursor reads consecutive blocks of metadata.
type cursor struct {
	f    *FS
	next int64
	rest []byte
	err  error
}

// at returns a cursor in a table, at an offset in a block.
func (f *FS) at(table, block int64, offset int) *cursor {
	c := &cursor{f: f, next: table + block}
	if block < 0 || block > f.size || offset >= metaSize {
		c.err = fmt.Errorf("metadata at %d and %d", block, offset)
		return c
	}
	for offset >= len(c.rest) && c.err == nil {
		if len(c.rest) > 0 {
			c.err = fmt.Errorf("metadata ends before %d", offset)
			break
		}
		c.load()
	}
	if c.err == nil {
		c.rest = c.rest[offset:]
	}
	return c
}

func (c *cursor) load() {
	b, err := c.f.meta(c.next)
	if err == nil && len(b.data) == 0 {
		err = errors.New("empty metadata")
	}
	c.rest, c.next, c.err = b.data, b.next, err
}

// bytes reads n bytes. After an error, which it keeps in c.err, it returns zeros.
func (c *cursor) bytes(n int) []byte {
	b := make([]byte, n)
	for got := 0; got < n; {
		if c.err == nil && len(c.rest) == 0 {
			c.load()
		}
		if c.err != nil {
			return b
		}
		m := copy(b[got:], c.rest)
		c.rest = c.rest[m:]
		got += m
	}
	return b
}

func (c *cursor) u16() uint16 { return binary.LittleEndian.Uint16(c.bytes(2)) }
func (c *cursor) u32() uint32 { return binary.LittleEndian.Uint32(c.bytes(4)) }
func (c *cursor) u64() uint64 { return binary.LittleEndian.Uint64(c.bytes(8)) }

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
