package db

import (
	"container/list"
	"sync"
)

// cacheSize bounds a cache by the raw length of its blocks; decoded ones take a few times as much.
const cacheSize = 4 << 20

// A cache keeps the blocks that were used last, by their offsets. Its lock is held for map operations only, never while a block is read.
type cache[B any] struct {
	mu    sync.Mutex
	used  list.List // of *cached[B], the last used first
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

func (c *cache[B]) drop(at int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.items[at]; e != nil {
		c.remove(e)
	}
}

func (c *cache[B]) remove(e *list.Element) {
	v := c.used.Remove(e).(*cached[B])
	delete(c.items, v.at)
	c.size -= v.size
}
