package scan

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/pattern"
	"github.com/hullmark/hullmark/analyzer/internal/walk"
)

// A collector reads one layer, or one file system, for some of the analyzers.
type collector struct {
	*run
	ctx      context.Context
	progress func(read int64) // see walk.Options
	asked    []int            // indices into run.analyzers, ascending
	wanted   *pattern.Index
	siblings *pattern.Index // files that analyzers want beside a wanted one; nil if no analyzer does

	rec      *recorder
	problems []analyzer.FileDiagnostic
	slots    map[string]*slot    // wanted files, by path
	again    []*slot             // wanted files whose content was found in a second pass
	above    map[string]int      // directories above wanted files, and the time when an entry of another kind last replaced them
	clock    int                 // counts entries
	held     map[string]heldFile // files that are analyzed together, by path
	heldSize int64
	waiting  []waiting
	found    []int // reused

	tasks    sync.WaitGroup
	packages atomic.Int64 // counts what Limits.Packages limits
}

// checkPackages returns an error if analyzers found more than Limits.Packages.
func (c *collector) checkPackages() error {
	if c.packages.Load() > c.limits.Packages {
		return &analyzer.LimitError{What: "packages, fragments and findings", Limit: c.limits.Packages}
	}
	return nil
}

// A slot holds the results of one wanted path. A later entry of the same name gets a new slot.
type slot struct {
	path    string
	made    int           // time of the collector's clock
	link    string        // target of a hard link
	asked   []int         // analyzers that want the file
	results []*fileResult // parallel to asked, each written by one task; nil for an empty answer
}

// fail records why analyzer s.asked[k] has no answer for the file.
func (s *slot) fail(k int, code analyzer.DiagnosticCode, message string) {
	if s.results[k] == nil {
		s.results[k] = new(fileResult)
	}
	s.results[k].diagnose(code, message)
}

// newCollector prepares to read a layer or a file system for some of the analyzers.
func (r *run) newCollector(ctx context.Context, asked []int) (*collector, error) {
	c := &collector{
		run: r, ctx: ctx, asked: asked, wanted: new(pattern.Index),
		slots: make(map[string]*slot), above: make(map[string]int), held: make(map[string]heldFile),
	}
	c.rec = newRecorder(func(dir string) { delete(c.slots, dir) })
	for _, i := range asked {
		info := &r.analyzers[i].info
		if c.siblings == nil && len(info.Siblings) > 0 {
			c.siblings = new(pattern.Index)
		}
		if err := pattern.Compile(i, info.Patterns, info.Siblings, c.wanted, c.siblings); err != nil {
			return nil, fmt.Errorf("scan: %s: %w", info.Name, err)
		}
	}
	return c, nil
}

// entry handles one entry of the layer.
func (c *collector) entry(e *walk.Entry) error {
	if err := c.checkPackages(); err != nil {
		return err
	}
	c.clock++
	switch e.Kind {
	case walk.Refused:
		c.problem(analyzer.Refused, e.Path, e.Reason)
	case walk.Whiteout:
		c.rec.Whiteouts = append(c.rec.Whiteouts, e.Path)
	case walk.Opaque:
		c.rec.Opaques = append(c.rec.Opaques, e.Path)
	case walk.Dir:
		c.rec.dir(e.Path)
		delete(c.slots, e.Path)
	case walk.Symlink:
		c.replace(e.Path)
		c.rec.link(e.Path, e.Target)
	case walk.Special:
		c.replace(e.Path)
		c.rec.name(e.Path)
	case walk.Hardlink:
		c.replace(e.Path)
		c.rec.name(e.Path)
		if s := c.want(e.Path); s != nil {
			s.link = e.Target
		}
	case walk.File:
		c.replace(e.Path)
		c.rec.name(e.Path)
		if s := c.want(e.Path); s != nil {
			return c.file([]*slot{s}, e)
		}
		return c.sibling(e)
	}
	return nil
}

func (c *collector) problem(code analyzer.DiagnosticCode, path, message string) {
	c.problems = append(c.problems, entryProblem(code, path, message))
}

// replace forgets earlier entries of the layer at the path of a new one that is not a directory.
func (c *collector) replace(p string) {
	delete(c.slots, p)
	if _, ok := c.above[p]; ok {
		c.above[p] = c.clock
	}
}

// replaced reports whether a later entry of the layer replaced a directory above s.
func (c *collector) replaced(s *slot) bool {
	for d := dirOf(s.path); d != "."; d = dirOf(d) {
		if c.above[d] > s.made {
			return true
		}
	}
	return false
}

// wants reports whether any analyzer wants a path.
func (c *collector) wants(p string) bool {
	c.found = c.wanted.Find(p, c.found[:0])
	return len(c.found) > 0
}

// want makes a slot for a path, or returns nil if no analyzer wants it.
func (c *collector) want(p string) *slot {
	if !c.wants(p) {
		return nil
	}
	s := &slot{path: p, made: c.clock, asked: slices.Clone(c.found), results: make([]*fileResult, len(c.found))}
	c.slots[p] = s
	for d := dirOf(p); d != "."; d = dirOf(d) {
		if _, ok := c.above[d]; ok {
			break
		}
		c.above[d] = 0
	}
	return s
}
