package scan

import (
	"container/list"
	"context"
	"io/fs"
	"sync"
)

// NewMemCache returns a cache in memory. It keeps at most maxBytes, and drops the least recently used values first; 0 means no limit.
func NewMemCache(maxBytes int64) Claimer { return &memCache{maxBytes: maxBytes} }

type memCache struct {
	maxBytes int64

	claims
	mu     sync.Mutex
	values map[string]*list.Element // of memValue
	recent list.List                // most recently used first
	size   int64
}

type memValue struct {
	key   string
	value []byte
}

func (c *memCache) Get(_ context.Context, key string) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.values[key]
	if !ok {
		return nil, fs.ErrNotExist
	}
	c.recent.MoveToFront(e)
	return e.Value.(memValue).value, nil
}

func (c *memCache) Put(_ context.Context, key string, value []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.values == nil {
		c.values = make(map[string]*list.Element)
	}
	c.remove(c.values[key])
	c.values[key] = c.recent.PushFront(memValue{key, value})
	c.size += int64(len(value))
	for c.maxBytes > 0 && c.size > c.maxBytes {
		c.remove(c.recent.Back())
	}
	return nil
}

// remove drops a value. e may be nil.
func (c *memCache) remove(e *list.Element) {
	if e == nil {
		return
	}
	v := c.recent.Remove(e).(memValue)
	delete(c.values, v.key)
	c.size -= int64(len(v.value))
}
