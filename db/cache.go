package db

import (
	"container/list"
	"sync"
)

// cacheSize bounds a cache by the raw length of its blocks; decoded ones take a few times as much.
const cacheSize = 4 << 20

// A cache keeps the blocks that were used last. Its lock is held for map operations only, never while a block is read.
type cache[B any] struct {
	mu    sync.Mutex
	used  list.List // of *cached[B], the last used first
	items map[int]*list.Element
	size  int
}

type cached[B any] struct {
	i, size int
	b       *B
}

func (c *cache[B]) get(i int) *B {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.items[i]
	if e == nil {
		return nil
	}
	c.used.MoveToFront(e)
	return e.Value.(*cached[B]).b
}

func (c *cache[B]) put(i int, b *B, size int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.items == nil {
		c.items = make(map[int]*list.Element)
	}
	if c.items[i] != nil { // another goroutine was faster
		return
	}
	c.items[i] = c.used.PushFront(&cached[B]{i, size, b})
	c.size += size
	for c.size > cacheSize && c.used.Len() > 1 {
		c.remove(c.used.Back())
	}
}

func (c *cache[B]) drop(i int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.items[i]; e != nil {
		c.remove(e)
	}
}

func (c *cache[B]) remove(e *list.Element) {
	v := c.used.Remove(e).(*cached[B])
	delete(c.items, v.i)
	c.size -= v.size
}
