package scan

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/content"
	"github.com/hullmark/hullmark/analyzer/internal/walk"
)

// maxWhole is the size in bytes of the largest file that is read whole if it can be read in any order. Analyzers need only a few
// bytes of most larger files: the table of contents of a program or an archive.
const maxWhole = 64 << 10

// file reads a regular file for jobs.
func (c *collector) file(jobs []job, e *walk.Entry) error {
	var now, later []job
	for _, j := range jobs {
		a := &c.analyzers[j.analyzer]
		switch {
		case e.Size > a.maxSize:
			c.fail(j, analyzer.TooLarge, fmt.Sprintf("%d bytes, more than the %d that are read", e.Size, a.maxSize))
		case len(a.info.Siblings) > 0:
			later = append(later, j)
		default:
			now = append(now, j)
		}
	}
	if len(later) > 0 || c.isSibling(e.Path) {
		data, err := c.hold(e)
		if err != nil {
			return err
		}
		for _, j := range append(later, now...) {
			if data == nil {
				c.fail(j, analyzer.TooLarge, c.notHeld(e.Size))
				continue
			}
			c.waiting = append(c.waiting, waiting{j, heldFile{j.name(), e.Mode, data}})
		}
		return nil
	}
	now, err := c.begins(now, e)
	if err != nil || len(now) == 0 {
		return err
	}
	release, err := c.memory(c.ctx, e.Size+512)
	if err != nil {
		return err
	}
	at, data, err := c.content(e)
	if err != nil {
		release()
		return err
	}
	mode, size := e.Mode, e.Size
	left := new(atomic.Int32)
	left.Store(int32(len(now)))
	for _, j := range now {
		name := j.name()
		open := func(account *content.Account) *analyzer.File {
			if at != nil {
				return analyzer.NewFileAt(name, mode, content.At(at, size, account), size)
			}
			return analyzer.NewFileAt(name, mode, content.Of(data, account), size)
		}
		c.task(j, open, func() {
			if left.Add(-1) == 0 {
				c.budget.buffers.put(data)
				if p, ok := at.(*packed); ok {
					p.release(&c.budget.buffers)
				}
				release()
			}
		})
	}
	return nil
}

// begins returns the jobs whose analyzers want a file with the first bytes of e. It sets e.Reader to read them again.
func (c *collector) begins(jobs []job, e *walk.Entry) ([]job, error) {
	size := 0
	for _, j := range jobs {
		for _, m := range c.analyzers[j.analyzer].info.Magic {
			size = max(size, len(m))
		}
	}
	if size == 0 {
		return jobs, nil
	}
	var buf [content.MaxMagic]byte
	head := buf[:min(int64(size), e.Size)]
	if e.At != nil {
		if _, err := e.At.ReadAt(head, 0); err != nil && err != io.EOF {
			return nil, err
		}
	} else {
		if _, err := io.ReadFull(e.Reader, head); err != nil {
			return nil, err
		}
		e.Reader = io.MultiReader(bytes.NewReader(bytes.Clone(head)), e.Reader)
	}
	return slices.DeleteFunc(jobs, func(j job) bool {
		magic := c.analyzers[j.analyzer].info.Magic
		return len(magic) > 0 && !slices.ContainsFunc(magic, func(m string) bool { return strings.HasPrefix(string(head), m) })
	}), nil
}

// content returns the content of a file: at, if it is better read in parts, else data.
func (r *run) content(e *walk.Entry) (at io.ReaderAt, data []byte, err error) {
	src := e.Reader
	switch {
	case e.At != nil && e.Size > maxWhole:
		return e.At, nil, nil
	case e.At == nil && e.Size > minParts:
		p, head, err := newPacked(src, e.Size, &r.budget.buffers)
		switch {
		case err != nil:
			return nil, nil, err
		case p != nil:
			return p, nil, nil
		}
		src = io.MultiReader(bytes.NewReader(head), src)
	}
	data, err = r.read(src, e.Size)
	return nil, data, err
}

// read reads the content of a file. Beyond a few MiB, the memory grows with the bytes read, not with the size in a header: each buffer is
// at most 16 times as large as the one before. The last has the right size, so that the one before, which it is copied from, is small.
func (r *run) read(src io.Reader, size int64) ([]byte, error) {
	const step, growth = 4 << 20, 16
	buf := r.budget.buffers.get(int(min(size, step)))
	for {
		n := len(buf)
		buf = buf[:min(int64(cap(buf)), size)]
		if _, err := io.ReadFull(src, buf[n:]); err != nil {
			if err == io.EOF && int64(n) < size {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		if int64(len(buf)) == size {
			return buf, nil
		}
		next := size
		for next > growth*int64(len(buf)) {
			next = (next + growth - 1) / growth
		}
		buf = append(make([]byte, 0, next), buf...)
	}
}
