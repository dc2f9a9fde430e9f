package analyzer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/gob"
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

// load returns what the cache has of a layer, or nil.
func (r *run) load(ctx context.Context, l image.Layer, e Event) *layerData {
	if r.cache == nil {
		return nil
	}
	value, err := r.cache.Get(ctx, r.cacheKey(l))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var d *layerData
	if err == nil {
		d, err = decodeLayer(value)
	}
	if err != nil {
		e.Kind, e.Err = CacheFailed, err
		r.report.send(e)
		return nil
	}
	return d
}

// save keeps what is known of a layer. A layer that was read only in part never gets here.
func (r *run) save(ctx context.Context, l image.Layer, e Event, d *layerData) {
	if r.cache == nil || ctx.Err() != nil {
		return
	}
	value, err := encodeLayer(d)
	if err == nil {
		err = r.cache.Put(ctx, r.cacheKey(l), value)
	}
	if err != nil {
		e.Kind, e.Err = CacheFailed, err
		r.report.send(e)
	}
}

// encodeLayer returns the form in which a cache keeps a layer: a SHA-256 of what follows it, which is a gob.
func encodeLayer(d *layerData) ([]byte, error) {
	var b bytes.Buffer
	b.Write(make([]byte, sha256.Size))
	if err := gob.NewEncoder(&b).Encode(d); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(b.Bytes()[sha256.Size:])
	copy(b.Bytes(), sum[:])
	return b.Bytes(), nil
}

func decodeLayer(value []byte) (*layerData, error) {
	if len(value) < sha256.Size || sha256.Sum256(value[sha256.Size:]) != [sha256.Size]byte(value[:sha256.Size]) {
		return nil, errors.New("damaged cache entry")
	}
	d := new(layerData)
	if err := gob.NewDecoder(bytes.NewReader(value[sha256.Size:])).Decode(d); err != nil {
		return nil, fmt.Errorf("cache entry: %w", err)
	}
	return d, nil
}
