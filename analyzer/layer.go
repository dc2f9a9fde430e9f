package analyzer

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/hullmark/hullmark/analyzer/image"
)

// layerData is all that is kept of a layer: what it deletes and replaces, and what analyzers found in it.
type layerData struct {
	Entries, Bytes int64
	Delta          delta
	Problems       []problem               // of entries that no analyzer asked for, in the order of the layer
	Results        map[string][]fileResult // by analyzerKey, sorted by path; files of which there is nothing to say have none
}

// A fileResult is what one analyzer found in one file.
type fileResult struct {
	Path string
	Result
	Problems []problem

	// Link, where not empty, is a path of a lower layer to which the file is a hard link: its content is there.
	Link string
}

func (r *fileResult) empty() bool {
	return len(r.Packages) == 0 && len(r.Fragments) == 0 && len(r.Findings) == 0 && r.Distro == nil && len(r.Problems) == 0 && r.Link == ""
}

// A problem is a Diagnostic whose place is known from where it is kept.
type problem struct {
	Kind    DiagnosticKind
	Path    string // for a layer's own problems
	Message string
}

// maxProblems is how many problems of one layer, or of one file, are told one by one.
const maxProblems = 100

func capProblems(list []problem) []problem {
	if len(list) <= maxProblems {
		return list
	}
	return append(list[:maxProblems:maxProblems], problem{Kind: list[0].Kind, Message: fmt.Sprintf("%d more", len(list)-maxProblems)})
}

// A collector reads one layer, or one file system, for the analyzers that are still to be asked.
type collector struct {
	*run
	ctx      context.Context
	asked    []int // indices into run.analyzers, ascending
	wanted   *index
	siblings *index // files that analyzers want beside a wanted one; nil where no analyzer does

	rec      *recorder
	problems []problem
	slots    map[string]*slot // wanted files, by path
	above    map[string]int   // the directories above them, and when an entry last replaced them by something else
	clock    int              // counts entries
	held     map[string]*File // content of siblings
	heldSize int64
	waiting  []waiting
	found    []int

	tasks sync.WaitGroup
}

// A slot holds the results of one wanted path. A later entry of the same name gets a new slot.
type slot struct {
	path    string
	made    int          // the collector's clock
	link    string       // target, of a hard link
	asked   []int        // analyzers that want it
	results []fileResult // parallel to asked, each written by one task
}

// newCollector prepares to read something for some of the analyzers.
func (r *run) newCollector(ctx context.Context, asked []int) (*collector, error) {
	c := &collector{
		run: r, ctx: ctx, asked: asked, wanted: new(index),
		slots: make(map[string]*slot), above: make(map[string]int), held: make(map[string]*File),
	}
	c.rec = newRecorder(func(dir string) { delete(c.slots, dir) })
	for _, i := range asked {
		info := &r.analyzers[i].info
		for _, p := range info.Patterns {
			if err := c.wanted.add(i, p); err != nil {
				return nil, fmt.Errorf("analyzer: %s: %w", info.Name, err)
			}
			for _, name := range info.With {
				if c.siblings == nil {
					c.siblings = new(index)
				}
				if err := c.siblings.add(i, besides(p, name)); err != nil {
					return nil, fmt.Errorf("analyzer: %s: with %q: %w", info.Name, name, err)
				}
			}
		}
	}
	return c, nil
}

// readLayer reads a layer for some of the analyzers.
func (r *run) readLayer(ctx context.Context, l image.Layer, asked []int) (*layerData, error) {
	c, err := r.newCollector(ctx, asked)
	if err != nil {
		return nil, err
	}
	defer c.tasks.Wait()
	stats, err := l.Walk(ctx, r.limits.image(), c.entry)
	if err != nil {
		return nil, err
	}
	if err := c.followHardLinks(l); err != nil {
		return nil, err
	}
	if err := c.finish(); err != nil {
		return nil, err
	}
	return c.data(stats), nil
}

