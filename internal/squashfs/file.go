package squashfs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"
)

// An inode is a file of any kind.
type inode struct {
	kind  uint16 // 1 to 7; extended kinds are mapped to the basic ones
	perm  uint16
	mtime uint32

	// The location of a directory's listing.
	block  uint32
	offset uint16
	length uint32

	// Data of a regular file.
	start      uint64
	size       uint64
	fragment   uint32
	fragOffset uint32
	blocks     *cursor // at the list of blocks

	target string // target of a symbolic link
}

// inode reads the inode with a reference.
func (f *FS) inode(ref uint64) (*inode, error) {
	c := f.at(f.inodes, int64(ref>>16), int(ref&0xffff))
	n := &inode{kind: c.u16(), perm: c.u16()}
	c.bytes(4) // user and group
	n.mtime = c.u32()
	c.bytes(4) // number
	switch n.kind {
	case 1:
		n.block = c.u32()
		c.bytes(4)
		n.length, n.offset = uint32(c.u16()), c.u16()
	case 8:
		c.bytes(4)
		n.length, n.block = c.u32(), c.u32()
		c.bytes(6)
		n.offset = c.u16()
	case 2:
		n.start = uint64(c.u32())
		n.fragment, n.fragOffset, n.size = c.u32(), c.u32(), uint64(c.u32())
		n.blocks = c
	case 9:
		n.start, n.size = c.u64(), c.u64()
		c.bytes(12)
		n.fragment, n.fragOffset = c.u32(), c.u32()
		c.bytes(4)
		n.blocks = c
	case 3, 10:
		c.bytes(4)
		if size := c.u32(); size > 64<<10 {
			return nil, fmt.Errorf("a symbolic link of %d bytes", size)
		} else {
			n.target = string(c.bytes(int(size)))
		}
	case 4, 5, 6, 7, 11, 12, 13, 14:
	default:
		if c.err == nil {
			return nil, fmt.Errorf("an inode of kind %d", n.kind)
		}
	}
	if n.kind > 7 {
		n.kind -= 7
	}
	if n.size > 1<<62 {
		return nil, fmt.Errorf("a file of %d bytes", n.size)
	}
	return n, c.err
}

func (n *inode) mode() fs.FileMode {
	types := [...]fs.FileMode{1: fs.ModeDir, 2: 0, 3: fs.ModeSymlink, 4: fs.ModeDevice, 5: fs.ModeDevice | fs.ModeCharDevice, 6: fs.ModeNamedPipe, 7: fs.ModeSocket}
	m := types[n.kind] | fs.FileMode(n.perm&0o777)
	for bit, special := range map[uint16]fs.FileMode{0o4000: fs.ModeSetuid, 0o2000: fs.ModeSetgid, 0o1000: fs.ModeSticky} {
		if n.perm&bit != 0 {
			m |= special
		}
	}
	return m
}

// An entry is a name in a directory.
type entry struct {
	name string
	kind uint16
	ref  uint64
}

