package answer

import (
	"container/list"
	"sync"

	"github.com/hullmark/hullmark/db/catalog"
	"github.com/hullmark/hullmark/matcher"
)

// A key names the matches of a chunk: they depend on nothing but the chunk and the advisories.
type key struct {
	chunk catalog.Hash
	db    string
}

// A cache keeps the matches of chunks, those used last.
type cache struct {
	mu    sync.Mutex
	most  int // matches and other rows
	rows  int
	order list.List // of *entry, the one used last first
	items map[key]*list.Element
}

type entry struct {
	key    key
	result *matcher.Result
}

func (e *entry) rows() int {
	return 1 + len(e.result.Matches) + len(e.result.Skipped) + len(e.result.Coverage)
}

func (c *cache) get(k key) *matcher.Result {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.items[k]
	if e == nil {
		return nil
	}
	c.order.MoveToFront(e)
	return e.Value.(*entry).result
}

func (c *cache) put(k key, r *matcher.Result) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.items[k] != nil {
		return
	}
	if c.items == nil {
		c.items = make(map[key]*list.Element)
	}
	e := &entry{k, r}
	c.items[k] = c.order.PushFront(e)
	for c.rows += e.rows(); c.rows > c.most && c.order.Len() > 1; {
		last := c.order.Remove(c.order.Back()).(*entry)
		c.rows -= last.rows()
		delete(c.items, last.key)
	}
}