// entry takes one entry of the layer.
func (c *collector) entry(e *image.Entry) error {
	c.clock++
	switch e.Kind {
	case image.Refused:
		c.problem(Refused, e.Path, e.Reason)
	case image.Whiteout:
		c.rec.Whiteouts = append(c.rec.Whiteouts, e.Path)
	case image.Opaque:
		c.rec.Opaques = append(c.rec.Opaques, e.Path)
	case image.Dir:
		c.rec.dir(e.Path)
		delete(c.slots, e.Path)
	case image.Symlink:
		c.replace(e.Path)
		c.rec.link(e.Path, e.Target)
	case image.Special:
		c.replace(e.Path)
		c.rec.name(e.Path)
	case image.Hardlink:
		c.replace(e.Path)
		c.rec.name(e.Path)
		if s := c.want(e.Path); s != nil {
			s.link = e.Target
		}
	case image.File:
		c.replace(e.Path)
		c.rec.name(e.Path)
		if s := c.want(e.Path); s != nil {
			return c.file([]*slot{s}, e)
		}
		return c.sibling(e)
	}
	return nil
}

func (c *collector) problem(kind DiagnosticKind, path, message string) {
	c.problems = append(c.problems, problem{Kind: kind, Path: path, Message: message})
}

// replace forgets what earlier entries of the same layer put where an entry that is no directory now goes.
func (c *collector) replace(p string) {
	delete(c.slots, p)
	if _, ok := c.above[p]; ok {
		c.above[p] = c.clock
	}
}

// replaced reports whether a later entry of the same layer put something else where a directory above s was.
func (c *collector) replaced(s *slot) bool {
	for d := dirOf(s.path); d != "."; d = dirOf(d) {
		if c.above[d] > s.made {
			return true
		}
	}
	return false
}

// want makes a slot for a path, or returns nil if no analyzer wants it.
func (c *collector) want(p string) *slot {
	c.found = c.wanted.find(p, c.found[:0])
	if len(c.found) == 0 {
		return nil
	}
	s := &slot{path: p, made: c.clock, asked: slices.Clone(c.found), results: make([]fileResult, len(c.found))}
	c.slots[p] = s
	for d := dirOf(p); d != "."; d = dirOf(d) {
		if _, ok := c.above[d]; ok {
			break
		}
		c.above[d] = 0
	}
	return s
}

// file reads a regular file and hands it, under the name of each slot, to the analyzers that want it.
func (c *collector) file(slots []*slot, e *image.Entry) error {
	var now, later []job
	for _, s := range slots {
		for k, i := range s.asked {
			a := &c.analyzers[i]
			switch {
			case e.Size > a.maxSize:
				s.fail(k, TooLarge, fmt.Sprintf("%d bytes, more than the %d that are read", e.Size, a.maxSize))
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
				j.slot.fail(j.k, TooLarge, c.notHeld(e.Size))
				continue
			}
			c.waiting = append(c.waiting, waiting{j, NewFile(j.slot.path, e.Mode, data)})
		}
		return nil
	}
	if len(now) == 0 {
		return nil
	}
	charge := min(e.Size+512, c.limits.Memory) // a file that is larger than all of it waits until it is alone
	if err := c.budget.Acquire(c.ctx, charge); err != nil {
		return err
	}
	data, err := c.read(e.Reader, e.Size)
	if err != nil {
		c.budget.Release(charge)
		return err
	}
	left := new(atomic.Int32)
	left.Store(int32(len(now)))
	for _, j := range now {
		c.task(j, NewFile(j.slot.path, e.Mode, data), func() {
			if left.Add(-1) == 0 {
				c.buffers.put(data)
				c.budget.Release(charge)
			}
		})
	}
	return nil
}

// A job is to let one analyzer, slot.asked[k], look at one file.
type job struct {
	slot *slot
	k    int
}

// A waiting job is done when the layer ends, since its file is analyzed together with siblings.
type waiting struct {
	job
	file *File
}

func (c *collector) isSibling(p string) bool {
	if c.siblings == nil {
		return false
	}
	c.found = c.siblings.find(p, c.found[:0])
	return len(c.found) > 0
}

// sibling keeps a file that no analyzer wants but beside another.
func (c *collector) sibling(e *image.Entry) error {
	if !c.isSibling(e.Path) {
		return nil
	}
	data, err := c.hold(e)
	if err == nil && data == nil {
		c.problem(TooLarge, e.Path, c.notHeld(e.Size))
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
	c.held[e.Path] = NewFile(e.Path, e.Mode, data)
	return c.held[e.Path].data, nil
}

func (c *collector) notHeld(size int64) string {
	return fmt.Sprintf("%d bytes, with what is held already more than the %d that are held for files read together", size, c.limits.Memory)
}

// read reads the content of a file. What is allocated grows with what was read, not with what a header claims.
func (r *run) read(src io.Reader, size int64) ([]byte, error) {
	const step = 1 << 20
	buf := r.buffers.get(int(min(size, step)))
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
		buf = append(make([]byte, 0, min(2*int64(len(buf)), size)), buf...)
	}
}

