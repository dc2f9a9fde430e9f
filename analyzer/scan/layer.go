package scan

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/image"
	"github.com/hullmark/hullmark/analyzer/internal/pattern"
)

// layerData is all that is kept of a layer: what it deletes and replaces, and what analyzers found in it.
type layerData struct {
	Entries, Bytes int64
	Delta          delta
	Problems       []analyzer.FileDiagnostic // with entries, in the order of the layer
	Results        map[string][]fileResult   // by analyzerKey, sorted by path; files of which there is nothing to say have none

	missing map[string]bool // by analyzerKey: what there is of its Results is not all
}

// A fileResult is what one analyzer found in one file.
type fileResult struct {
	Path string
	analyzer.Result

	// Link, where not empty, is a path of a lower layer to which the file is a hard link: its content is there.
	Link string

	missing bool // the analyzer was not available
}

func (r *fileResult) empty() bool {
	return len(r.Packages) == 0 && len(r.Fragments) == 0 && len(r.Findings) == 0 && r.Distro == nil && len(r.Fact) == 0 && len(r.Diagnostics) == 0 && r.Link == "" && !r.missing
}

// A collector reads one layer, or one file system, for the analyzers that are still to be asked.
type collector struct {
	*run
	ctx      context.Context
	asked    []int // indices into run.analyzers, ascending
	wanted   *pattern.Index
	siblings *pattern.Index // files that analyzers want beside a wanted one; nil where no analyzer does

	rec      *recorder
	problems []analyzer.FileDiagnostic
	slots    map[string]*slot    // wanted files, by path
	again    []*slot             // wanted files whose content was found in a second pass
	above    map[string]int      // the directories above them, and when an entry last replaced them by something else
	clock    int                 // counts entries
	held     map[string]heldFile // files that are read together, by path
	heldSize int64
	waiting  []waiting
	found    []int

	tasks    sync.WaitGroup
	packages atomic.Int64 // found, as Limits.Packages counts them
}

// few reports an error if more was found than is allowed.
func (c *collector) few() error {
	if c.packages.Load() > c.limits.Packages {
		return &image.LimitError{What: "packages, fragments and findings", Limit: c.limits.Packages}
	}
	return nil
}

// A slot holds the results of one wanted path. A later entry of the same name gets a new slot.
type slot struct {
	path    string
	made    int           // the collector's clock
	link    string        // target, of a hard link
	asked   []int         // analyzers that want it
	results []*fileResult // parallel to asked, each written by one task; nil where there is nothing to say
}

// newCollector prepares to read something for some of the analyzers.
func (r *run) newCollector(ctx context.Context, asked []int) (*collector, error) {
	c := &collector{
		run: r, ctx: ctx, asked: asked, wanted: new(pattern.Index),
		slots: make(map[string]*slot), above: make(map[string]int), held: make(map[string]heldFile),
	}
	c.rec = newRecorder(func(dir string) { delete(c.slots, dir) })
	for _, i := range asked {
		info := &r.analyzers[i].info
		if c.siblings == nil && len(info.With) > 0 {
			c.siblings = new(pattern.Index)
		}
		if err := pattern.Compile(i, info.Patterns, info.With, c.wanted, c.siblings); err != nil {
			return nil, fmt.Errorf("scan: %s: %w", info.Name, err)
		}
	}
	return c, nil
}

// readLayer reads a layer for some of the analyzers, lazily if that is wished and possible.
func (r *run) readLayer(ctx context.Context, l image.Layer, asked []int, lazily bool) (*layerData, bool, error) {
	c, err := r.newCollector(ctx, asked)
	if err != nil {
		return nil, false, err
	}
	defer c.tasks.Wait()
	stats, lazily, err := c.walk(l, lazily, func(p string) bool { return c.wants(p) || c.isSibling(p) }, c.entry)
	if err != nil {
		return nil, false, err
	}
	if err := c.followHardLinks(l, lazily); err != nil {
		return nil, false, err
	}
	if err := c.finish(); err != nil {
		return nil, false, err
	}
	if err := c.few(); err != nil {
		return nil, false, fmt.Errorf("layer %d: %w", l.Index, err)
	}
	return c.data(stats), lazily, nil
}

