package scan

import (
	"context"
	"fmt"
	"slices"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/walk"
)

// followHardLinks finds the content of wanted files that are hard links. An analyzer that looks at content only has its answer
// already if it saw the file under its other name. For other analyzers followHardLinks reads the layer once more, because the
// content passed before the scan knew that it is wanted.
func (c *collector) followHardLinks(l walk.Layer, lazily bool) error {
	targets := make(map[string][]*slot)
	names := slices.Clone(c.rec.Names)
	slices.Sort(names)
	c.tasks.Wait()
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
		again := &slot{path: s.path, made: s.made}
		for k, i := range s.asked {
			switch {
			case !has(names, hashPath(target)):
				s.results[k] = &fileResult{Link: target}
			case c.seen(target, i, &s.results[k]):
			case c.limits.Passes < 2:
				s.fail(k, analyzer.Unsupported, fmt.Sprintf("a hard link to %s, which needs a second pass over the layer", target))
			default:
				again.asked = append(again.asked, i)
			}
		}
		if len(again.asked) > 0 {
			again.results = make([]*fileResult, len(again.asked))
			c.again = append(c.again, again)
			targets[target] = append(targets[target], again)
		}
	}
	if len(targets) == 0 {
		return nil
	}
	return c.analyzeAs(l, lazily, targets)
}

// seen copies the answer for the target of a link, if the analyzer looks at content only and saw the target.
func (c *collector) seen(target string, analyzer int, to **fileResult) bool {
	s := c.slots[target]
	if s == nil || s.link != "" || !c.analyzers[analyzer].info.ContentOnly {
		return false
	}
	k := slices.Index(s.asked, analyzer)
	if k < 0 {
		return false
	}
	if s.results[k] != nil {
		again := *s.results[k]
		*to = &again
	}
	return true
}

// analyzeAs walks a layer and analyzes the files in targets under the names of their slots.
func (c *collector) analyzeAs(l walk.Layer, lazily bool, targets map[string][]*slot) error {
	wanted := func(p string) bool { return targets[p] != nil }
	_, _, err := c.walk(l, lazily, wanted, func(e *walk.Entry) error {
		slots := targets[e.Path]
		if e.Kind != walk.File || len(slots) == 0 {
			return nil
		}
		delete(targets, e.Path)
		return c.file(slots, e)
	})
	for target, slots := range targets {
		for _, s := range slots {
			for k := range s.asked {
				s.fail(k, analyzer.Unsupported, fmt.Sprintf("a hard link to %s, which is not a regular file", target))
			}
		}
	}
	return err
}

// linkLayers finds the content of wanted files that are hard links to files of lower layers. A cache does not keep their results,
// which depend on several layers.
func (r *run) linkLayers(ctx context.Context, layers []walk.Layer, data []*layerData) error {
	for i := range data {
		var c *collector
		targets := make(map[int]map[string][]*slot) // by the layer that has the content
		for k := range r.analyzers {
			a := &r.analyzers[k]
			for n := range data[i].Results[a.key] {
				result := &data[i].Results[a.key][n]
				if result.Link == "" {
					continue
				}
				below := i - 1
				for below >= 0 && !has(data[below].Delta.Names, hashPath(result.Link)) {
					below--
				}
				if below < 0 || r.limits.Passes < 2 {
					continue // the merge reports it
				}
				if c == nil {
					var err error
					if c, err = r.newCollector(ctx, nil); err != nil {
						return err
					}
					data[i] = data[i].clone() // another layer, or a cache, may share it
					result = &data[i].Results[a.key][n]
				}
				s := &slot{path: result.Path, asked: []int{k}, results: make([]*fileResult, 1)}
				c.slots[fmt.Sprint(k, result.Path)] = s
				if targets[below] == nil {
					targets[below] = make(map[string][]*slot)
				}
				targets[below][result.Link] = append(targets[below][result.Link], s)
			}
		}
		if c == nil {
			continue
		}
		for below, slots := range targets {
			release, err := r.budget.place(ctx)
			if err != nil {
				return err
			}
			err = c.analyzeAs(layers[below], r.lazy, slots)
			c.tasks.Wait()
			release()
			if err != nil {
				return err
			}
		}
		if err := c.finish(); err != nil {
			return err
		}
		for _, s := range c.slots {
			list := data[i].Results[r.analyzers[s.asked[0]].key]
			for n := range list {
				if list[n].Path != s.path {
					continue
				}
				list[n] = fileResult{Path: s.path}
				if s.results[0] != nil {
					list[n] = *s.results[0]
					list[n].Path = s.path
				}
			}
		}
	}
	return nil
}
