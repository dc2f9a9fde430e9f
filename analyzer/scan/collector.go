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
	ctx          context.Context
	share        *layerShare
	progress     func(read int64) // see walk.Options
	asked        []int            // indices into run.analyzers, ascending
	wanted       *pattern.Index
	described    *pattern.Index  // patterns of those that look at entries; or nil
	digested     *pattern.Index  // patterns of those that want digests; or nil
	evidence     *pattern.Index  // that their digests matter; or nil
	listing      bool            // some want a list of all entries
	siblings     *pattern.Index  // files that analyzers want beside a wanted one; nil if no analyzer does
	siblingNames map[string]bool // such files of a second pass

	journal    journalWriter
	attributes attributeWriter
	counted    int64 // bytes of the journal and the attributes that run.names has
	entries    int   // in the journal
	opaque     bool  // some of them are opaque
	problems   entryProblems
	held       map[string]heldFile            // files that are analyzed together, by path
	lost       map[string]analyzer.Diagnostic // siblings that were not read
	heldSize   int64                          // without the one file that is larger than Limits allow for all
	heldLarge  bool                           // there is such a file
	heldAll    int64
	waiting    []waiting
	named      map[named]int
	found      []int // reused
	again      bool  // this is a second pass, for needs
	lazily     bool  // see Scanner.Lazy
	searching  searching
	hashing    hashing
	why        string // see count

	tasks    sync.WaitGroup
	packages atomic.Int64 // counts what Limits.Packages limits
	size     atomic.Int64 // bytes of results
	added    atomic.Int64 // bytes of results that keep does not know yet
	mu       sync.Mutex
	results  map[int][]fileResult // by analyzer, without empty ones
}

// checkPackages returns an error if analyzers found more than Limits.Packages.
func (c *collector) checkPackages() error {
	if c.packages.Load() > c.limits.Packages {
		return &analyzer.LimitError{What: countedResults, Limit: c.limits.Packages}
	}
	return nil
}

// countedResults names what Limits.Packages limits.
const countedResults = "packages, fragments, findings and records"

