// Package attribute packs the attributes of entries into a few bytes each, so that a scan can keep it for all entries of an image.
package attribute

import (
	"encoding/binary"
	"io/fs"
	"maps"
	"slices"
)

// A Set has the attributes of an entry.
type Set struct {
	Mode         fs.FileMode
	UID, GID     int
	Time         int64 // seconds since 1970
	Size         int64 // of a regular file
	Major, Minor int64 // of a device
	Xattrs       map[string]string
	Digests      []Digest
}

// A Digest is a digest of a file's content.
type Digest struct {
	Algorithm string // one of Algorithms
	Sum       string // raw bytes
}

// An Algorithm is a digest and the number of its bytes.
type Algorithm struct {
	Name string
	Size int
}

// Algorithms are the digests that a scan can compute.
var Algorithms = []Algorithm{{"md5", 16}, {"sha1", 20}, {"sha256", 32}, {"sha512", 64}}

const (
	hasXattrs  = 1
	hasDigests = 2
	hasDevice  = 4
	flagBits   = 3
)

// types are the kinds of entries, in the order of their codes.
var types = []fs.FileMode{0, fs.ModeDir, fs.ModeSymlink, fs.ModeDevice | fs.ModeCharDevice, fs.ModeDevice, fs.ModeNamedPipe, fs.ModeSocket, fs.ModeIrregular}

// bits are the mode's bits beyond the permissions.
var bits = []fs.FileMode{fs.ModeSticky, fs.ModeSetgid, fs.ModeSetuid}

func packMode(m fs.FileMode) uint64 {
	n := uint64(m.Perm())
	for i, bit := range bits {
		if m&bit != 0 {
			n |= 1 << (9 + i)
		}
	}
	kind := slices.Index(types, m.Type())
	if kind < 0 {
		kind = len(types) - 1
	}
	return n | uint64(kind)<<12
}

func unpackMode(n uint64) fs.FileMode {
	m := fs.FileMode(n & 0o777)
	for i, bit := range bits {
		if n&(1<<(9+i)) != 0 {
			m |= bit
		}
	}
	return m | types[n>>12&7]
}

// kind returns the index of the digest's algorithm, or -1 if Algorithms does not have it with the digest's size.
func (d *Digest) kind() int {
	return slices.Index(Algorithms, Algorithm{d.Algorithm, len(d.Sum)})
}

// Append appends the packed form of s, without digests of other algorithms than Algorithms. Times are stored as the difference from a time before.
func Append(b []byte, s *Set, before int64) []byte {
	flags := uint64(0)
	if len(s.Xattrs) > 0 {
		flags |= hasXattrs
	}
	known := 0
	for i := range s.Digests {
		if s.Digests[i].kind() >= 0 {
			known++
		}
	}
	if known > 0 {
		flags |= hasDigests
	}
	if s.Mode&fs.ModeDevice != 0 {
		flags |= hasDevice
	}
	b = binary.AppendUvarint(b, packMode(s.Mode)<<flagBits|flags)
	b = binary.AppendVarint(b, int64(s.UID))
	b = binary.AppendVarint(b, int64(s.GID))
	b = binary.AppendVarint(b, s.Time-before)
	if s.Mode.IsRegular() {
		b = binary.AppendUvarint(b, uint64(s.Size))
	}
	if flags&hasDevice != 0 {
		b = binary.AppendVarint(b, s.Major)
		b = binary.AppendVarint(b, s.Minor)
	}
	if flags&hasXattrs != 0 {
		b = binary.AppendUvarint(b, uint64(len(s.Xattrs)))
		for _, name := range slices.Sorted(maps.Keys(s.Xattrs)) {
			b = AppendText(AppendText(b, name), s.Xattrs[name])
		}
	}
	if flags&hasDigests != 0 {
		b = binary.AppendUvarint(b, uint64(known))
		for i := range s.Digests {
			if kind := s.Digests[i].kind(); kind >= 0 {
				b = append(append(b, byte(kind)), s.Digests[i].Sum...)
			}
		}
	}
	return b
}

// AppendText appends a text after its length.
func AppendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// A Reader reads packed values. After one that cannot be read, Bad is true and all values are zero.
type Reader struct {
	Rest string
	Bad  bool

	NoXattrs bool // Set leaves extended attributes out
}

func (r *Reader) fail() {
	r.Rest, r.Bad = "", true
}

// Uint reads a number.
func (r *Reader) Uint() uint64 {
	var n uint64
	for i := 0; i < len(r.Rest) && i < binary.MaxVarintLen64; i++ {
		c := r.Rest[i]
		n |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			r.Rest = r.Rest[i+1:]
			return n
		}
	}
	r.fail()
	return 0
}

// Int reads a number that may be negative.
func (r *Reader) Int() int64 {
	n := r.Uint()
	return int64(n>>1) ^ -int64(n&1)
}

// Text reads a text after its length. It shares the memory of Rest.
func (r *Reader) Text() string {
	return r.Take(r.Uint())
}

// Take reads n bytes. They share the memory of Rest.
func (r *Reader) Take(n uint64) (s string) {
	if n > uint64(len(r.Rest)) {
		r.fail()
		return ""
	}
	s, r.Rest = r.Rest[:n], r.Rest[n:]
	return s
}

// Set reads the packed form of a Set into s. It reuses the memory of s.Digests.
func (r *Reader) Set(s *Set, before int64) {
	n := r.Uint()
	*s = Set{Mode: unpackMode(n >> flagBits), UID: int(r.Int()), GID: int(r.Int()), Time: before + r.Int(), Digests: s.Digests[:0]}
	if s.Mode.IsRegular() {
		s.Size = int64(r.Uint())
	}
	if n&hasDevice != 0 {
		s.Major, s.Minor = r.Int(), r.Int()
	}
	if n&hasXattrs != 0 {
		count := r.Uint()
		if count > uint64(len(r.Rest)) {
			r.fail()
			return
		}
		if !r.NoXattrs {
			s.Xattrs = make(map[string]string, count)
		}
		for range count {
			if name, value := r.Text(), r.Text(); !r.NoXattrs {
				s.Xattrs[name] = value
			}
		}
	}
	if n&hasDigests != 0 {
		for range min(r.Uint(), uint64(len(Algorithms))) {
			kind := r.Take(1)
			if r.Bad || int(kind[0]) >= len(Algorithms) {
				r.fail()
				return
			}
			a := &Algorithms[kind[0]]
			s.Digests = append(s.Digests, Digest{a.Name, r.Take(uint64(a.Size))})
		}
	}
}
