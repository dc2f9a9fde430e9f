package scan

import (
	"io/fs"

	"github.com/hullmark/hullmark/analyzer"
)

// An xattrFS is a file system that knows extended attributes of regular files.
type xattrFS interface {
	Xattrs(name string) (map[string]string, error)
}

// stat describes an entry of a file system, as far as the file system knows.
func (w *fsWalk) stat(p string, d fs.DirEntry) *analyzer.Entry {
	e := &analyzer.Entry{Mode: d.Type()}
	info, err := d.Info()
	if err != nil {
		w.problem(analyzer.Unreadable, p, reason(err))
		return e
	}
	e.Mode, e.ModTime = info.Mode(), info.ModTime().UTC()
	statOwner(info, e)
	switch {
	case e.Mode.IsRegular():
		e.Size = info.Size()
		if x, ok := w.root.(xattrFS); ok {
			if e.Xattrs, err = x.Xattrs(p); err != nil {
				w.problem(analyzer.Unreadable, p, reason(err))
			}
		}
	case e.Mode&fs.ModeSymlink != 0:
		e.Target, _ = fs.ReadLink(w.root, p) // visit reports the error
	}
	return e
}
