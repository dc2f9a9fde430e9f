package scan

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/hullmark/hullmark/analyzer/internal/walk"
)

// cacheFormat is the version of the form of cache entries. Raise it when layerData changes, or its values for the same layer.
const cacheFormat = 13

// cacheKey returns the key of a layer. It depends on the hash that the walk checks, so that an image with wrong hashes cannot
// poison the results for another image.
func (r *run) cacheKey(l walk.Layer) string { return r.keyOf("layer", l.Checked()) }

// tableKey returns the key of a layer that was read lazily: the scan checked only its table of contents and some files.
func (r *run) tableKey(l walk.Layer) string { return r.keyOf("table", l.Table()) }

func (r *run) keyOf(kind string, checked v1.Hash) string {
	h := sha256.Sum256(fmt.Appendf(nil, "hullmark %s %d %d %d %s", kind, cacheFormat, r.limits.Path, r.limits.Depth, checked))
	return hex.EncodeToString(h[:])
}

// load returns the value of a key in the cache, or nil, and the analyzers without an answer in it.
func (r *run) load(ctx context.Context, s *layerShare, key string, e Event) (cached *layerData, asked []int) {
	if r.cache != nil {
		value, err := r.value(ctx, s, key)
		if err == nil {
			if cached, err = decodeLayer(value); err == nil {
				cached.size = cached.resultsSize()
			}
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			e.Err = err
			r.report.send(e)
		}
	}
	for i := range r.analyzers {
		a := &r.analyzers[i]
		if cached == nil || !cached.has(a.key) || a.info.List && cached.Listed != r.listed {
			asked = append(asked, i)
		}
	}
	if slices.ContainsFunc(asked, func(i int) bool { return r.analyzers[i].info.List }) { // the attributes are those for all of them
		for i := range r.analyzers {
			if r.analyzers[i].info.List && !slices.Contains(asked, i) {
				asked = append(asked, i)
			}
		}
		slices.Sort(asked)
	}
	return cached, asked
}

// value returns the value of a key. It waits until the layer may hold a large one.
func (r *run) value(ctx context.Context, s *layerShare, key string) ([]byte, error) {
	if c, ok := r.cache.(*dirCache); ok && c.size(key) > freeKept {
		if err := s.grow(ctx); err != nil {
			return nil, err
		}
	}
	value, err := r.cache.Get(ctx, key)
	if err == nil && len(value) > freeKept {
		err = s.grow(ctx)
	}
	return value, err
}

func (d *layerData) has(key string) bool {
	_, ok := d.Results[key]
	return ok
}

// save stores the results for a layer that was read to its end. A file system has no key.
func (r *run) save(ctx context.Context, key string, e Event, d *layerData) {
	if r.cache == nil || key == "" || ctx.Err() != nil {
		return
	}
	var err error
	if n := d.Journal.size() + d.Attributes.size() + d.size; n > maxCacheEntry {
		err = fmt.Errorf("scan: cache: a layer has %d bytes of results, more than %d", n, int64(maxCacheEntry))
	} else {
		err = r.cache.Put(ctx, key, encodeLayer(d.complete()))
	}
	if err != nil {
		e.Err = err
		r.report.send(e)
	}
}
