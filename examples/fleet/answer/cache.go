package answer

import (
	"container/list"
	"sync"
	"unsafe"

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
	most  int64 // bytes, about
	bytes int64
	order list.List // of *entry, the one used last first
	items map[key]*list.Element
}

type entry struct {
	key    key
	result *matcher.Result
	bytes  int64
}

// size returns about the bytes that a result occupies. Texts that matches share with the advisories of others count for each, so the cache is smaller
// than it says, and never larger.
func size(r *matcher.Result) int64 {
	n := 256 + 200*int64(len(r.Skipped)+len(r.Coverage))
	for i := range r.Matches {
		m := &r.Matches[i]
		n += int64(unsafe.Sizeof(*m)) + texts(m.ID, m.Component, m.Fixed, m.Reason, m.Uncertain) + texts(m.Aliases...)
		for j := range m.Advisories {
			a := &m.Advisories[j]
			n += int64(unsafe.Sizeof(*a)) + texts(a.ID, a.Summary, a.Feed, a.Reason) + texts(a.URLs...) + texts(a.Aliases...) + texts(a.Versions...) + texts(a.Updates...) + texts(a.Weaknesses...)
			for _, s := range a.Severities {
				n += int64(unsafe.Sizeof(s)) + texts(s.Source, s.Vector, s.Word)
			}
			for _, x := range a.Ranges {
				n += int64(unsafe.Sizeof(x)) + texts(x.Introduced, x.Fixed)
			}
		}
	}
	return n
}

// texts returns the bytes of texts and of their headers.
func texts(list ...string) (n int64) {
	for _, s := range list {
		n += int64(unsafe.Sizeof(s)) + int64(len(s))
	}
	return n
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
	e := &entry{k, r, size(r)}
	if e.bytes > c.most/4 { // it would push out most others
		return
	}
	c.items[k] = c.order.PushFront(e)
	for c.bytes += e.bytes; c.bytes > c.most; {
		last := c.order.Remove(c.order.Back()).(*entry)
		c.bytes -= last.bytes
		delete(c.items, last.key)
	}
}