// fail records why analyzer s.asked[k] has no answer for the file.
func (s *slot) fail(k int, kind DiagnosticKind, message string) {
	s.results[k].Problems = append(s.results[k].Problems, problem{Kind: kind, Message: message})
}

// task does a job as soon as a worker is free, and calls done afterwards.
func (c *collector) task(j job, f *File, done func()) {
	select {
	case c.workers <- struct{}{}:
	case <-c.ctx.Done():
		done()
		return
	}
	c.tasks.Go(func() {
		defer func() { <-c.workers }()
		defer done()
		result := &j.slot.results[j.k]
		*result = c.analyze(c.ctx, j.slot.asked[j.k], f)
	})
}

// followHardLinks reads the layer once more for wanted names that are hard links to content which passed under another
// name before anybody knew that it would be wanted.
func (c *collector) followHardLinks(l image.Layer) error {
	targets := make(map[string][]*slot)
	names := slices.Clone(c.rec.Names)
	slices.Sort(names)
	for _, s := range c.slots {
		if s.link == "" {
			continue
		}
		target := s.link
		for range 16 { // a link to a link
			next, ok := c.slots[target]
			if !ok || next.link == "" {
				break
			}
			target = next.link
		}
		s.link = target
		switch {
		case !has(names, hashPath(target)):
			for k := range s.asked {
				s.results[k].Link = target
			}
		case c.limits.Passes < 2:
			for k := range s.asked {
				s.fail(k, Unsupported, fmt.Sprintf("a hard link to %s, for which the layer would have to be read twice", target))
			}
		default:
			targets[target] = append(targets[target], s)
		}
	}
	if len(targets) == 0 {
		return nil
	}
	return c.analyzeAs(l, targets)
}

// analyzeAs walks a layer and analyzes the files that are keys of targets as if they had the names of its values.
func (c *collector) analyzeAs(l image.Layer, targets map[string][]*slot) error {
	_, err := l.Walk(c.ctx, c.limits.image(), func(e *image.Entry) error {
		slots := targets[e.Path]
		if e.Kind != image.File || len(slots) == 0 {
			return nil
		}
		delete(targets, e.Path)
		return c.file(slots, e)
	})
	for target, slots := range targets {
		for _, s := range slots {
			for k := range s.asked {
				s.fail(k, Unsupported, fmt.Sprintf("a hard link to %s, which is no regular file", target))
			}
		}
	}
	return err
}

// finish does the waiting jobs, and waits for all tasks.
func (c *collector) finish() error {
	for _, w := range c.waiting {
		w.file.siblings = make(map[string]*File)
		for _, name := range c.analyzers[w.slot.asked[w.k]].info.With {
			if sibling, ok := c.held[besides(w.file.Path, name)]; ok {
				w.file.siblings[name] = sibling
			}
		}
		c.task(w.job, w.file, func() {})
	}
	c.tasks.Wait()
	return c.ctx.Err()
}

// besides returns the path of a file in the same directory as p.
func besides(p, name string) string { return p[:strings.LastIndexByte(p, '/')+1] + name }

// data returns what was collected, in canonical order.
func (c *collector) data(stats image.Stats) *layerData {
	d := &layerData{
		Entries: stats.Entries, Bytes: stats.Bytes, Delta: c.rec.finish(),
		Problems: capProblems(c.problems), Results: make(map[string][]fileResult),
	}
	for _, i := range c.asked {
		d.Results[c.analyzers[i].key] = nil
	}
	for _, s := range c.slots {
		if c.replaced(s) {
			continue
		}
		for k, i := range s.asked {
			result := &s.results[k]
			result.Path = s.path
			result.Problems = capProblems(result.Problems)
			if !result.empty() {
				key := c.analyzers[i].key
				d.Results[key] = append(d.Results[key], *result)
			}
		}
	}
	for _, list := range d.Results {
		slices.SortFunc(list, func(a, b fileResult) int { return strings.Compare(a.Path, b.Path) })
	}
	return d
}
