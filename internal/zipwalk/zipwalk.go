// Package zipwalk reads zip archives and the archives within them, in memory and within limits.
//
// Unlike archive/zip it does not hold the central directory. Unwanted entries cost no memory, so an archive with millions of
// entries is only slow. Stored nested archives are read in place. Compressed ones are inflated into memory, one at each depth.
// The package never writes files and never uses names as paths.
//
// The format is that of PKWARE's APPNOTE.TXT, version 6.3.
package zipwalk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/inflate"
	"github.com/hullmark/hullmark/internal/limit"
)

// Limits bound a walk over all archives of a file together. Zero fields mean the defaults, which real archives don't reach.
type Limits struct {
	Depth    int   // nesting of archives; 32
	Archives int   // archives in total; 16,384
	Entries  int   // entries of directories; 1,048,576
	Wanted   int   // wanted entries; 65,536
	Content  int64 // bytes of wanted entries; 64 MiB
	Bytes    int64 // bytes of nested archives; 1 GiB
	Held     int64 // bytes of nested inflated archives held at once; 128 MiB
	Ratio    int64 // bytes to which one byte of a nested archive may inflate, beyond the first MiB; 200

	// Hold reserves memory. The walk calls it with the size of a buffer for inflated data, or of a wanted entry, before it allocates
	// one, and with the negative number when it no longer needs it. If Hold returns an error, the walk does not allocate. Nil reserves
	// nothing.
	Hold func(n int64) error
}

func (l Limits) withDefaults() Limits {
	limit.Default(&l.Depth, 32)
	limit.Default(&l.Archives, 16<<10)
	limit.Default(&l.Entries, 1<<20)
	limit.Default(&l.Wanted, 64<<10)
	limit.Default(&l.Content, 64<<20)
	limit.Default(&l.Bytes, 1<<30)
	limit.Default(&l.Held, 128<<20)
	limit.Default(&l.Ratio, 200)
	if l.Hold == nil {
		l.Hold = func(int64) error { return nil }
	}
	return l
}

// A Kind decides how a walk treats an entry.
type Kind int

const (
	Skip   Kind = iota // ignored
	Wanted             // in Archive.Files
	Nested             // an archive to walk
)

// Separator separates the names of nested archives in Archive.Inside.
const Separator = "!"

// An Archive is an archive during its visit.
type Archive struct {
	Inside string // path in the outermost archive: "BOOT-INF/lib/x.jar", "a.war!WEB-INF/lib/b.jar"; "" for the outermost itself
	Files  []*File

	walk      *walk
	content   io.ReaderAt
	size      int64
	directory directory
	nested    []*File
	read      int64 // bytes held for content of Files
	names     int64 // bytes held for Files and nested
}

// Open returns a reader of the archive's bytes.
func (a *Archive) Open() *io.SectionReader { return io.NewSectionReader(a.content, 0, a.size) }

type walk struct {
	Limits
	kind     func(name []byte) Kind
	visit    func(*Archive)
	inflater *inflate.Reader // nil until an entry needs it
	left     int64           // rest of Bytes
	unread   int64           // rest of Content
	held     int64
	archives int
	entries  int
	wanted   int
	stop     bool // a limit of the whole walk was exceeded
	note     func(error)
}

// Walk calls visit for an archive, then for the archives within it in the order of its directory, recursively. kind selects
// nested archives and the entries in Archive.Files.
//
// Walk calls note for each error in an archive, which names the archive, and continues. It stops early only if the context ends
// or a limit of the whole walk is exceeded. Errors for exceeded limits wrap [analyzer.ErrTooLarge]. Walk returns the context's
// error, or an error if r is not an archive.
func Walk(ctx context.Context, r io.ReaderAt, size int64, limits Limits, kind func(name []byte) Kind, visit func(*Archive), note func(error)) error {
	w := &walk{Limits: limits.withDefaults(), kind: kind, visit: visit, note: note}
	w.left, w.unread = w.Bytes, w.Content
	defer w.close()
	return w.walk(ctx, &Archive{walk: w, content: r, size: size}, 0)
}

// close releases the memory of the inflater.
func (w *walk) close() {
	if w.inflater != nil {
		w.inflater.Close()
		w.Hold(-inflate.Memory)
	}
}

// problem records the error of an archive or of one of its entries.
func (w *walk) problem(inside, name string, err error) {
	place := strings.Trim(inside+Separator+name, Separator)
	if place != "" {
		err = fmt.Errorf("%s: %w", place, err)
	}
	w.note(err)
}

// exceeded records that the walk exceeded a limit. The walk enters no further archive.
func (w *walk) exceeded(a *Archive, limit int64, what string) {
	if !w.stop {
		w.problem(a.Inside, "", fmt.Errorf("more than %d %s: %w", limit, what, analyzer.ErrTooLarge))
	}
	w.stop = true
}