// list reads a directory, sorted by name.
func (f *FS) list(ref uint64, n *inode) ([]entry, error) {
	f.mu.Lock()
	list, ok := f.lists[ref]
	f.mu.Unlock()
	if ok {
		return list, nil
	}
	if n.length > maxDirectory {
		return nil, fmt.Errorf("a directory of %d bytes", n.length)
	}
	list = make([]entry, 0, 16)
	left := int(n.length) - 3
	for c := f.at(f.dirs, int64(n.block), int(n.offset)); left > 0; {
		count, block := c.u32(), c.u32()
		c.bytes(4)
		left -= 12
		if count > 255 {
			return list, fmt.Errorf("%d names under one header", count)
		}
		for range count + 1 {
			offset := c.u16()
			c.bytes(2)
			kind, size := c.u16(), int(c.u16())+1
			if size > 256 {
				return list, fmt.Errorf("a name of %d bytes", size)
			}
			name := string(c.bytes(size))
			if left -= 8 + size; c.err != nil {
				return list, c.err
			}
			if left < 0 {
				return list, errors.New("a directory exceeds its stated length")
			}
			if name == "." || name == ".." || strings.ContainsAny(name, "/\x00") {
				return list, fmt.Errorf("the name %q", name)
			}
			list = append(list, entry{name, kind, uint64(block)<<16 | uint64(offset)})
		}
	}
	slices.SortFunc(list, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	f.mu.Lock()
	if f.listed += len(list); f.listed > maxListed {
		clear(f.lists)
		f.listed = len(list)
	}
	f.lists[ref] = list
	f.mu.Unlock()
	return list, nil
}

// lookup returns the file at a path. It does not follow links.
func (f *FS) lookup(op, name string) (*file, error) {
	fail := func(err error) (*file, error) { return nil, &fs.PathError{Op: op, Path: name, Err: err} }
	if !fs.ValidPath(name) {
		return fail(fs.ErrInvalid)
	}
	at, base := f.root, "."
	n, err := f.inode(at)
	if err != nil {
		return fail(err)
	}
	if name == "." {
		name = ""
	}
	for element := range strings.FieldsFuncSeq(name, func(r rune) bool { return r == '/' }) {
		if n.kind != 1 {
			return fail(fs.ErrNotExist)
		}
		list, err := f.list(at, n)
		i, found := slices.BinarySearchFunc(list, element, func(e entry, name string) int { return strings.Compare(e.name, name) })
		if !found {
			if err == nil {
				err = fs.ErrNotExist
			}
			return fail(err)
		}
		at, base = list[i].ref, element
		if n, err = f.inode(at); err != nil {
			return fail(err)
		}
	}
	return &file{fs: f, inode: n, ref: at, name: base}, nil
}

// Open implements fs.FS. It does not follow symbolic links. Reading a link returns an error.
func (f *FS) Open(name string) (fs.File, error) {
	file, err := f.lookup("open", name)
	if err != nil {
		return nil, err
	}
	return file, nil
}

// ReadDir implements fs.ReadDirFS. With an error it returns the entries before it.
func (f *FS) ReadDir(name string) ([]fs.DirEntry, error) {
	dir, err := f.lookup("readdir", name)
	if err != nil {
		return nil, err
	}
	return dir.ReadDir(-1)
}

// ReadLink implements fs.ReadLinkFS.
func (f *FS) ReadLink(name string) (string, error) {
	link, err := f.lookup("readlink", name)
	if err == nil && link.inode.kind != 3 {
		err = &fs.PathError{Op: "readlink", Path: name, Err: fs.ErrInvalid}
	}
	if err != nil {
		return "", err
	}
	return link.inode.target, nil
}

// Lstat implements fs.ReadLinkFS.
func (f *FS) Lstat(name string) (fs.FileInfo, error) {
	file, err := f.lookup("lstat", name)
	if err != nil {
		return nil, err
	}
	return file.Stat()
}

// A file is an open file of any kind. It is its own fs.FileInfo.
type file struct {
	fs    *FS
	inode *inode
	ref   uint64
	name  string

	offset uint64 // offset of the next block in the content
	at     int64  // offset of the next block in the file system
	rest   []byte // unread rest of the current block
	listed bool   // left has been set
	left   []fs.DirEntry
}

func (f *file) Stat() (fs.FileInfo, error) { return f, nil }
func (f *file) Name() string               { return f.name }
func (f *file) Size() int64                { return int64(f.inode.size) }
func (f *file) Mode() fs.FileMode          { return f.inode.mode() }
func (f *file) ModTime() time.Time         { return time.Unix(int64(f.inode.mtime), 0) }
func (f *file) IsDir() bool                { return f.inode.kind == 1 }
func (f *file) Sys() any                   { return nil }
func (f *file) Close() error               { return nil }

// ReadDir implements fs.ReadDirFile.
func (f *file) ReadDir(n int) ([]fs.DirEntry, error) {
	if !f.IsDir() {
		return nil, &fs.PathError{Op: "readdir", Path: f.name, Err: errors.New("not a directory")}
	}
	var err error
	if !f.listed {
		f.listed = true
		var list []entry
		if list, err = f.fs.list(f.ref, f.inode); err != nil {
			err = &fs.PathError{Op: "readdir", Path: f.name, Err: err}
		}
		for _, e := range list {
			f.left = append(f.left, dirEntry{f.fs, e})
		}
	}
	if n <= 0 || n > len(f.left) {
		if n > 0 && len(f.left) == 0 && err == nil {
			err = io.EOF
		}
		n = len(f.left)
	}
	some := f.left[:n:n]
	f.left = f.left[n:]
	return some, err
}

type dirEntry struct {
	fs *FS
	entry
}

func (e dirEntry) Name() string { return e.name }
func (e dirEntry) IsDir() bool  { return e.Type() == fs.ModeDir }
func (e dirEntry) Type() fs.FileMode {
	n := inode{kind: e.kind}
	if n.kind > 7 {
		n.kind -= 7
	}
	if n.kind < 1 || n.kind > 7 {
		return fs.ModeIrregular
	}
	return n.mode().Type()
}
func (e dirEntry) Info() (fs.FileInfo, error) {
	n, err := e.fs.inode(e.ref)
	if err != nil {
		return nil, err
	}
	return &file{fs: e.fs, inode: n, ref: e.ref, name: e.name}, nil
}

// Read implements fs.File.
func (f *file) Read(p []byte) (int, error) {
	if f.inode.kind != 2 {
		return 0, &fs.PathError{Op: "read", Path: f.name, Err: errors.New("not a regular file")}
	}
	for len(f.rest) == 0 {
		if f.offset >= f.inode.size {
			return 0, io.EOF
		}
		if err := f.load(); err != nil {
			return 0, &fs.PathError{Op: "read", Path: f.name, Err: err}
		}
	}
	n := copy(p, f.rest)
	f.rest = f.rest[n:]
	return n, nil
}

// load reads the next block.
func (f *file) load() error {
	n := f.inode
	want := min(n.size-f.offset, uint64(f.fs.blockSize))
	if f.offset == 0 {
		if n.start > uint64(f.fs.size) {
			return fmt.Errorf("blocks at %d", n.start)
		}
		f.at = int64(n.start)
	}
	var data []byte
	var err error
	if n.fragment != noFragment && want < uint64(f.fs.blockSize) {
		if data, err = f.fs.fragmentBlock(n.fragment); err != nil {
			return err
		}
		data = data[min(uint64(n.fragOffset), uint64(len(data))):]
		data = data[:min(want, uint64(len(data)))]
	} else {
		stored := n.blocks.u32()
		if n.blocks.err != nil {
			return n.blocks.err
		}
		size := int64(stored &^ plainBlock)
		switch {
		case size == 0: // a hole
			data = make([]byte, want)
		default:
			if data, err = f.fs.block(f.at, size, stored&plainBlock != 0, f.fs.blockSize); err != nil {
				return err
			}
			f.at += size
		}
	}
	if uint64(len(data)) != want {
		return fmt.Errorf("a block of %d bytes, want %d", len(data), want)
	}
	f.rest = data
	f.offset += want
	return nil
}

// fragmentBlock reads a block that holds the ends of several files.
func (f *FS) fragmentBlock(i uint32) ([]byte, error) {
	if i >= f.fragCount {
		return nil, fmt.Errorf("fragment %d of %d", i, f.fragCount)
	}
	const perBlock = metaSize / 16
	var pointer [8]byte
	if err := f.readAt(pointer[:], f.fragments+8*int64(i/perBlock)); err != nil {
		return nil, err
	}
	at := int64(0)
	for k := 7; k >= 0; k-- {
		at = at<<8 | int64(pointer[k])
	}
	c := f.at(0, at, int(i%perBlock)*16)
	start, size := c.u64(), c.u32()
	if c.err != nil {
		return nil, c.err
	}
	if start > uint64(f.size) {
		return nil, fmt.Errorf("a fragment at %d", start)
	}
	return f.block(int64(start), int64(size&^plainBlock), size&plainBlock != 0, f.blockSize)
}

var _ fs.ReadLinkFS = (*FS)(nil)
var _ fs.ReadDirFS = (*FS)(nil)
