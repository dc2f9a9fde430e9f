package db

import (
	"container/list"
	"sync"
)

// cacheSize bounds the raw length of the blocks in a cache. Decoded blocks take a few times that memory.
const cacheSize = 4 << 20

// A cache keeps the recently used blocks, by offset. It holds its lock for map operations only, not while a block is read.
type cache[B any] struct {
	mu    sync.Mutex
	used  list.List // of *cached[B], the most recently used first
	items map[int64]*list.Element
	size  int
}

type cached[B any] struct {
	at   int64
	size int
	b    *B
}

func (c *cache[B]) get(at int64) *B {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.items[at]
	if e == nil {
		return nil
	}
	c.used.MoveToFront(e)
	return e.Value.(*cached[B]).b
}

func (c *cache[B]) put(at int64, b *B, size int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.items == nil {
		c.items = make(map[int64]*list.Element)
	}
	if c.items[at] != nil { // another goroutine was faster
		return
	}
	c.items[at] = c.used.PushFront(&cached[B]{at, size, b})
	c.size += size
	for c.size > cacheSize && c.used.Len() > 1 {
		c.remove(c.used.Back())
	}
}

func (c *cache[B]) remove(e *list.Element) {
	v := c.used.Remove(e).(*cached[B])
	delete(c.items, v.at)
	c.size -= v.size
}
