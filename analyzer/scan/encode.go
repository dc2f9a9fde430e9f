package scan

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/hullmark/hullmark/analyzer/image"
)

// cacheFormat is raised whenever layerData, or what the engine itself puts into it, changes.
const cacheFormat = 3

// cacheKey names what a cache keeps of a layer: by the hash that was checked when the layer was read, or a lying image
// could put its own words into the mouth of another.
func (r *run) cacheKey(l image.Layer) string { return r.keyOf("layer", l.Checked()) }

// tableKey names what a cache keeps of a layer of which nothing was checked but its table of contents, and files by that.
func (r *run) tableKey(l image.Layer) string { return r.keyOf("table", l.Table()) }

func (r *run) keyOf(kind string, checked v1.Hash) string {
	h := sha256.Sum256(fmt.Appendf(nil, "hullmark %s %d %d %d %s", kind, cacheFormat, r.limits.Path, r.limits.Depth, checked))
	return hex.EncodeToString(h[:])
}

// load returns what the cache has under a key, or nil, and the analyzers whose answers it lacks.
func (r *run) load(ctx context.Context, key string, e Event) (cached *layerData, asked []int) {
	if r.cache != nil {
		value, err := r.cache.Get(ctx, key)
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
func (r *run) save(ctx context.Context, key string, e Event, d *layerData) {
	if r.cache == nil || ctx.Err() != nil {
		return
	}
	if err := r.cache.Put(ctx, key, encodeLayer(d.complete())); err != nil {
		e.Kind, e.Err = CacheFailed, err
		r.report.send(e)
	}
}
