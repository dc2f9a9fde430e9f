package scan

import "sync"

// An Event reports the progress of a scan.
type Event struct {
	Kind   EventKind
	Layer  int    // index of the layer
	Layers int    // number of layers of the image
	DiffID string // of the layer
	Bytes  int64  // stored bytes of the layer that were read so far
	Size   int64  // stored bytes of the layer, -1 if their number is unknown
	Err    error  // of CacheFailed
}

// An EventKind is the kind of an Event.
type EventKind uint8

const (
	LayerStarted EventKind = iota // the scan opens a layer
	LayerRead                     // the scan read more of the layer
	LayerDone                     // the scan read and analyzed the layer
	LayerCached                   // the cache has the results for the layer
	CacheFailed                   // reading or writing the cache failed; the scan continues without it
)

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
