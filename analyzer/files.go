package analyzer

import (
	"encoding/binary"
	"iter"
	"time"

	"github.com/hullmark/hullmark/analyzer/internal/attribute"
)

// Files lists the files, directories, links and devices of a merged image, packed: an entry takes about 20 bytes, and a digest its raw
// bytes. A nil *Files is an empty list.
type Files struct {
	chunks []string
	owners []string
	n      int
}

// A ListedFile is an entry of [Files]. A hard link has the attributes and digests of its file, and Link names the file.
type ListedFile struct {
	Entry
	Path  string
	Layer int    // index of the layer that has the entry; -1 in a file system
	Owner string // ID of the System component that owns the path

	// Digests are digests of a regular file's content, as far as analyzers asked for them.
	Digests []Digest
}

// A Digest is a digest of a file's content.
type Digest struct {
	Algorithm string // "md5", "sha1", "sha256", "sha512"
	Sum       string // raw bytes
}

// Digest returns the raw digest of an algorithm, or "" if it was not computed.
func (f *ListedFile) Digest(algorithm string) string {
	for _, d := range f.Digests {
		if d.Algorithm == algorithm {
			return d.Sum
		}
	}
	return ""
}

// filesChunk is the size in bytes at which a chunk is full.
const filesChunk = 64 << 10

// FilesOf packs entries, which must come in the order of their paths.
func FilesOf(entries iter.Seq[*ListedFile]) *Files {
	f := new(Files)
	owners := map[string]uint64{"": 0}
	chunk := make([]byte, 0, filesChunk+1024)
	last, before := "", int64(0)
	var set attribute.Set
	for e := range entries {
		shared := sharedLength(last, e.Path)
		chunk = binary.AppendUvarint(chunk, uint64(shared))
		chunk = attribute.AppendText(chunk, e.Path[shared:])
		set = attribute.Set{
			Mode: e.Mode, UID: e.UID, GID: e.GID, Size: e.Size, Major: e.Major, Minor: e.Minor, Xattrs: e.Xattrs,
			Digests: set.Digests[:0], Time: e.ModTime.Unix(),
		}
		for _, d := range e.Digests {
			set.Digests = append(set.Digests, attribute.Digest(d))
		}
		chunk = attribute.Append(chunk, &set, before)
		link := uint64(0)
		target := e.Target
		if e.Link != "" {
			link, target = 1, e.Link
		}
		chunk = binary.AppendUvarint(chunk, uint64(len(target))<<1|link)
		chunk = append(chunk, target...)
		chunk = binary.AppendVarint(chunk, int64(e.Layer))
		owner, ok := owners[e.Owner]
		if !ok {
			f.owners = append(f.owners, e.Owner)
			owner = uint64(len(f.owners))
			owners[e.Owner] = owner
		}
		chunk = binary.AppendUvarint(chunk, owner)
		last, before = e.Path, set.Time
		if f.n++; len(chunk) >= filesChunk {
			f.chunks = append(f.chunks, string(chunk))
			chunk, last, before = chunk[:0], "", 0
		}
	}
	if len(chunk) > 0 {
		f.chunks = append(f.chunks, string(chunk))
	}
	return f
}

// sharedLength returns how many bytes two paths have in common at their beginning.
func sharedLength(a, b string) (n int) {
	const step = 64 // compared at once, since hostile paths share thousands of bytes
	for n+step <= min(len(a), len(b)) && a[n:n+step] == b[n:n+step] {
		n += step
	}
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}

// Len returns the number of entries.
func (f *Files) Len() int {
	if f == nil {
		return 0
	}
	return f.n
}

// Size returns the memory of the list in bytes, about.
func (f *Files) Size() (n int64) {
	if f == nil {
		return 0
	}
	for _, c := range f.chunks {
		n += int64(len(c))
	}
	return n + int64(len(f.owners))*32
}

// All yields the entries in the order of their paths. An entry is valid until the next one.
func (f *Files) All() iter.Seq[*ListedFile] {
	return func(yield func(*ListedFile) bool) {
		if f == nil {
			return
		}
		var e ListedFile
		var set attribute.Set
		for _, c := range f.chunks {
			r := attribute.Reader{Rest: c}
			var name []byte
			before := int64(0)
			for r.Rest != "" {
				shared := r.Uint()
				name = append(name[:min(shared, uint64(len(name)))], r.Text()...)
				r.Set(&set, before)
				before = set.Time
				e = ListedFile{
					Entry: Entry{
						Mode: set.Mode, UID: set.UID, GID: set.GID, Size: set.Size, ModTime: time.Unix(set.Time, 0).UTC(),
						Major: set.Major, Minor: set.Minor, Xattrs: set.Xattrs,
					},
					Path: string(name), Digests: e.Digests[:0],
				}
				for _, d := range set.Digests {
					e.Digests = append(e.Digests, Digest(d))
				}
				n := r.Uint()
				text := r.Take(n >> 1)
				if n&1 != 0 {
					e.Link = text
				} else {
					e.Target = text
				}
				e.Layer = int(r.Int())
				if owner := r.Uint(); owner > 0 && owner <= uint64(len(f.owners)) {
					e.Owner = f.owners[owner-1]
				}
				if r.Bad || !yield(&e) {
					return
				}
			}
		}
	}
}
