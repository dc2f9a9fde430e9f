package scan

import (
	"context"
	"errors"
	"fmt"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sync/errgroup"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/walk"
)

// readLayers returns the results for all layers. It reads several layers at once, and each of several equal layers once.
func (r *run) readLayers(ctx context.Context, layers []walk.Layer) ([]*layerData, error) {
	order := slices.Clone(layers)
	slices.SortStableFunc(order, func(a, b walk.Layer) int { // in the order of storage: an archive may be a single stream
		x, _ := a.Extent()
		y, _ := b.Extent()
		return int(min(max(x-y, -1), 1))
	})
	data := make([]*layerData, len(layers))
	first := make(map[v1.Hash]int)
	group, reading := errgroup.WithContext(ctx)
	group.SetLimit(r.parallel)
	for _, l := range order {
		if _, ok := first[l.Checked()]; ok {
			continue
		}
		first[l.Checked()] = l.Index
		group.Go(func() (err error) {
			data[l.Index], err = r.layer(reading, l, len(layers))
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for _, l := range layers {
		data[l.Index] = data[first[l.Checked()]]
	}
	return data, nil
}

// layer returns the results for one layer. It reads the layer only if the cache lacks answers.
func (r *run) layer(ctx context.Context, l walk.Layer, layers int) (*layerData, error) {
	s := &layerShare{large: &r.largeScan}
	defer s.end()
	_, size := l.Extent()
	event := Event{Layer: l.Index, Layers: layers, DiffID: l.DiffID.String(), Size: size}
	key := r.cacheKey(l)
	cached, asked := r.load(ctx, s, key, event)
	known := func() bool { return cached != nil && len(asked) == 0 }
	lazily := !known() && r.lazy && l.Table() != v1.Hash{}
	if lazily {
		key = r.tableKey(l)
		cached, asked = r.load(ctx, s, key, event)
	}
	if c, ok := r.cache.(Claimer); ok && !known() {
		release, err := r.claim(ctx, c, key)
		if err != nil {
			return nil, err
		}
		defer release()
		cached, asked = r.load(ctx, s, key, event) // another scan may have read it in the meantime
	}
	if known() {
		event.Done, event.Cached = true, true
		r.report.send(event)
		cached.key, cached.lazily = key, lazily
		names := cached.Journal.size()
		if r.listing {
			names += cached.Attributes.size() // of another scan otherwise: the limits must not depend on the cache
		}
		if err := r.keep(ctx, &r.limits, names, cached.size); err != nil {
			return nil, fmt.Errorf("layer %d: %w", l.Index, err)
		}
		return cached, nil
	}
	r.report.send(event)
	progress := func(read int64) {
		event := event
		event.Bytes = read
		r.report.send(event)
	}
	release, err := r.place(ctx)
	if err != nil {
		return nil, err
	}
	data, lazily, err := r.readLayer(ctx, s, l, asked, lazily, progress)
	release()
	var absent *walk.AbsentError
	if errors.As(err, &absent) { // the others are worth reading; no cache keeps this answer
		event.Done = true
		r.report.send(event)
		return absentLayer(absent), nil
	}
	if err != nil {
		return nil, err
	}
	if !lazily {
		key = r.cacheKey(l)
	}
	if cached != nil {
		if err := r.keep(ctx, &r.limits, 0, cached.size); err != nil {
			return nil, fmt.Errorf("layer %d: %w", l.Index, err)
		}
		if data.Listed == "" {
			data.Attributes, data.Listed = cached.Attributes, cached.Listed
		}
		for key, results := range cached.Results {
			if _, ok := data.Results[key]; !ok {
				data.Results[key] = results
			}
		}
	}
	data.key, data.lazily = key, lazily
	r.save(ctx, key, event, data)
	event.Done = true
	r.report.send(event)
	return data, nil
}

// absentLayer returns the results for a layer that the image stores elsewhere: a diagnostic.
func absentLayer(err error) *layerData {
	return &layerData{Problems: []analyzer.FileDiagnostic{entryProblem(analyzer.MissingLayer, "", err.Error())}}
}

// claim claims a key of the cache. The large scan does not wait for it.
func (r *run) claim(ctx context.Context, c Claimer, key string) (release func(), err error) {
	waiting, cancel := r.untilLarge(ctx)
	defer cancel()
	if release, err = c.Claim(waiting, key); err != nil && ctx.Err() == nil && waiting.Err() != nil {
		return func() {}, nil
	}
	return release, err
}

// readLayer reads a layer for some of the analyzers, lazily if possible and asked for. It reports whether it read lazily.
func (r *run) readLayer(ctx context.Context, s *layerShare, l walk.Layer, asked []int, lazily bool, progress func(int64)) (*layerData, bool, error) {
	c, err := r.newCollector(ctx, s, asked)
	if err != nil {
		return nil, false, err
	}
	c.progress = progress
	defer c.tasks.Wait()
	stats, lazily, err := c.walk(l, lazily, func(e *walk.Entry) bool { return c.wants(e) || c.isSibling(e.Path) }, c.entry)
	if err != nil {
		return nil, false, err
	}
	if err := c.finish(); err != nil {
		return nil, false, err
	}
	if err := c.checkPackages(); err != nil {
		return nil, false, fmt.Errorf("layer %d: %w", l.Index, err)
	}
	return c.data(stats), lazily, nil
}

// walk calls fn for the entries of a layer and reports whether it read lazily. Then only wanted files have usable content.
func (c *collector) walk(l walk.Layer, lazily bool, wanted func(*walk.Entry) bool, fn func(*walk.Entry) error) (walk.Stats, bool, error) {
	window, release := windows(c.ctx, c.share)
	defer release()
	o := walk.Options{Limits: c.limits.walk(), Unchecked: c.unchecked, Finish: c.tasks.Wait, Window: window, Progress: c.progress}
	if lazily {
		c.lazily = true
		stats, err := l.WalkTable(c.ctx, o, wanted, fn)
		if !errors.Is(err, walk.ErrNoTable) {
			return stats, true, err
		}
	}
	c.lazily = false
	stats, err := l.Walk(c.ctx, o, fn)
	return stats, false, err
}
