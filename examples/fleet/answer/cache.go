package answer

import (
	"container/list"
	"context"
	"errors"
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

// A cache keeps values, those used last, up to a number of bytes.
type cache[K comparable, V any] struct {
	mu      sync.Mutex
	most    int64 // bytes, about
	size    func(V) int64
	bytes   int64
	order   list.List // of *entry[K, V], the one used last first
	items   map[K]*list.Element
	running map[K]*computation[V]
}

type entry[K comparable, V any] struct {
	key   K
	value V
	bytes int64
}

// A computation is that of a value for which callers may wait.
type computation[V any] struct {
	done  chan struct{}
	value V
	err   error
}

func newCache[K comparable, V any](most int64, size func(V) int64) *cache[K, V] {
	return &cache[K, V]{most: most, size: size, items: make(map[K]*list.Element), running: make(map[K]*computation[V])}
}

func (c *cache[K, V]) get(k K) (v V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.look(k)
}

func (c *cache[K, V]) look(k K) (v V, ok bool) {
	e := c.items[k]
	if e == nil {
		return v, false
	}
	c.order.MoveToFront(e)
	return e.Value.(*entry[K, V]).value, true
}

// put keeps a value, unless it would push out most others.
func (c *cache[K, V]) put(k K, v V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.items[k] != nil {
		return
	}
	e := &entry[K, V]{k, v, c.size(v)}
	if e.bytes > c.most/4 {
		return
	}
	c.items[k] = c.order.PushFront(e)
	for c.bytes += e.bytes; c.bytes > c.most; {
		last := c.order.Remove(c.order.Back()).(*entry[K, V])
		c.bytes -= last.bytes
		delete(c.items, last.key)
	}
}

var errStopped = errors.New("answer: the computation stopped")

// once returns the value of a key, which one caller computes for all that ask meanwhile. The computation goes on if its caller's context ends,
// since the caller may ask again.
func (c *cache[K, V]) once(ctx context.Context, k K, compute func(context.Context) (V, error)) (v V, err error) {
	c.mu.Lock()
	v, ok := c.look(k)
	r := c.running[k]
	if ok || r != nil {
		c.mu.Unlock()
		if ok {
			return v, nil
		}
		select {
		case <-r.done:
			return r.value, r.err
		case <-ctx.Done():
			return v, ctx.Err()
		}
	}
	r = &computation[V]{done: make(chan struct{}), err: errStopped} // in case of a panic
	c.running[k] = r
	c.mu.Unlock()
	defer func() {
		if r.err == nil {
			c.put(k, r.value)
		}
		c.mu.Lock()
		delete(c.running, k)
		c.mu.Unlock()
		close(r.done)
	}()
	r.value, r.err = compute(context.WithoutCancel(ctx))
	return r.value, r.err
}

// sizeOf returns about the bytes that a result occupies. Texts that matches share with the advisories of others count for each, so the cache is
// smaller than it says, and never larger.
func sizeOf(r *matcher.Result) int64 {
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
