package scan

import (
	"bytes"
	"io"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/content"
	"github.com/hullmark/hullmark/analyzer/internal/walk"
	"github.com/hullmark/hullmark/internal/executable"
)

// Analyzers of programs want files by their content: Info.Magic, Contains and Early. Most programs of an image are shared libraries that no
// analyzer wants. A scan therefore lets a file stream by, keeps its head and tail, and looks for the texts that analyzers want. An
// analyzer that needs more of a file with a text sees all of it in a second pass over the layer.
const (
	minProgram  = 4 << 10   // bytes of a program with a text that analyzers want: headers, code and data have pages of their own
	searchHead  = 8 << 10   // bytes at the start of a file in which Info.Early is looked for
	searchTail  = 256 << 10 // bytes at the end of a file: the section table of a program, and often what analyzers want of it
	searchData  = 4 << 20   // bytes of data of a program that are kept
	searchAlign = 64        // data is kept from a multiple of this on
	searchStep  = 16 << 10  // bytes to search at once, which the processor's fastest caches hold
)

// A searching is the memory that a collector needs to look for texts.
type searching struct {
	begin [content.MaxMagic]byte // the first bytes of a file
	begun begun
	head  []byte
	part  []byte // the end of the bytes before, then the bytes that are searched
	spare spare
}

// begins keeps the analyzers in found that want the first bytes of a file. It lets e.Reader read these bytes again.
func (c *collector) begins(e *walk.Entry) error {
	size := 0
	for _, i := range c.found {
		for _, m := range c.analyzers[i].info.Magic {
			size = max(size, len(m))
		}
	}
	if size == 0 {
		return nil
	}
	head := c.searching.begin[:min(int64(size), e.Size)]
	if _, err := io.ReadFull(e.Reader, head); err != nil {
		return err
	}
	c.found = slices.DeleteFunc(c.found, func(i int) bool {
		magic := c.analyzers[i].info.Magic
		return len(magic) > 0 && !slices.ContainsFunc(magic, func(m string) bool { return strings.HasPrefix(string(head), m) })
	})
	c.searching.begun = begun{head, e.Reader}
	e.Reader = &c.searching.begun
	return nil
}

// A begun reads a file again whose first bytes were read.
type begun struct {
	head []byte
	r    io.Reader
}

// Discard skips bytes.
func (b *begun) Discard(n int64) error {
	k := min(n, int64(len(b.head)))
	b.head = b.head[k:]
	return discard(b.r, n-k)
}

// Read implements io.Reader.
func (b *begun) Read(p []byte) (int, error) {
	if len(b.head) == 0 {
		return b.r.Read(p)
	}
	n := copy(p, b.head)
	b.head = b.head[n:]
	return n, nil
}

// mayBeProgram reports whether the name and the mode of a file are those of a program.
func mayBeProgram(e *walk.Entry) bool {
	return e.Mode&0o111 != 0 && !strings.Contains(baseOf(e.Path), ".so")
}

