package analyzer

import (
	"encoding/binary"
	"io/fs"
	"iter"
	"slices"
)

// The form of a Recorded: a version, the number of shapes, the shapes, and files until the end. Numbers are varints. A shape is
// what many files have in common. A file has the number of its shape, the length of the beginning that its path shares with the
// path before, the rest of the path, its digest, and those of size, time and target that its shape says.
const (
	recordedVersion = 1
	maxRecordedPath = 4096
	maxDigest       = 64
)

const (
	flagConfig = 1 << iota
	flagGhost
	flagDocumentation
	flagOptional
	flagSize
	flagModTime
	flagTarget
)

// A shape is a RecordedFile without what tells files apart.
type shape struct {
	attributes   Attributes
	flags        uint64
	mode         fs.FileMode
	uid, gid     int
	major, minor int
	digest       int // length
	algorithm    string
	user, group  string
	capabilities string
}

func shapeOf(f *RecordedFile) shape {
	s := shape{f.Attributes, 0, f.Mode, f.UID, f.GID, f.Major, f.Minor, len(f.Digest), f.Algorithm, f.User, f.Group, f.Capabilities}
	for i, set := range [...]bool{f.Config, f.Ghost, f.Documentation, f.Optional, f.Size != 0, f.ModTime != 0, f.Target != ""} {
		if set {
			s.flags |= 1 << i
		}
	}
	return s
}

func (s *shape) append(b []byte) []byte {
	for _, n := range [...]uint64{uint64(s.attributes), s.flags, uint64(s.mode), uint64(s.uid), uint64(s.gid), uint64(s.major), uint64(s.minor), uint64(s.digest)} {
		b = binary.AppendUvarint(b, n)
	}
	for _, text := range [...]string{s.algorithm, s.user, s.group, s.capabilities} {
		b = appendText(b, text)
	}
	return b
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// A packer packs files that come in the order of their paths.
type packer struct {
	numbers      map[shape]uint64
	shapes, list []byte
	last         RecordedFile // the file that waits for others with its path
	before       string       // the path that was packed last
	modTime      int64        // the time that was packed last
}

// add packs a file, or joins it with the last one.
func (p *packer) add(f *RecordedFile) {
	if f.Path == "" || len(f.Path) > maxRecordedPath || len(f.Target) > maxRecordedPath {
		return
	}
	g := *f
	if len(g.Digest) > maxDigest {
		g.Algorithm, g.Digest, g.Attributes = "", "", g.Attributes&^AttrContent
	}
	if p.last.Path == g.Path {
		p.last.fill(&g)
		return
	}
	p.flush()
	p.last = g
}

// flush packs the last file.
func (p *packer) flush() {
	f := &p.last
	if f.Path == "" {
		return
	}
	s := shapeOf(f)
	n, ok := p.numbers[s]
	if !ok {
		if p.numbers == nil {
			p.numbers = make(map[shape]uint64)
		}
		n = uint64(len(p.numbers))
		p.numbers[s] = n
		p.shapes = s.append(p.shapes)
	}
	shared := 0
	for shared < len(p.before) && shared < len(f.Path) && p.before[shared] == f.Path[shared] {
		shared++
	}
	p.list = binary.AppendUvarint(p.list, n)
	p.list = binary.AppendUvarint(p.list, uint64(shared))
	p.list = appendText(p.list, f.Path[shared:])
	p.list = append(p.list, f.Digest...)
	if s.flags&flagSize != 0 {
		p.list = binary.AppendVarint(p.list, f.Size)
	}
	if s.flags&flagModTime != 0 {
		p.list = binary.AppendVarint(p.list, f.ModTime-p.modTime)
		p.modTime = f.ModTime
	}
	if s.flags&flagTarget != 0 {
		p.list = appendText(p.list, f.Target)
	}
	p.before, f.Path = f.Path, ""
}

func (p *packer) packed() Recorded {
	if p.flush(); len(p.numbers) == 0 {
		return ""
	}
	head := binary.AppendUvarint([]byte{recordedVersion}, uint64(len(p.numbers)))
	return Recorded(slices.Concat(head, p.shapes, p.list))
}

// All yields the files in the order of their paths. It ends at a part that is damaged. Strings other than Path are parts of r.
func (r Recorded) All() iter.Seq[RecordedFile] {
	return func(yield func(RecordedFile) bool) {
		d := unpacker{rest: string(r)}
		if d.take(1) != string([]byte{recordedVersion}) {
			return
		}
		n := d.number()
		if n > uint64(len(d.rest)) { // a shape takes more than a byte
			return
		}
		shapes := make([]RecordedFile, 0, min(n, 64))
		forms := make([]shape, 0, min(n, 64))
		for range n {
			s := d.shape()
			if d.bad {
				return
			}
			forms = append(forms, s)
			shapes = append(shapes, s.file())
		}
		var path []byte
		modTime := int64(0)
		for d.rest != "" {
			i := d.number()
			if d.bad || i >= n {
				return
			}
			shared := d.number()
			if shared > uint64(len(path)) {
				return
			}
			path = append(path[:shared], d.text()...)
			f := shapes[i]
			d.fields(&f, &forms[i], &modTime)
			if d.bad || len(path) > maxRecordedPath {
				return
			}
			f.Path = string(path)
			if !yield(f) {
				return
			}
		}
	}
}

// fields reads the fields that differ between files of a shape. modTime is that of the file before.
func (d *unpacker) fields(f *RecordedFile, s *shape, modTime *int64) {
	f.Digest = d.take(uint64(s.digest))
	if s.flags&flagSize != 0 {
		f.Size = d.integer()
	}
	if s.flags&flagModTime != 0 {
		*modTime += d.integer()
		f.ModTime = *modTime
	}
	if s.flags&flagTarget != 0 {
		f.Target = d.text()
	}
}

func (s *shape) file() RecordedFile {
	return RecordedFile{
		Attributes: s.attributes, Mode: s.mode, UID: s.uid, GID: s.gid, Major: s.major, Minor: s.minor,
		Algorithm: s.algorithm, User: s.user, Group: s.group, Capabilities: s.capabilities,
		Config: s.flags&flagConfig != 0, Ghost: s.flags&flagGhost != 0,
		Documentation: s.flags&flagDocumentation != 0, Optional: s.flags&flagOptional != 0,
	}
}

// An unpacker reads the parts of a Recorded. After damaged ones, bad is set, and all values are zero.
type unpacker struct {
	rest string
	bad  bool
}

func (d *unpacker) shape() shape {
	return shape{
		attributes: Attributes(d.number()), flags: d.number(), mode: fs.FileMode(d.number()), uid: int(d.number()), gid: int(d.number()),
		major: int(d.number()), minor: int(d.number()), digest: int(min(d.number(), maxDigest)),
		algorithm: d.text(), user: d.text(), group: d.text(), capabilities: d.text(),
	}
}

func (d *unpacker) number() uint64 {
	var n uint64
	for i := range min(len(d.rest), binary.MaxVarintLen64) {
		c := d.rest[i]
		n |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			d.rest = d.rest[i+1:]
			return n
		}
	}
	d.rest, d.bad = "", true
	return 0
}

// integer reads a number with a sign, in the zigzag form of package encoding/binary.
func (d *unpacker) integer() int64 {
	n := d.number()
	return int64(n>>1) ^ -int64(n&1)
}

func (d *unpacker) text() string { return d.take(d.number()) }

func (d *unpacker) take(n uint64) string {
	if n > uint64(len(d.rest)) {
		d.rest, d.bad = "", true
		return ""
	}
	s := d.rest[:n]
	d.rest = d.rest[n:]
	return s
}
