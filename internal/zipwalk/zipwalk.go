// Package zipwalk reads zip archives and the archives within them, in memory, within limits.
//
// Unlike archive/zip it does not hold the central directory: entries that nobody wants cost no memory, so that an archive
// of millions of them is no more than slow. Archives that are stored in another are read in place; those that are
// compressed are inflated into memory, one at each depth. Nothing is ever written, and names are never made into paths.
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
)

// Limits bound one walk, over all archives of a file together. Zero fields mean the defaults, which real archives do not
// reach.
type Limits struct {
	Depth    int   // archives within archives; 32
	Archives int   // archives in all; 16,384
	Entries  int   // entries of directories; 1,048,576
	Wanted   int   // wanted entries; 65,536
	Content  int64 // bytes of wanted entries; 64 MiB
	Bytes    int64 // bytes of nested archives; 1 GiB
	Held     int64 // bytes of inflated archives held at once, one within the other; 128 MiB
	Ratio    int64 // bytes to which one byte of a nested archive may inflate, beyond the first MiB; 200

	// Hold is called before bytes are allocated for what is inflated, and with a negative number when they are not needed any
	// more; an error says that there can be no more. The default knows no bounds but those above.
	Hold func(n int64) error
}

func (l Limits) withDefaults() Limits {
	set := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	set(&l.Depth, 32)
	set(&l.Archives, 16<<10)
	set(&l.Entries, 1<<20)
	set(&l.Wanted, 64<<10)
	if l.Content <= 0 {
		l.Content = 64 << 20
	}
	if l.Bytes <= 0 {
		l.Bytes = 1 << 30
	}
	if l.Held <= 0 {
		l.Held = 128 << 20
	}
	if l.Ratio <= 0 {
		l.Ratio = 200
	}
	if l.Hold == nil {
		l.Hold = func(int64) error { return nil }
	}
	return l
}

// A Kind is what an entry is to a walk.
type Kind int

const (
	Skip   Kind = iota // of no interest
	Wanted             // a File of its Archive
	Nested             // an archive to be walked
)

// Separator stands in Archive.Inside between the name of an archive and that of one within it.
const Separator = "!"

// An Archive is one archive of a walk.
type Archive struct {
	Inside string // where it is within the outermost one: "BOOT-INF/lib/x.jar", "a.war!WEB-INF/lib/b.jar"; "" for that itself
	Files  []*File

	walk      *walk
	content   io.ReaderAt
	size      int64
	directory directory
	nested    []*File
	read      int64 // bytes held for Files that were read
}

// Open returns the archive's own bytes.
func (a *Archive) Open() *io.SectionReader { return io.NewSectionReader(a.content, 0, a.size) }

type walk struct {
	Limits
	kind     func(name []byte) Kind
	visit    func(*Archive)
	inflater io.ReadCloser
	left     int64 // of Bytes
	unread   int64 // of Content
	held     int64
	archives int
	entries  int
	wanted   int
	stop     bool // a limit on the whole walk was reached
	errs     []error
	more     int
}

// maxErrors is how many errors of a walk are told one by one.
const maxErrors = 64

// Walk calls visit for an archive and, in the order of its directory, for those within it, each before those within it in
// turn. Which entries are archives, and which are to be among Archive.Files, says kind.
//
// Every problem is an error of its own that names the archive, all joined together; the walk goes on with what is left.
// Only the context ends it early, and a limit, for what is beyond it: such errors wrap [analyzer.ErrTooLarge].
func Walk(ctx context.Context, r io.ReaderAt, size int64, limits Limits, kind func(name []byte) Kind, visit func(*Archive)) error {
	w := &walk{Limits: limits.withDefaults(), kind: kind, visit: visit}
	w.left, w.unread = w.Bytes, w.Content
	if err := w.walk(ctx, &Archive{walk: w, content: r, size: size}, 0); err != nil {
		return err
	}
	if w.more > 0 {
		w.errs = append(w.errs, fmt.Errorf("zipwalk: %d more problems", w.more))
	}
	return errors.Join(w.errs...)
}

// problem records what is wrong with an archive or one of its entries.
func (w *walk) problem(inside, name string, err error) {
	if len(w.errs) == maxErrors {
		w.more++
		return
	}
	place := strings.Trim(inside+Separator+name, Separator)
	if place != "" {
		err = fmt.Errorf("%s: %w", place, err)
	}
	w.errs = append(w.errs, fmt.Errorf("zipwalk: %w", err))
}

// exceeded records that the walk reached a limit, after which no further archive is entered.
func (w *walk) exceeded(a *Archive, limit int64, what string) {
	if !w.stop {
		w.problem(a.Inside, "", fmt.Errorf("more than %d %s: %w", limit, what, analyzer.ErrTooLarge))
	}
	w.stop = true
}

// walk visits one archive and those within it. It returns the context's error only.
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
		w.problem(a.Inside, "", err)
		return nil
	}
	if err := a.directory.each(a.content, func(e *entry) bool { return w.take(a, e) }); err != nil {
		w.problem(a.Inside, "", err)
	}
	w.visit(a)
	w.Hold(-a.read)
	a.Files, a.read = nil, 0
	for _, f := range a.nested {
		if w.stop {
			return nil
		}
		if depth == w.Depth {
			w.problem(a.Inside, f.Name, fmt.Errorf("more than %d archives within one another: %w", w.Depth, analyzer.ErrTooLarge))
			return nil
		}
		if err := w.enter(ctx, a, f, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// take decides what to keep of an entry, and whether to go on.
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

// escapes reports whether a name, taken as a path, would lead out of the archive. No class loader finds such an entry.
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

// enter walks an archive that is an entry of another.
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
			w.exceeded(inner, w.Bytes, "bytes of archives within one another")
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
		w.exceeded(inner, w.Bytes, "bytes of archives within one another")
		return nil
	case errors.Is(err, analyzer.ErrTooLarge):
		if limit == ratio && int64(len(content)) == limit {
			err = fmt.Errorf("%d bytes inflate to more than %d: %w", inner.size, limit, analyzer.ErrTooLarge)
		}
		w.problem(inner.Inside, "", err)
		return nil
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case err != nil: // what is left may still have its directory
		w.problem(inner.Inside, "", err)
	}
	inner.content, inner.size = bytes.NewReader(content), int64(len(content))
	w.held += inner.size
	err = w.walk(ctx, inner, depth)
	w.held -= inner.size
	return err
}
