package scan

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/walk"
	"github.com/hullmark/hullmark/internal/indirectsort"
)

// A contents reads the content of entries of a layer or a file system once more, and calls fn for those that the needs name.
type contents func(ctx context.Context, layer int, needs []need) (*collector, error)

// answerNeeds gives every file that has needs the missing answers. It reads a layer once, whatever the number of needs.
func (r *run) answerNeeds(ctx context.Context, data []*layerData, needs []need, read contents) (problems []analyzer.FileDiagnostic, err error) {
	byLayer := make(map[*layerData][]need) // several equal layers share one layerData
	for _, n := range needs {
		d := data[n.layer]
		byLayer[d] = append(byLayer[d], n)
	}
	group, reading := errgroup.WithContext(ctx)
	group.SetLimit(r.parallel)
	var mu sync.Mutex
	for d, needs := range byLayer {
		group.Go(func() error {
			c, err := r.answerLayerNeeds(reading, d, len(data), needs, read)
			if c != nil {
				mu.Lock()
				defer mu.Unlock()
				for _, p := range c.problems.all() {
					p.Layer = needs[0].layer
					problems = append(problems, p)
				}
			}
			return err
		})
	}
	return problems, group.Wait()
}

// answerLayerNeeds meets the needs of one layer with answers of the cache, and reads the layer for others. It returns the collector that read it.
func (r *run) answerLayerNeeds(ctx context.Context, d *layerData, layers int, needs []need, read contents) (*collector, error) {
	var open []need
	for _, n := range needs {
		if !n.answer(r, d) {
			open = append(open, n)
		}
	}
	if len(open) == 0 {
		return nil, nil
	}
	if r.limits.Passes < 2 {
		for _, n := range open {
			result := new(fileResult)
			result.diagnose(analyzer.Unsupported, fmt.Sprintf("its content is in the layer as %s, which needs a second pass over the layer", n.raw))
			n.file.results = append(n.file.results, answer{analyzer: n.analyzer, fileResult: result})
		}
		return nil, nil
	}
	indirectsort.Sort(open, func(a, b *need) int {
		return cmp.Or(cmp.Compare(a.entry, b.entry), cmp.Compare(a.analyzer, b.analyzer), strings.Compare(a.name, b.name))
	})
	c, err := read(ctx, open[0].layer, slices.CompactFunc(slices.Clone(open), need.equal))
	if err != nil {
		return nil, err
	}
	c.addTo(d)
	for _, n := range open {
		key := r.analyzers[n.analyzer].key
		if !n.answer(r, d) { // nothing found: the cache keeps that, too
			d.Results[key] = append(d.Results[key], fileResult{Entry: n.entry, Name: n.name})
			d.named[namedKey{n.entry, key, n.name}] = new(fileResult)
		}
	}
	r.save(ctx, d.key, Event{Layer: open[0].layer, Layers: layers}, d)
	return c, nil
}

// equal reports whether two needs have the same answer.
func (n need) equal(m need) bool {
	return n.entry == m.entry && n.analyzer == m.analyzer && n.name == m.name
}

// answer gives the file the answer that d has, and reports whether it has one.
func (n need) answer(r *run, d *layerData) bool {
	result, ok := d.answer(n.entry, r.analyzers[n.analyzer].key, n.name)
	if ok && !result.empty() {
		n.file.results = append(n.file.results, answer{analyzer: n.analyzer, fileResult: result})
	}
	return ok
}

// readAgain returns the contents of layers.
func (r *run) readAgain(layers []walk.Layer, data []*layerData) contents {
	return func(ctx context.Context, layer int, needs []need) (*collector, error) {
		s := &layerShare{large: &r.largeScan}
		defer s.end()
		c, jobs, err := r.againCollector(ctx, s, needs, r.hardLinks(&data[layer].Journal, needs))
		if err != nil {
			return nil, err
		}
		release, err := r.place(ctx)
		if err != nil {
			return nil, err
		}
		defer release()
		defer c.tasks.Wait()
		l := layers[layer]
		d := data[layer]
		_, size := l.Extent()
		event := Event{Layer: l.Index, Layers: len(layers), DiffID: l.DiffID.String(), Size: size, Again: true}
		r.report.send(event)
		c.progress = func(read int64) {
			event := event
			event.Bytes = read
			r.report.send(event)
		}
		raw := make(map[string]bool)
		for _, n := range needs {
			raw[n.raw] = true
		}
		wanted := func(e *walk.Entry) bool { return raw[e.Path] || c.siblingNames[e.Path] }
		entry := 0
		_, lazily, err := c.walk(l, d.lazily, wanted, func(e *walk.Entry) error {
			if !journaled(e.Kind) {
				return nil
			}
			entry++
			if e.Kind != walk.File {
				return nil
			}
			if list := jobs[entry-1]; list != nil {
				delete(jobs, entry-1)
				return c.fileAgain(list, e)
			}
			return c.sibling(e)
		})
		if err != nil {
			return nil, err
		}
		if lazily != d.lazily || len(jobs) > 0 {
			return nil, fmt.Errorf("layer %d: it has changed since it was read first", l.Index)
		}
		if err := c.finish(); err != nil {
			return nil, err
		}
		event.Done = true
		r.report.send(event)
		return c, nil
	}
}

// fileAgain reads a file for jobs of needs.
func (c *collector) fileAgain(jobs []job, e *walk.Entry) error {
	defer c.count(e, skippedAgain)()
	jobs, sums := c.cutSums(jobs)
	if len(sums) > 0 {
		return c.sumAgain(sums, e, func() error { return c.analyzeAgain(jobs, e) })
	}
	return c.analyzeAgain(jobs, e)
}

func (c *collector) analyzeAgain(jobs []job, e *walk.Entry) error {
	if len(jobs) == 0 {
		return nil
	}
	c.found = c.found[:0]
	for _, j := range jobs {
		c.found = append(c.found, j.analyzer)
	}
	if err := c.begins(e); err != nil {
		return err
	}
	return c.file(slices.DeleteFunc(jobs, func(j job) bool { return !slices.Contains(c.found, j.analyzer) }), e)
}

// againCollector returns a collector for needs, and the jobs by the number of their entry. links are hard links of the layer.
func (r *run) againCollector(ctx context.Context, s *layerShare, needs []need, links map[string]string) (*collector, map[int][]job, error) {
	c, err := r.newCollector(ctx, s, nil)
	if err != nil {
		return nil, nil, err
	}
	jobs := make(map[int][]job)
	c.again, c.siblingNames = true, make(map[string]bool)
	for _, n := range needs {
		siblings := r.analyzers[n.analyzer].info.Siblings
		j := job{entry: n.entry, analyzer: n.analyzer, path: n.raw, as: n.name, siblings: n.siblingNames(siblings, links)}
		jobs[n.entry] = append(jobs[n.entry], j)
		for _, s := range siblings {
			c.siblingNames[j.sibling(s)] = true
		}
	}
	return c, jobs, nil
}
