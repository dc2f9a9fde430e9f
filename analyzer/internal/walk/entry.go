package walk

import (
	"archive/tar"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// A Kind is the meaning of an entry.
type Kind uint8

const (
	File     Kind = iota // a regular file, its content in Entry.Reader
	Dir                  // a directory
	Symlink              // a symbolic link to Entry.Target
	Hardlink             // another name for the file Entry.Target
	Special              // a device, FIFO or socket
	Whiteout             // Entry.Path is deleted from the layers below
	Opaque               // the content of directory Entry.Path in the layers below is deleted
	Refused              // an entry without a meaning, such as one of an unknown type
)

// An Entry is one entry of a layer. The Entry and its Reader are valid until the function that Walk calls returns.
type Entry struct {
	Kind Kind

	// Path is slash-separated, clean, and relative to the root, which is ".". For a whiteout it is the deleted path.
	Path string

	// Target is the target of a link: the raw text of a symbolic link, a path like Path of a hard link.
	Target string

	Mode   fs.FileMode
	Size   int64     // bytes of a regular file's content
	Reader io.Reader // a regular file's content; Walk skips the unread rest

	// At is the content too, if it can be read in any order without reading all of it, else nil. It is valid until Walk
	// returns.
	At *io.SectionReader

	Reason string // why an entry is Refused

	// Sparse reports that the content has holes, which a tar stream stores in a few bytes.
	Sparse bool

	// Stat, if not nil, returns what Describe returns.
	Stat func() *analyzer.Entry

	header *tar.Header
	about  *analyzer.Entry // of Describe
}

// MaxXattrs is the most bytes of extended attributes that an entry keeps. Linux allows 64 KiB for a value.
const MaxXattrs = 256 << 10

// capability is the extended attribute that an entry keeps in any case. Its values have at most 24 bytes.
const capability, maxCapability = "security.capability", 64

// paxXattr begins the names of PAX records with extended attributes, as GNU tar, Go's archive/tar and container engines write them.
const paxXattr = "SCHILY.xattr."

// Describe returns all that the layer has about the entry, in memory of its own, which stays valid. It returns the same each time.
func (e *Entry) Describe() *analyzer.Entry {
	if e.about == nil {
		e.about = e.describe()
	}
	return e.about
}

func (e *Entry) describe() *analyzer.Entry {
	if e.Stat != nil {
		return e.Stat()
	}
	d := &analyzer.Entry{Mode: e.Mode, Size: e.Size}
	switch e.Kind {
	case Symlink:
		d.Target = e.Target
	case Hardlink:
		d.Link = e.Target
	}
	h := e.header
	if h == nil {
		return d
	}
	d.UID, d.GID, d.ModTime, d.Major, d.Minor = h.Uid, h.Gid, h.ModTime.UTC(), h.Devmajor, h.Devminor
	large := e.LargeXattrs()
	for key, value := range h.PAXRecords {
		name, ok := strings.CutPrefix(key, paxXattr)
		if !ok || large && (name != capability || len(value) > maxCapability) {
			continue
		}
		if d.Xattrs == nil {
			d.Xattrs = make(map[string]string)
		}
		d.Xattrs[name] = value
	}
	return d
}

// LargeXattrs reports whether the extended attributes exceed MaxXattrs. Describe then returns those of file capabilities only.
func (e *Entry) LargeXattrs() bool {
	if e.header == nil {
		return false
	}
	size := 0
	for key, value := range e.header.PAXRecords {
		if name, ok := strings.CutPrefix(key, paxXattr); ok {
			size += len(name) + len(value)
		}
	}
	return size > MaxXattrs
}

const (
	whiteoutPrefix = ".wh."
	whiteoutOpaque = ".wh..wh..opq"
	whiteoutMeta   = ".wh..wh." // aufs bookkeeping at the root: .wh..wh.aufs, .wh..wh.plnk, .wh..wh.orph
)

// read fills e from a tar header. Whiteouts follow the OCI image specification, "Image Layer Filesystem Changeset". read
// returns false for entries that are no part of the image, such as aufs bookkeeping.
func (e *Entry) read(h *tar.Header) bool {
	name := clean(h.Name)
	*e = Entry{Path: name, Size: h.Size, header: h}
	if h.Typeflag == tar.TypeXGlobalHeader {
		return false
	}
	if strings.HasPrefix(name, whiteoutMeta) && name != whiteoutOpaque {
		return false
	}
	dir, base := path.Split(name)
	if strings.HasPrefix(base, whiteoutPrefix) {
		e.Size = 0
		if base == whiteoutOpaque {
			e.Kind, e.Path = Opaque, parent(dir)
			return true
		}
		hidden := base[len(whiteoutPrefix):]
		if hidden == "" || hidden == "." || hidden == ".." {
			return e.refuse(h.Name, "a whiteout of nothing")
		}
		e.Kind, e.Path = Whiteout, dir+hidden
		return true
	}
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeCont, tar.TypeGNUSparse:
		e.Kind = File
	case tar.TypeDir:
		e.Kind = Dir
	case tar.TypeSymlink:
		if h.Linkname == "" {
			return e.refuse(name, "a symbolic link without a target")
		}
		e.Kind, e.Target = Symlink, h.Linkname
	case tar.TypeLink:
		e.Kind, e.Target = Hardlink, clean(h.Linkname)
	case tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
		e.Kind = Special
		if h.Typeflag == tar.TypeChar && h.Devmajor == 0 && h.Devminor == 0 {
			e.Kind = Whiteout // the form of overlayfs, in layers packed from its upper directory
		}
	default:
		return e.refuse(h.Name, "an unknown type of entry")
	}
	if e.Kind != File {
		e.Size = 0
	}
	if name == "." && e.Kind != Dir {
		return e.refuse(h.Name, "the root is not a directory")
	}
	h.Mode &= 0o7777 // a runtime takes the type from the flag, and archive/tar from these bits, too
	e.Mode = h.FileInfo().Mode()
	return true
}

// limit refuses an entry whose name exceeds the limits.
func (e *Entry) limit(limits Limits) {
	switch {
	case e.Kind == Refused:
	case len(e.Path) > limits.Path:
		e.refuse(e.Path[:limits.Path], fmt.Sprintf("its name is longer than %d bytes", limits.Path))
	case len(e.Target) > limits.Path:
		e.refuse(e.Path, fmt.Sprintf("a link whose target is longer than %d bytes", limits.Path))
	case strings.Count(e.Path, "/") >= limits.Depth:
		e.refuse(e.Path, fmt.Sprintf("its name has more than %d elements", limits.Depth))
	}
}

func (e *Entry) refuse(name, reason string) bool {
	*e = Entry{Kind: Refused, Path: name, Reason: reason}
	return true
}

// clean returns the path of a name in a layer: relative to the root, without "." or empty elements; the root itself is ".". An element
// "..", which no tool that makes layers writes, cancels the element before, as in containerd and Docker.
func clean(name string) string {
	if fs.ValidPath(name) { // the common case, without allocation
		return name
	}
	if name = path.Clean("/" + name)[1:]; name == "" {
		return "."
	}
	return name
}

// parent returns the directory that path.Split returned, as a path.
func parent(dir string) string {
	if dir == "" {
		return "."
	}
	return dir[:len(dir)-1]
}