// newCollector prepares to read a layer or a file system for some of the analyzers.
func (r *run) newCollector(ctx context.Context, s *layerShare, asked []int) (*collector, error) {
	c := &collector{
		run: r, ctx: ctx, share: s, asked: asked, wanted: new(pattern.Index),
		held: make(map[string]heldFile), named: make(map[named]int), results: make(map[int][]fileResult),
	}
	for _, i := range asked {
		info := &r.analyzers[i].info
		c.listing = c.listing || info.List
		if len(info.Digests) > 0 {
			if c.digested == nil {
				c.digested = new(pattern.Index)
			}
			if err := pattern.Compile(i, info.Patterns, nil, c.digested, nil); err != nil {
				return nil, fmt.Errorf("scan: %s: %w", info.Name, err)
			}
			if len(info.DigestsIf) > 0 && c.evidence == nil {
				c.evidence = new(pattern.Index)
			}
			if err := pattern.Compile(i, info.DigestsIf, nil, c.evidence, nil); err != nil {
				return nil, fmt.Errorf("scan: %s: %w", info.Name, err)
			}
		}
		if info.List && !info.Entries {
			continue
		}
		if c.siblings == nil && len(info.Siblings) > 0 {
			c.siblings = new(pattern.Index)
		}
		index := c.wanted
		if info.Entries {
			if c.described == nil {
				c.described = new(pattern.Index)
			}
			index = c.described
		}
		if err := pattern.Compile(i, info.Patterns, info.Siblings, index, c.siblings); err != nil {
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
	if (c.described != nil || c.listing) && e.LargeXattrs() {
		c.problem(analyzer.TooLarge, e.Path, fmt.Sprintf("extended attributes of more than %d bytes, of which only file capabilities are read", walk.MaxXattrs))
	}
	switch e.Kind {
	case walk.Refused:
		c.problem(analyzer.Refused, e.Path, e.Reason)
	case walk.Dir:
		c.journal.directory(e.Path)
		c.entries++
		c.describe(e)
		c.list(e)
	case walk.Symlink:
		c.record(kindSymlink, e.Path, e.Target)
		c.describe(e)
		c.list(e)
	case walk.Hardlink:
		c.record(kindHardlink, e.Path, e.Target)
		c.describe(e)
		c.list(e)
	case walk.Special:
		c.record(kindOther, e.Path, "")
		c.describe(e)
		c.list(e)
	case walk.Whiteout:
		c.record(kindWhiteout, e.Path, "")
		c.list(e)
	case walk.Opaque:
		c.record(kindOpaque, e.Path+"/", "")
		c.list(e)
		c.opaque = true
	case walk.File:
		c.record(kindFile, e.Path, "")
		c.describe(e)
		if err := c.checkKept(); err != nil {
			return err
		}
		return c.listFile(e, c.regularFile)
	}
	return c.checkKept()
}

// regularFile handles the content of a file.
func (c *collector) regularFile(e *walk.Entry) error {
	defer c.count(e, skippedName)()
	if !c.wants(e) {
		return c.sibling(e)
	}
	return c.matched(e)
}

// matched handles a file that matches patterns of the analyzers in found.
func (c *collector) matched(e *walk.Entry) error {
	if err := c.begins(e); err != nil {
		return err
	}
	if len(c.found) == 0 {
		c.why = skippedMagic
		return c.sibling(e)
	}
	return c.file(c.jobs(e.Path), e)
}

// record records an entry in the journal.
func (c *collector) record(kind entryKind, p, target string) {
	c.journal.add(kind, p, target)
	c.entries++
}

// journaled reports whether entries of a kind have a number in the journal.
func journaled(k walk.Kind) bool { return k != walk.Refused }

// keepStep is the number of bytes that a layer keeps uncounted.
const keepStep = 256 << 10

// checkKept counts the bytes that the layer keeps. It waits if the scan's Budget lets another scan keep much.
func (c *collector) checkKept() error {
	if c.journal.size+c.attributes.size-c.counted+c.added.Load() > keepStep || c.checkLimit() != nil {
		return c.countKept()
	}
	return nil
}

func (c *collector) countKept() error {
	names := c.journal.size + c.attributes.size - c.counted
	c.counted += names
	return c.keep(c.ctx, &c.limits, names, c.added.Swap(0))
}

// keepResults is checkKept for tasks.
func (c *collector) keepResults() error {
	if c.added.Load() > keepStep {
		return c.keep(c.ctx, &c.limits, 0, c.added.Swap(0))
	}
	return nil
}

func (c *collector) problem(code analyzer.DiagnosticCode, path, message string) {
	c.problems.add(code, path, message)
}

// wants finds the analyzers whose patterns match a file, and reports whether there are any.
func (c *collector) wants(e *walk.Entry) bool {
	c.found = c.wanted.Find(e.Path, c.found[:0])
	if c.lazily && !mayBeProgram(e) {
		c.found = slices.DeleteFunc(c.found, func(i int) bool { return c.analyzers[i].anyName })
	}
	c.found = slices.DeleteFunc(c.found, func(i int) bool {
		s := c.analyzers[i].streams
		return s != nil && !s.Wants(e.Path)
	})
	return len(c.found) > 0
}

// jobs returns the jobs of the last entry, for the analyzers in found.
func (c *collector) jobs(p string) []job {
	list := make([]job, len(c.found))
	for k, i := range c.found {
		list[k] = job{entry: c.entries - 1, analyzer: i, path: p}
	}
	return list
}

// add keeps the answer of a job.
func (c *collector) add(j job, result fileResult) {
	result.Entry, result.Name = j.entry, j.as
	size := sizeOf(&result.Result)
	c.added.Add(size)
	c.size.Add(size)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.results[j.analyzer] = append(c.results[j.analyzer], result)
}

// fail keeps the reason why a job has no answer.
func (c *collector) fail(j job, code analyzer.DiagnosticCode, message string) {
	var result fileResult
	result.diagnose(code, message)
	c.add(j, result)
}
