package scan

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/pattern"
	"github.com/hullmark/hullmark/analyzer/internal/stream"
)

// A run is one call of Scan or ScanFS.
type run struct {
	analyzers []bound
	limits    Limits
	parallel  int
	cache     Cache
	unchecked bool // see walk.Options
	lazy      bool
	report    reporter
	wanted    *pattern.Index // patterns of all analyzers that look at files
	described *pattern.Index // patterns of all analyzers that look at entries; or nil
	digested  *pattern.Index // patterns of all analyzers that want digests; or nil
	layerless bool           // a file system is scanned
	counts    *counts        // see Scanner; may be nil
	listing   bool           // some analyzers want a list of all entries
	listed    string         // identifies these analyzers, since each decides about the digests in the list
	config    *file          // with the answers about the image's configuration; or nil
	keeper
}

// A bound is an analyzer of a run.
type bound struct {
	analyzer.Analyzer
	info    analyzer.Info
	maxSize int64
	anyName bool          // it wants files of any name by their first bytes
	lists   bool          // it wants the list of entries, and no file
	key     string        // identifies its answers in caches
	workers chan struct{} // a place for each of its calls, if it limits them
	missing *missing
	streams stream.Analyzer // the analyzer, if it looks at files as they stream by; or nil
	names   bool            // it needs the names of programs' functions
}

// start checks the Scanner and returns a run.
func (s Scanner) start() (*run, error) {
	r := &run{
		limits: s.Limits.withDefaults(), parallel: s.Parallel, cache: s.Cache,
		unchecked: s.Cache == nil && !s.Verify, lazy: s.Lazy, report: reporter{fn: s.Progress},
		wanted: new(pattern.Index), counts: s.counts,
	}
	if r.parallel <= 0 {
		r.parallel = runtime.GOMAXPROCS(0)
	}
	budget := s.Budget
	if budget == nil {
		// A quarter keeps all processors busy. A larger file waits until the scan holds no other.
		budget = &Budget{Memory: max(r.limits.Memory/4, 1), Parallel: r.parallel}
	}
	budget.start()
	r.keeper.start(budget, r.limits.Results)
	names := make(map[string]bool)
	for i, a := range s.Analyzers {
		if a == nil {
			return nil, fmt.Errorf("scan: analyzer %d is nil", i)
		}
		info := a.Info()
		if err := info.Validate(); err != nil {
			return nil, err
		}
		if names[info.Name] {
			return nil, fmt.Errorf("scan: two analyzers are named %q", info.Name)
		}
		names[info.Name] = true
		r.listing = r.listing || info.List
		index := r.wanted
		switch {
		case info.List && !info.Entries:
			if r.digested == nil {
				r.digested = new(pattern.Index)
			}
			if index = r.digested; len(info.Digests) == 0 {
				index = new(pattern.Index) // for its errors
			}
		case info.Entries:
			if r.described == nil {
				r.described = new(pattern.Index)
			}
			index = r.described
		}
		if err := pattern.Compile(i, info.Patterns, nil, index, nil); err != nil {
			return nil, fmt.Errorf("scan: %s: %w", info.Name, err)
		}
		r.analyzers = append(r.analyzers, r.bind(a, info))
	}
	r.listed = r.listKey()
	return r, nil
}

// listKey returns the key of the analyzers that want a list of all entries, or "".
func (r *run) listKey() string {
	var keys []string
	for i := range r.analyzers {
		if r.analyzers[i].info.List {
			keys = append(keys, r.analyzers[i].key)
		}
	}
	if keys == nil {
		return ""
	}
	slices.Sort(keys)
	h := sha256.Sum256([]byte(strings.Join(keys, " ")))
	return hex.EncodeToString(h[:])
}

func (r *run) bind(a analyzer.Analyzer, info analyzer.Info) bound {
	b := bound{Analyzer: a, info: info, maxSize: r.limits.FileSize, missing: new(missing)}
	b.lists = info.List && !info.Entries
	b.streams, _ = a.(stream.Analyzer)
	_, b.names = a.(stream.NameReader)
	b.anyName = len(info.Magic) > 0 && slices.Contains(info.Patterns, "**")
	if info.Concurrent > 0 {
		b.workers = make(chan struct{}, info.Concurrent)
	}
	if info.MaxSize > 0 {
		b.maxSize = min(info.MaxSize, r.limits.FileSize)
	}
	h := sha256.New()
	fmt.Fprintf(h, "%q %d %q %q %q %q %q %q %v %v %q %v %v %q %q %d %d %d %d", info.Name, info.Version, info.Build, info.Data, info.Patterns, info.Magic, info.Contains, info.Early, info.DataOnly,
		info.Entries, info.Siblings, info.ContentOnly, info.List, info.Digests, info.DigestsIf, b.maxSize, r.limits.Memory, r.limits.Inflated, r.limits.Passes)
	b.key = hex.EncodeToString(h.Sum(nil))
	return b
}
