package binary

import (
	"bytes"
	"fmt"
	"path"
	"slices"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/executable"
)

const (
	window    = 128  // bytes before and after a text in which its version stands
	maxWindow = 1024 // the largest window of a rule
	maxText   = 64   // bytes of a text
	maxLooks  = 4096 // places of a text at which an expression looks for the version
	overlap   = 2*maxWindow + maxText
)

// A reader looks for the versions of the classes that a file may be of.
type reader struct {
	index    *index
	path     string
	size     int64
	searches []*search // of classes without a version yet
	found    []analyzer.Package
	head     []byte            // the first bytes, until the segments are known
	code     []executable.Span // parts without texts
	buf      []byte            // the end of the bytes before, then those that are searched
	at       int64             // offset of buf
	whole    bool              // the segments are known
	limited  bool              // a search has given up

	matched func(c *class, text []byte) // is called with the text of a version, for tests; or nil
}

// A search looks for the version of a class.
type search struct {
	class *class
	looks int
	next  []int64 // for each find, the offset from which on it looks for its text
}

func newReader(x *index, file string, size int64) *reader {
	r := &reader{index: x, path: file, size: size}
	for _, i := range x.of(file) {
		c := &x.all[i]
		r.searches = append(r.searches, &search{class: c, next: make([]int64, len(c.finds))})
	}
	return r
}

// Next implements stream.Reader.
func (r *reader) Next(offset int64) int64 {
	if len(r.searches) == 0 {
		return r.size
	}
	for _, s := range r.code {
		if s.Start <= offset && offset < s.End {
			return min(s.End, r.size)
		}
	}
	return offset
}

// Part implements stream.Reader.
func (r *reader) Part(offset int64, part []byte) {
	if !r.whole {
		n := min(len(part), executable.HeadSize-len(r.head))
		r.head = append(r.head, part[:n]...)
		if len(r.head) == executable.HeadSize || int64(len(r.head)) == r.size {
			r.setCode(executable.Code(r.head, r.size))
		}
		r.add(offset, part[:n])
		offset, part = offset+int64(n), part[n:]
	}
	for len(part) > 0 {
		n := int64(len(part))
		if next := r.Next(offset); next > offset {
			n = min(n, next-offset)
		} else {
			for _, s := range r.code {
				if s.Start > offset {
					n = min(n, s.Start-offset)
				}
			}
			r.add(offset, part[:n])
		}
		offset, part = offset+n, part[n:]
	}
}

// setCode sets the parts of a file that are not searched. Its first bytes always are.
func (r *reader) setCode(code []executable.Span) {
	r.whole, r.head = true, nil
	for _, s := range code {
		if s.Start = max(s.Start, executable.HeadSize); s.Start < s.End {
			r.code = append(r.code, s)
		}
	}
}

// add searches more bytes.
func (r *reader) add(offset int64, part []byte) {
	if offset != r.at+int64(len(r.buf)) { // after a gap
		r.search(true)
		r.buf, r.at = r.buf[:0], offset
	}
	r.buf = append(r.buf, part...)
	r.search(false)
	if n := len(r.buf) - overlap; n > 0 {
		r.at += int64(n)
		r.buf = append(r.buf[:0], r.buf[n:]...)
	}
}

// search looks for the texts in buf. With last, no bytes follow.
func (r *reader) search(last bool) {
	kept := r.searches[:0]
	for _, s := range r.searches {
		if v := r.look(s, last); v != "" {
			r.found = append(r.found, s.class.pkg(v))
		} else if s.looks < maxLooks {
			kept = append(kept, s)
		} else {
			r.limited = true
		}
	}
	r.searches = kept
}

// look returns the version that one of the finds gives, or "".
func (r *reader) look(s *search, last bool) string {
	buf, at := r.buf, r.at
	for i := range s.class.finds {
		f := &s.class.finds[i]
		around := max(f.window, window)
		for s.looks < maxLooks {
			from := int(max(s.next[i]-at, 0))
			if from >= len(buf) {
				break
			}
			k := bytes.Index(buf[from:], []byte(f.text))
			if k < 0 {
				s.next[i] = at + int64(max(from, len(buf)-len(f.text)+1))
				break
			}
			k += from
			end := k + len(f.text) + around
			if end > len(buf) && !last {
				s.next[i] = at + int64(k)
				break
			}
			s.looks++
			s.next[i] = at + int64(k) + 1
			if m := r.index.expression(f.version).FindSubmatch(buf[max(k-around, 0):min(end, len(buf))]); m != nil {
				if v := firstNonEmpty(m[1:]); v != nil {
					if r.matched != nil {
						r.matched(s.class, m[0])
					}
					return string(v)
				}
			}
		}
	}
	return ""
}

func firstNonEmpty(groups [][]byte) []byte {
	for _, group := range groups {
		if len(group) > 0 {
			return group
		}
	}
	return nil
}

// Result implements stream.Reader.
func (r *reader) Result() (*analyzer.Result, error) {
	r.search(true)
	result := &analyzer.Result{Packages: r.found}
	for _, s := range r.searches {
		if v := r.index.fromName(s.class, path.Base(r.path)); v != "" {
			result.Packages = append(result.Packages, s.class.pkg(v))
		}
	}
	if slices.ContainsFunc(result.Packages, isBusyBox) { // one of its programs under another name, with numbers of any kind in its text
		result.Packages = slices.DeleteFunc(result.Packages, func(p analyzer.Package) bool { return !isBusyBox(p) })
	}
	if r.limited {
		return result, fmt.Errorf("binary: no version beside %d places of its text: %w", maxLooks, analyzer.ErrTooLarge)
	}
	if len(result.Packages) == 0 {
		return nil, nil
	}
	return result, nil
}

func isBusyBox(p analyzer.Package) bool { return p.Name == "busybox" }

// fromName returns the version in the name of a file, or "".
func (x *index) fromName(c *class, base string) string {
	if c.named == "" {
		return ""
	}
	if m := x.expression(c.named).FindStringSubmatch(base); m != nil {
		return m[1]
	}
	return ""
}
