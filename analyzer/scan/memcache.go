package scan

import (
	"container/list"
	"context"
	"io/fs"
	"sync"
)

// A MemCache is a Cache in memory, and a [Claimer]. The zero value is ready to use and keeps all values.
type MemCache struct {
	MaxBytes int64 // the most bytes to keep; the cache drops the least recently used values first; 0: no limit

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

// Get implements Cache.
func (c *MemCache) Get(_ context.Context, key string) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.values[key]
	if !ok {
		return nil, fs.ErrNotExist
	}
	c.recent.MoveToFront(e)
	return e.Value.(memValue).value, nil
}

// Put implements Cache.
func (c *MemCache) Put(_ context.Context, key string, value []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.values == nil {
		c.values = make(map[string]*list.Element)
	}
	c.remove(c.values[key])
	c.values[key] = c.recent.PushFront(memValue{key, value})
	c.size += int64(len(value))
	for c.MaxBytes > 0 && c.size > c.MaxBytes {
		c.remove(c.recent.Back())
	}
	return nil
}

// remove drops a value. e may be nil.
func (c *MemCache) remove(e *list.Element) {
	if e == nil {
		return
	}
	v := c.recent.Remove(e).(memValue)
	delete(c.values, v.key)
	c.size -= int64(len(v.value))
}