// search returns the jobs for which all of a file must be read. For others whose analyzers want a text in the file, it passes the parts that it
// keeps to the analyzers.
func (c *collector) search(jobs []job, e *walk.Entry) ([]job, error) {
	large := slices.ContainsFunc(jobs, func(j job) bool { return e.Size > c.analyzers[j.analyzer].maxSize })
	whole := slices.ContainsFunc(jobs, func(j job) bool { return len(c.analyzers[j.analyzer].info.Contains) == 0 })
	if !large && (c.again || c.limits.Passes < 2 || whole) {
		return jobs, nil
	}
	s := &c.searching
	if s.head == nil {
		s.head, s.part = make([]byte, searchHead), make([]byte, content.MaxMagic+searchStep)
	}
	head := s.head[:min(searchHead, e.Size)]
	if _, err := io.ReadFull(e.Reader, head); err != nil {
		return nil, err
	}
	constant, data := executable.Segments(head, e.Size)
	var with, without []job
	for _, j := range jobs {
		info := &c.analyzers[j.analyzer].info
		if len(info.Contains) == 0 || containsAny(head, info.Contains) || containsAny(head, info.Early) {
			with = append(with, j)
		} else {
			without = append(without, j)
		}
		if !info.DataOnly {
			constant, data = nil, nil
		}
	}
	switch {
	case len(with) == 0:
		data = nil
	case !large && e.Size > searchHead && len(data) == 0:
		e.Reader = io.MultiReader(bytes.NewReader(head), e.Reader)
		return jobs, nil
	}
	p := &parts{size: e.Size, spare: &s.spare}
	p.keep(0, head)
	var names *names
	if slices.ContainsFunc(with, func(j job) bool { return c.analyzers[j.analyzer].names }) {
		p.named, names = true, newNames(p, head)
	}
	found, err := c.stream(p, without, e, constant, data, names)
	if err != nil {
		return nil, err
	}
	if with = append(with, found...); len(with) == 0 {
		s.spare.put(p)
	}
	for _, j := range with {
		if err := c.passParts(j, p, e); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// stream reads the rest of a file but for the parts to skip. It keeps data, tables of names and the tail, and returns the jobs whose analyzers
// want a text in these bytes.
func (c *collector) stream(p *parts, jobs []job, e *walk.Entry, skip, data []executable.Span, names *names) (found []job, err error) {
	const overlap = content.MaxMagic
	room := searchData
	buf, at := c.searching.part, int64(len(p.spans[0].data))
	clear(buf[:overlap])
	copy(buf[max(overlap-at, 0):overlap], p.spans[0].data[max(at-overlap, 0):])
	for at < e.Size {
		for len(skip) > 0 && skip[0].End <= at {
			skip = skip[1:]
		}
		end := min(at+searchStep, e.Size)
		skipped := len(skip) > 0 && skip[0].Start <= at
		switch {
		case skipped:
			next := names.next(at, skip[0].End)
			if next > at {
				if err := discard(e.Reader, next-at); err != nil {
					return nil, err
				}
				at = next
				clear(buf[:overlap])
				continue
			}
			end = min(end, names.end(at, skip[0].End))
		case len(skip) > 0:
			end = min(end, skip[0].Start)
		}
		part := buf[overlap : overlap+end-at]
		if _, err := io.ReadFull(e.Reader, part); err != nil {
			return nil, err
		}
		jobs = slices.DeleteFunc(jobs, func(j job) bool {
			if skipped || !containsAny(buf[:overlap+len(part)], c.analyzers[j.analyzer].info.Contains) {
				return false
			}
			found = append(found, j)
			return true
		})
		names.find(buf[:overlap+len(part)], at-overlap, at)
		if room > 0 && slices.ContainsFunc(data, func(s executable.Span) bool { return s.Start&^(searchAlign-1) < end && at < s.End }) {
			p.keep(at, part)
			room -= len(part)
		} else if names.wants(at) {
			names.keep(buf[:overlap+len(part)], at-overlap)
		} else if tail := e.Size - searchTail; end > tail {
			p.keep(max(at, tail), part[max(tail-at, 0):])
		}
		copy(buf, buf[len(part):])
		if at = end; skipped && at == skip[0].End {
			clear(buf[:overlap])
		}
	}
	return found, nil
}

// discard skips n bytes of the content of an entry.
func discard(r io.Reader, n int64) error {
	switch r := r.(type) {
	case interface{ Discard(int64) error }:
		return r.Discard(n)
	case io.Seeker: // a file of a file system
		_, err := r.Seek(n, io.SeekCurrent)
		return err
	}
	_, err := io.CopyN(io.Discard, r, n)
	return err
}

// passParts passes the parts of a file that the scan keeps to an analyzer. If the analyzer reads other parts, the answer is that the file must
// be read again.
func (c *collector) passParts(j job, p *parts, e *walk.Entry) error {
	release, err := c.memory(c.ctx, p.kept())
	if err != nil {
		return err
	}
	p = &parts{spans: p.spans, size: p.size, named: p.named, names: p.names}
	name, mode := j.name(), e.Mode
	j.parts = p
	c.task(j, func(account *content.Account) *analyzer.File {
		return analyzer.NewFileAt(name, mode, content.At(p, p.size, account), p.size)
	}, release)
	return nil
}

// containsAny reports whether data contains one of the texts.
func containsAny(data []byte, texts []string) bool {
	for _, t := range texts {
		if bytes.Contains(data, []byte(t)) {
			return true
		}
	}
	return false
}
