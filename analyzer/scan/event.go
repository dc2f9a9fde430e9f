package scan

import "sync"

// An Event says how far a scan has come.
type Event struct {
	Kind   EventKind
	Layer  int    // index of the layer
	Layers int    // number of layers of the image
	DiffID string // of the layer
	Bytes  int64  // stored bytes of the layer that have been read
	Size   int64  // stored bytes of the layer, -1 where that is not known
	Err    error  // what a CacheFailed is about
}

// An EventKind is what an Event is about.
type EventKind uint8

const (
	LayerStarted EventKind = iota // the layer is being opened
	LayerRead                     // more of it has been read
	LayerDone                     // all of it has been read and analyzed
	LayerCached                   // it need not be read: the cache knows the answer
	CacheFailed                   // the cache could not be read or written; the scan goes on without
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
