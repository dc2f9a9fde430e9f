package analyzer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"

	"github.com/hullmark/hullmark/analyzer/image"
)

// cacheFormat is raised whenever layerData, or what the engine itself puts into it, changes.
const cacheFormat = 2

// cacheKey names what a cache keeps of a layer: by the hash that was checked when the layer was read, or a lying image
// could put its own words into the mouth of another.
func (r *run) cacheKey(l image.Layer) string {
	h := sha256.Sum256(fmt.Appendf(nil, "hullmark layer %d %d %d %s", cacheFormat, r.limits.Path, r.limits.Depth, l.Checked()))
	return hex.EncodeToString(h[:])
}

// load returns what the cache has of a layer, or nil, and the analyzers whose answers it lacks.
func (r *run) load(ctx context.Context, l image.Layer, e Event) (cached *layerData, asked []int) {
	if r.cache != nil {
		value, err := r.cache.Get(ctx, r.cacheKey(l))
		if err == nil {
			cached, err = decodeLayer(value)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			e.Kind, e.Err = CacheFailed, err
			r.report.send(e)
		}
	}
	for i := range r.analyzers {
		if cached == nil || !cached.has(r.analyzers[i].key) {
			asked = append(asked, i)
		}
	}
	return cached, asked
}

func (d *layerData) has(key string) bool {
	_, ok := d.Results[key]
	return ok
}

// save keeps what is known of a layer. A layer that was read only in part never gets here.
func (r *run) save(ctx context.Context, l image.Layer, e Event, d *layerData) {
	if r.cache == nil || ctx.Err() != nil {
		return
	}
	if err := r.cache.Put(ctx, r.cacheKey(l), encodeLayer(d.complete())); err != nil {
		e.Kind, e.Err = CacheFailed, err
		r.report.send(e)
	}
}