// walk visits an archive and the archives within it. It returns the errors that Walk returns.
func (w *walk) walk(ctx context.Context, a *Archive, depth int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if w.archives++; w.archives > w.Archives {
		w.exceeded(a, int64(w.Archives), "archives")
		return nil
	}
	var err error
	if a.directory, err = findDirectory(a.content, a.size); err != nil {
		if depth == 0 {
			return err
		}
		w.problem(a.Inside, "", err)
		return nil
	}
	if err := a.directory.each(a.content, func(e *entry) bool { return w.take(a, e) }); err != nil {
		w.problem(a.Inside, "", err)
	}
	w.visit(a)
	w.Hold(-a.read)
	a.Files, a.read = nil, 0
	defer func() { w.Hold(-a.names) }()
	for _, f := range a.nested {
		if w.stop {
			return nil
		}
		if depth == w.Depth {
			w.problem(a.Inside, f.Name, fmt.Errorf("more than %d levels of nested archives: %w", w.Depth, analyzer.ErrTooLarge))
			return nil
		}
		if err := w.enter(ctx, a, f, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// maxName is the length in bytes of the longest name of an entry that is read, which is that of a path.
const maxName = 4096

// entryMemory is the memory of a File in bytes, without its name.
const entryMemory = 256

// take keeps an entry if kind selects it, and reports whether to continue.
func (w *walk) take(a *Archive, e *entry) bool {
	if w.entries++; w.entries > w.Entries {
		w.exceeded(a, int64(w.Entries), "entries")
		return false
	}
	kind := w.kind(e.name)
	if kind == Skip {
		return true
	}
	if w.wanted++; w.wanted > w.Wanted {
		w.exceeded(a, int64(w.Wanted), "wanted entries")
		return false
	}
	if len(e.name) > maxName {
		w.problem(a.Inside, "", fmt.Errorf("%.100q...: a name of %d bytes: %w", e.name, len(e.name), analyzer.ErrTooLarge))
		return true
	}
	size := entryMemory + int64(len(e.name))
	if err := w.Hold(size); err != nil {
		w.problem(a.Inside, "", err)
		return false
	}
	a.names += size
	f := &File{Name: strings.ToValidUTF8(string(e.name), "\uFFFD"), archive: a, entry: *e}
	f.entry.name = nil
	switch {
	case escapes(e.name):
		w.problem(a.Inside, f.Name, errors.New("not a name within the archive"))
	case kind == Wanted:
		a.Files = append(a.Files, f)
	default:
		a.nested = append(a.nested, f)
	}
	return true
}

// escapes reports whether a name would be outside of the archive as a path. No class loader finds such an entry.
func escapes(name []byte) bool {
	if bytes.HasPrefix(name, []byte("/")) || bytes.ContainsAny(name, "\x00\\") {
		return true
	}
	for element := range bytes.SplitSeq(name, []byte("/")) {
		if string(element) == ".." {
			return true
		}
	}
	return false
}

// enter walks a nested archive.
func (w *walk) enter(ctx context.Context, outer *Archive, f *File, depth int) error {
	src, err := outer.section(&f.entry)
	if err != nil {
		w.problem(outer.Inside, f.Name, err)
		return nil
	}
	inner := &Archive{Inside: f.Name, walk: w, content: src, size: src.Size()}
	if outer.Inside != "" {
		inner.Inside = outer.Inside + Separator + f.Name
	}
	if f.entry.method == stored {
		if w.left < inner.size {
			w.exceeded(inner, w.Bytes, "bytes of nested archives")
			return nil
		}
		w.left -= inner.size
		return w.walk(ctx, inner, depth)
	}
	ratio := max(minInflated, inner.size*w.Ratio)
	limit := min(w.left, w.Held-w.held, ratio)
	content, err := w.inflate(src, &f.entry, limit)
	defer func() { w.Hold(-int64(cap(content))) }()
	w.left -= int64(len(content))
	switch {
	case errors.Is(err, analyzer.ErrTooLarge) && w.left == 0:
		w.exceeded(inner, w.Bytes, "bytes of nested archives")
		return nil
	case errors.Is(err, analyzer.ErrTooLarge):
		if limit == ratio && int64(len(content)) == limit {
			err = fmt.Errorf("%d bytes inflate to more than %d: %w", inner.size, limit, analyzer.ErrTooLarge)
		}
		w.problem(inner.Inside, "", err)
		return nil
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case err != nil: // the readable part may still contain the directory
		w.problem(inner.Inside, "", err)
	}
	inner.content, inner.size = bytes.NewReader(content), int64(len(content))
	w.held += inner.size
	err = w.walk(ctx, inner, depth)
	w.held -= inner.size
	return err
}