// walk calls fn for the entries of a layer. Where it is read lazily, files that are not wanted have no content to speak of.
func (c *collector) walk(l image.Layer, lazily bool, wanted func(string) bool, fn func(*image.Entry) error) (image.Stats, bool, error) {
	l.Unchecked, l.Finish = c.unchecked, c.tasks.Wait
	if lazily {
		stats, err := l.WalkTable(c.ctx, c.limits.image(), wanted, fn)
		if !errors.Is(err, image.ErrNoTable) {
			return stats, true, err
		}
	}
	stats, err := l.Walk(c.ctx, c.limits.image(), fn)
	return stats, false, err
}

// entry takes one entry of the layer.
func (c *collector) entry(e *image.Entry) error {
	if err := c.few(); err != nil {
		return err
	}
	c.clock++
	switch e.Kind {
	case image.Refused:
		c.problem(analyzer.Refused, e.Path, e.Reason)
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

func (c *collector) problem(code analyzer.DiagnosticCode, path, message string) {
	c.problems = append(c.problems, entryProblem(code, path, message))
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

// data returns what was collected, in canonical order.
func (c *collector) data(stats image.Stats) *layerData {
	d := &layerData{
		Entries: stats.Entries, Bytes: stats.Bytes, Delta: c.rec.finish(),
		Problems: capEntryProblems(c.problems), Results: make(map[string][]fileResult),
	}
	for _, i := range c.asked {
		d.Results[c.analyzers[i].key] = nil
	}
	slots := slices.AppendSeq(c.again, maps.Values(c.slots))
	slots = slices.DeleteFunc(slots, c.replaced)
	many := make([]int, len(c.analyzers))
	for _, s := range slots {
		for k, i := range s.asked {
			if s.results[k] != nil {
				many[i]++
			}
		}
	}
	for _, i := range c.asked {
		if many[i] > 0 {
			d.Results[c.analyzers[i].key] = make([]fileResult, 0, many[i])
		}
	}
	paths := make(sharedPaths)
	for _, s := range slots {
		for k, i := range s.asked {
			if result := s.results[k]; result != nil {
				result.Path = s.path
				for n := range result.Fragments { // once, not in every scan that finds them in a cache
					f := &result.Fragments[n]
					f.Files = sortedFiles(f.Files)
					paths.share(f)
				}
				if result.missing {
					d.miss(c.analyzers[i].key)
				}
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

// sharedPaths are the longest lists of files of packages, by what the packages are.
type sharedPaths map[identity][]string

// share makes the paths of f that another fragment about the same package has as well the same in memory: what a package
// owns is often listed in several files, and these lists are most of what a scan of a distribution keeps.
func (s sharedPaths) share(f *analyzer.Package) {
	if len(f.Files) == 0 {
		return
	}
	from, to, id := s[identityOf(f)], f.Files, identityOf(f)
	if len(from) < len(to) {
		s[id] = to
		from, to = to, from
	}
	i := 0
	for k, p := range to {
		for i < len(from) && from[i] < p {
			i++
		}
		if i < len(from) && from[i] == p {
			to[k] = from[i]
		}
	}
}

// miss notes that an analyzer was not available for a file.
func (d *layerData) miss(key string) {
	if d.missing == nil {
		d.missing = make(map[string]bool)
	}
	d.missing[key] = true
}

// complete returns what a cache may keep: all but the answers of analyzers that were not available for every file.
func (d *layerData) complete() *layerData {
	if len(d.missing) == 0 {
		return d
	}
	c := d.clone()
	for key := range d.missing {
		delete(c.Results, key)
	}
	return c
}

// clone returns a copy whose results can be changed.
func (d *layerData) clone() *layerData {
	c := *d
	c.Results = make(map[string][]fileResult, len(d.Results))
	for key, list := range d.Results {
		c.Results[key] = slices.Clone(list)
	}
	return &c
}
