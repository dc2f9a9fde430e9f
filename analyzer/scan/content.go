package scan

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"sync/atomic"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/image"
	"github.com/hullmark/hullmark/analyzer/internal/content"
	"github.com/hullmark/hullmark/analyzer/internal/pattern"
)

// maxWhole is the size above which a file that can be read in any order is not read whole for those who may need a few
// bytes of it only: of most programs and archives just the table of contents.
const maxWhole = 64 << 10

// file reads a regular file and hands it, under the name of each slot, to the analyzers that want it.
func (c *collector) file(slots []*slot, e *image.Entry) error {
	var now, later []job
	for _, s := range slots {
		for k, i := range s.asked {
			a := &c.analyzers[i]
			switch {
			case e.Size > a.maxSize:
				s.fail(k, analyzer.TooLarge, fmt.Sprintf("%d bytes, more than the %d that are read", e.Size, a.maxSize))
			case len(a.info.With) > 0:
				later = append(later, job{s, k})
			default:
				now = append(now, job{s, k})
			}
		}
	}
	if len(later) > 0 || c.isSibling(e.Path) {
		data, err := c.hold(e)
		if err != nil {
			return err
		}
		for _, j := range append(later, now...) {
			if data == nil {
				j.slot.fail(j.k, analyzer.TooLarge, c.notHeld(e.Size))
				continue
			}
			c.waiting = append(c.waiting, waiting{j, heldFile{j.slot.path, e.Mode, data}})
		}
		return nil
	}
	if len(now) == 0 {
		return nil
	}
	charge := min(e.Size+512, c.budget.size) // a file that is larger than all of it waits until it is alone
	if err := c.budget.memory.Acquire(c.ctx, charge); err != nil {
		return err
	}
	at, data, err := c.content(e)
	if err != nil {
		c.budget.memory.Release(charge)
		return err
	}
	mode, size := e.Mode, e.Size
	left := new(atomic.Int32)
	left.Store(int32(len(now)))
	for _, j := range now {
		name := j.slot.path
		open := func(account *content.Account) *analyzer.File {
			if at != nil {
				return analyzer.NewFileAt(name, mode, content.At(at, size, account), size)
			}
			return analyzer.NewFileAt(name, mode, content.Of(data, account), size)
		}
		c.task(j, open, func() {
			if left.Add(-1) == 0 {
				c.budget.buffers.put(data)
				c.budget.memory.Release(charge)
			}
		})
	}
	return nil
}

// content returns the content of a file, one that is better read in parts as such.
func (r *run) content(e *image.Entry) (at io.ReaderAt, data []byte, err error) {
	src := e.Reader
	switch {
	case e.At != nil && e.Size > maxWhole:
		return e.At, nil, nil
	case e.At == nil && e.Size > minPacked:
		p, head, err := newPacked(src, e.Size)
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

// A job is to let one analyzer, slot.asked[k], look at one file.
type job struct {
	slot *slot
	k    int
}

// A waiting job is done when the layer ends, since its file is analyzed together with siblings.
type waiting struct {
	job
	file heldFile
}

// A heldFile is a file whose content is kept until the layer ends.
type heldFile struct {
	path string
	mode fs.FileMode
	data []byte
}

func (f heldFile) open(account *content.Account, siblings ...*analyzer.File) *analyzer.File {
	return analyzer.NewFileAt(f.path, f.mode, content.Of(f.data, account), int64(len(f.data)), siblings...)
}

func (c *collector) isSibling(p string) bool {
	if c.siblings == nil {
		return false
	}
	c.found = c.siblings.Find(p, c.found[:0])
	return len(c.found) > 0
}

// sibling keeps a file that no analyzer wants but beside another.
func (c *collector) sibling(e *image.Entry) error {
	if !c.isSibling(e.Path) {
		return nil
	}
	data, err := c.hold(e)
	if err == nil && data == nil {
		c.problem(analyzer.TooLarge, e.Path, c.notHeld(e.Size))
	}
	return err
}

// hold reads a file that is kept until the layer ends. It returns nil if too much is held already.
func (c *collector) hold(e *image.Entry) ([]byte, error) {
	if c.heldSize+e.Size > c.limits.Memory {
		return nil, nil
	}
	data, err := c.read(e.Reader, e.Size)
	if err != nil {
		return nil, err
	}
	c.heldSize += e.Size
	c.held[e.Path] = heldFile{e.Path, e.Mode, data}
	return data, nil
}

func (c *collector) notHeld(size int64) string {
	return fmt.Sprintf("%d bytes, with what is held already more than the %d that are held for files read together", size, c.limits.Memory)
}

// read reads the content of a file. Beyond a few MiB, what is allocated grows with what was read, not with what a header claims.
func (r *run) read(src io.Reader, size int64) ([]byte, error) {
	const step = 4 << 20
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
		buf = append(make([]byte, 0, min(16*int64(len(buf)), size)), buf...) // what is thrown away is little beside what stays
	}
}

// fail records why analyzer s.asked[k] has no answer for the file.
func (s *slot) fail(k int, code analyzer.DiagnosticCode, message string) {
	if s.results[k] == nil {
		s.results[k] = new(fileResult)
	}
	s.results[k].diagnose(code, message)
}

// task does a job as soon as a worker is free, and calls done afterwards.
func (c *collector) task(j job, open opener, done func()) {
	workers := c.analyzers[j.slot.asked[j.k]].workers
	select {
	case workers <- struct{}{}:
	case <-c.ctx.Done():
		done()
		return
	}
	c.tasks.Go(func() {
		defer func() { <-workers }()
		defer done()
		if result := c.analyze(c.ctx, j.slot.asked[j.k], open); !result.empty() {
			c.packages.Add(int64(len(result.Packages) + len(result.Fragments) + len(result.Findings)))
			j.slot.results[j.k] = &result
		}
	})
}

// finish does the waiting jobs, and waits for all tasks.
func (c *collector) finish() error {
	for _, w := range c.waiting {
		var siblings []heldFile
		for _, name := range c.analyzers[w.slot.asked[w.k]].info.With {
			if sibling, ok := c.held[pattern.Beside(w.file.path, name)]; ok {
				siblings = append(siblings, sibling)
			}
		}
		open := func(account *content.Account) *analyzer.File {
			files := make([]*analyzer.File, len(siblings))
			for i, s := range siblings {
				files[i] = s.open(account)
			}
			return w.file.open(account, files...)
		}
		c.task(w.job, open, func() {})
	}
	c.tasks.Wait()
	return c.ctx.Err()
}
