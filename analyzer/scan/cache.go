package scan

import (
	"context"
	"sync"
)

// A Cache keeps the results for layers, one value for each layer. Implementations must allow concurrent use. If a cache fails, the
// scan sends an Event and reads the layers instead; the report is the same.
type Cache interface {
	// Get returns the value of key, or an error that wraps fs.ErrNotExist. The value must not change afterwards: the report
	// refers to it.
	Get(ctx context.Context, key string) ([]byte, error)

	// Put stores a value. The cache may keep the slice, which does not change, and may drop the value at any time.
	Put(ctx context.Context, key string, value []byte) error
}

// A Claimer is a Cache that lets scans of one process share the work of reading layers. While one scan reads a layer, other scans
// that need it wait, and then find it in the cache.
type Claimer interface {
	Cache

	// Claim waits until no other caller holds key. The caller then holds it and must call release. Claim fails only if ctx
	// ends.
	Claim(ctx context.Context, key string) (release func(), err error)
}

// A claims holds the claimed keys. Each has a channel that closes when the key is released.
type claims struct {
	mu   sync.Mutex
	held map[string]chan struct{}
}

// Claim implements Claimer.
func (c *claims) Claim(ctx context.Context, key string) (release func(), err error) {
	for {
		c.mu.Lock()
		released, ok := c.held[key]
		if !ok {
			if c.held == nil {
				c.held = make(map[string]chan struct{})
			}
			c.held[key] = make(chan struct{})
			c.mu.Unlock()
			return func() { c.release(key) }, nil
		}
		c.mu.Unlock()
		select {
		case <-released:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (c *claims) release(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.held[key])
	delete(c.held, key)
}
