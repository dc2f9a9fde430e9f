package scan

import "sync"

// An Event reports the progress of a layer, or that the cache failed. A scan sends the first event of a layer when it opens the
// layer, and the last one with Done.
type Event struct {
	Layer  int    // index of the layer
	Layers int    // number of layers of the image
	DiffID string // DiffID of the layer
	Bytes  int64  // stored bytes of the layer that were read so far
	Size   int64  // stored bytes of the layer, -1 if their number is unknown
	Again  bool   // this is the second pass over the layer; see Limits.Passes
	Done   bool   // the layer is read and analyzed
	Cached bool   // with Done: the cache had the results, so that the scan did not read the layer
	Err    error  // reading or writing the cache failed; the scan continues without it
}

// A reporter calls Scanner.Progress, one event at a time.
type reporter struct {
	mu sync.Mutex
	fn func(Event)
}

func (r *reporter) send(e Event) {
	if r.fn == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fn(e)
}
