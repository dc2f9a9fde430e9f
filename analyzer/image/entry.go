package image

import (
	"io"
	"io/fs"

	"github.com/hullmark/hullmark/analyzer/internal/walk"
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

	Reason string // why an entry is Refused
}

// set makes e the public form of an entry. The kinds of both packages have the same numbers.
func (e *Entry) set(w *walk.Entry) {
	*e = Entry{
		Kind: Kind(w.Kind), Path: w.Path, Target: w.Target, Mode: w.Mode, Size: w.Size, Reader: w.Reader, Reason: w.Reason,
	}
}
