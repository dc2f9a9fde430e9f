package scan

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"sync/atomic"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/content"
	"github.com/hullmark/hullmark/analyzer/internal/walk"
)

// maxWhole is the size in bytes of the largest file that is read whole if it can be read in any order. Analyzers need only a few
// bytes of most larger files: the table of contents of a program or an archive.
const maxWhole = 64 << 10

// file reads a regular file for jobs, whose analyzers want its first bytes.
func (c *collector) file(jobs []job, e *walk.Entry) error {
	jobs, tap := c.tap(jobs, e)
	if err := c.analyzeUnshared(jobs, e); err != nil || tap == nil {
		return err
	}
	return c.finishTap(tap, e)
}

// analyzeUnshared is file for jobs that need the file itself.
func (c *collector) analyzeUnshared(jobs []job, e *walk.Entry) error {
	var now, later []job
	for _, j := range jobs {
		a := &c.analyzers[j.analyzer]
		switch {
		case a.info.NamesOnly:
			c.name(j, e)
		case e.Size > a.maxSize && (len(a.info.Contains) == 0 || c.again || e.Sparse): // a hole may have any size
			c.why = skippedSize
			c.fail(j, analyzer.TooLarge, tooLarge(e.Size, a.maxSize))
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
	if len(now) == 0 {
		return nil
	}
	now, err := c.search(now, e)
	if err != nil || len(now) == 0 {
		return err
	}
	return c.pass(now, e)
}

func tooLarge(size, most int64) string {
	return fmt.Sprintf("%d bytes, more than the %d that are read", size, most)
}

// pass passes a file to the analyzers of jobs.
func (c *collector) pass(jobs []job, e *walk.Entry) error {
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
	left.Store(int32(len(jobs)))
	for _, j := range jobs {
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

// name runs a job of an analyzer that looks at names only.
func (c *collector) name(j job, e *walk.Entry) {
	c.nameOf(j, func(account *content.Account) *analyzer.File {
		return analyzer.NewFileAt(j.name(), e.Mode, content.Of(nil, account), 0)
	})
}

func (c *collector) nameOf(j job, open opener) {
	answer := c.analyze(c.ctx, j, open, content.NewAccount(c.limits.Memory, c.limits.Inflated, c.analysis))
	answer.Diagnostics = slices.DeleteFunc(answer.Diagnostics, func(d analyzer.Diagnostic) bool {
		c.named[named{j.analyzer, d}]++
		return c.named[named{j.analyzer, d}] > maxNamed
	})
	if !answer.empty() {
		c.packages.Add(int64(answer.count()))
		c.add(j, answer)
	}
}

// describe lets analyzers look at the last entry of the journal.
func (c *collector) describe(e *walk.Entry) {
	if c.described == nil {
		return
	}
	c.found = c.described.Find(e.Path, c.found[:0])
	if len(c.found) == 0 {
		return
	}
	about := e.Describe()
	for _, i := range c.found {
		j := job{entry: c.entries - 1, analyzer: i, path: e.Path}
		c.nameOf(j, func(account *content.Account) *analyzer.File {
			f := analyzer.NewFileAt(j.path, e.Mode, content.Of(nil, account), 0)
			f.Entry = about
			return f
		})
	}
}

// A named is a diagnostic of an analyzer that looks at names only. A layer keeps maxNamed of them.
type named struct {
	analyzer int
	analyzer.Diagnostic
}

const maxNamed = 16

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
