package scan

import (
	"bytes"
	"io"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/content"
	"github.com/hullmark/hullmark/analyzer/internal/walk"
)

// Analyzers of programs want files by their content: Info.Magic, Contains and Early. Most programs of an image are shared libraries that no
// analyzer wants. A scan therefore lets a file stream by, keeps its head and tail, and looks for the texts that analyzers want. An
// analyzer that needs more of a file with a text sees all of it in a second pass over the layer.
const (
	searchHead = 64 << 10  // bytes at the start of a file in which Info.Early is looked for
	searchTail = 256 << 10 // bytes at the end of a file: the section table of a program, and often what analyzers want of it
	searchStep = 16 << 10  // bytes to search at once, which the processor's fastest caches hold
)

// A searching is the memory that a collector needs to look for texts.
type searching struct {
	begin [content.MaxMagic]byte // the first bytes of a file
	begun begun
	head  []byte
	rest  []byte // the end of the bytes before, then the bytes that are searched, at last the tail
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

// A begun reads a file of which the first bytes have been read.
type begun struct {
	head []byte
	r    io.Reader
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

// search returns the jobs that want all of a file now: all of them, if it must be held for one, else those with a text in its head. For jobs
// whose text lies beyond the head, it passes the parts that it keeps to the analyzers.
func (c *collector) search(jobs []job, e *walk.Entry) ([]job, error) {
	large := slices.ContainsFunc(jobs, func(j job) bool { return e.Size > c.analyzers[j.analyzer].maxSize })
	if !large && (e.At != nil || c.again || c.limits.Passes < 2 || slices.ContainsFunc(jobs, func(j job) bool { return len(c.analyzers[j.analyzer].info.Contains) == 0 })) {
		return jobs, nil
	}
	s := &c.searching
	if s.head == nil {
		s.head, s.rest = make([]byte, searchHead), make([]byte, content.MaxMagic+searchTail)
	}
	head := s.head[:min(searchHead, e.Size)]
	if _, err := io.ReadFull(e.Reader, head); err != nil {
		return nil, err
	}
	inHead := func(j job) bool {
		info := &c.analyzers[j.analyzer].info
		return containsAny(head, info.Contains) || containsAny(head, info.Early)
	}
	if !large && slices.ContainsFunc(jobs, inHead) {
		e.Reader = io.MultiReader(bytes.NewReader(head), e.Reader)
		return jobs, nil
	}
	var with, without []job
	for _, j := range jobs {
		if len(c.analyzers[j.analyzer].info.Contains) == 0 || inHead(j) {
			with = append(with, j)
		} else {
			without = append(without, j)
		}
	}
	tail, found, err := c.stream(without, head, e)
	if err != nil {
		return nil, err
	}
	for _, j := range append(with, found...) {
		if most := c.analyzers[j.analyzer].maxSize; e.Size > most {
			c.fail(j, analyzer.TooLarge, tooLarge(e.Size, most))
			continue
		}
		if err := c.passParts(j, head, tail, e); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// stream reads the rest of a file. It returns the tail and the jobs whose analyzers want a text beyond the head.
func (c *collector) stream(jobs []job, head []byte, e *walk.Entry) (tail []byte, found []job, err error) {
	const overlap = content.MaxMagic
	buf := c.searching.rest
	copy(buf[:overlap], bytes.Repeat([]byte{0}, overlap))
	copy(buf[max(overlap-len(head), 0):overlap], head[max(len(head)-overlap, 0):])
	for left := e.Size - int64(len(head)); left > 0; {
		n := int(min(left, searchStep))
		if left <= searchTail {
			n = int(left)
		}
		tail = buf[overlap : overlap+n]
		if _, err := io.ReadFull(e.Reader, tail); err != nil {
			return nil, nil, err
		}
		for at := 0; at < n; at += searchStep {
			part := buf[at:min(at+overlap+searchStep, overlap+n)]
			jobs = slices.DeleteFunc(jobs, func(j job) bool {
				if !containsAny(part, c.analyzers[j.analyzer].info.Contains) {
					return false
				}
				found = append(found, j)
				return true
			})
		}
		if left -= int64(n); left > 0 {
			copy(buf, tail[n-overlap:])
		}
	}
	return tail, found, nil
}

// passParts passes the head and the tail of a file to an analyzer. If the analyzer reads other parts, the answer is that the file must be
// read again.
func (c *collector) passParts(j job, head, tail []byte, e *walk.Entry) error {
	charge := min(int64(len(head)+len(tail)), c.budget.size)
	if err := c.budget.memory.Acquire(c.ctx, charge); err != nil {
		return err
	}
	p := &parts{head: bytes.Clone(head), tail: bytes.Clone(tail), size: e.Size}
	name, mode := j.name(), e.Mode
	j.parts = p
	c.task(j, func(account *content.Account) *analyzer.File {
		return analyzer.NewFileAt(name, mode, content.At(p, p.size, account), p.size)
	}, func() { c.budget.memory.Release(charge) })
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
