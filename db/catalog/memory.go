package catalog

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"
)

// A Memory is a [Store] in memory. The zero value is empty and ready to use, by many goroutines at once.
type Memory struct {
	mu      sync.RWMutex
	parts   map[Hash]Part
	images  map[string]Image
	configs map[string][]string // digests of images by that of their configuration, in the order in which they were written
	tags    map[string][]Tag
	notices []Notice             // not delivered
	seen    map[string]bool      // of each notice, whether it was delivered
	created map[string]time.Time // of delivered notices
}

var _ Store = (*Memory)(nil)

// Write writes a batch in one transaction. It implements [Store].
func (m *Memory) Write(ctx context.Context, b *Batch) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("catalog: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.check(b); err != nil {
		return err
	}
	if m.parts == nil {
		m.parts, m.images, m.configs = make(map[Hash]Part), make(map[string]Image), make(map[string][]string)
		m.tags, m.seen, m.created = make(map[string][]Tag), make(map[string]bool), make(map[string]time.Time)
	}
	for _, p := range b.Parts {
		if _, ok := m.parts[p.Hash]; !ok {
			p.Form = slices.Clone(p.Form)
			m.parts[p.Hash] = p
		}
	}
	for _, image := range b.Images {
		image.Added = stored(image.Added)
		if old, ok := m.images[image.Digest]; ok {
			image.Added = old.Added
			m.remove(image.Digest)
		}
		image.Parts = slices.Clone(image.Parts)
		m.images[image.Digest] = image
		m.configs[image.Info.ID] = append(m.configs[image.Info.ID], image.Digest)
	}
	for _, digest := range b.Deleted {
		m.remove(digest)
	}
	for _, t := range b.Tags {
		t.Since = stored(t.Since)
		m.tag(t)
	}
	for _, n := range b.Notices {
		if _, ok := m.seen[n.ID]; !ok {
			m.seen[n.ID] = false
			n.Body, n.Created = slices.Clone(n.Body), stored(n.Created)
			m.notices = append(m.notices, n)
		}
	}
	for _, id := range b.Delivered {
		i := slices.IndexFunc(m.notices, func(n Notice) bool { return n.ID == id })
		if i >= 0 {
			m.seen[id], m.created[id] = true, m.notices[i].Created
			m.notices = slices.Delete(m.notices, i, i+1)
		}
	}
	return nil
}

// stored returns a time as stores keep it.
func stored(t time.Time) time.Time { return time.UnixMicro(t.UnixMicro()).UTC() }

// remove removes an image, if it is there.
func (m *Memory) remove(digest string) {
	image, ok := m.images[digest]
	if !ok {
		return
	}
	rest := slices.DeleteFunc(m.configs[image.Info.ID], func(d string) bool { return d == digest })
	if m.configs[image.Info.ID] = rest; len(rest) == 0 {
		delete(m.configs, image.Info.ID)
	}
	delete(m.images, digest)
}

// check returns an error for a batch that a store must refuse as a whole: an image whose parts are not there.
func (m *Memory) check(b *Batch) error {
	fresh := make(map[Hash]bool, len(b.Parts))
	for _, p := range b.Parts {
		fresh[p.Hash] = true
	}
	for i := range b.Images {
		for _, ref := range b.Images[i].Parts {
			if _, ok := m.parts[ref.Hash]; !ok && !fresh[ref.Hash] {
				return fmt.Errorf("catalog: part %s of %s: %w", ref.Hash, b.Images[i].Digest, ErrNotFound)
			}
		}
	}
	return nil
}

// tag adds a tag in the order of time, unless it repeats the one before.
func (m *Memory) tag(t Tag) {
	list := m.tags[t.Name]
	i, _ := slices.BinarySearchFunc(list, t, func(a, b Tag) int {
		if a.Since.After(b.Since) {
			return 1
		}
		return -1
	})
	if i > 0 && list[i-1].Digest == t.Digest {
		return
	}
	if i < len(list) && list[i].Digest == t.Digest { // known since an earlier time
		list[i].Since = t.Since
		return
	}
	m.tags[t.Name] = slices.Insert(list, i, t)
}

// Image returns an image by its digest or that of its configuration. It implements [Store].
func (m *Memory) Image(_ context.Context, digest string) (*Image, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	image, ok := m.images[digest]
	if list := m.configs[digest]; !ok && digest != "" && len(list) > 0 {
		image, ok = m.images[list[len(list)-1]]
	}
	if !ok {
		return nil, fmt.Errorf("catalog: image %s: %w", digest, ErrNotFound)
	}
	image.Parts = slices.Clone(image.Parts)
	return &image, nil
}

// Images yields all images in the order of their digests. It implements [Store].
func (m *Memory) Images(ctx context.Context) iter.Seq2[Image, error] {
	return func(yield func(Image, error) bool) {
		m.mu.RLock()
		digests := slices.Sorted(maps.Keys(m.images))
		m.mu.RUnlock()
		for _, d := range digests {
			image, err := m.Image(ctx, d)
			if err != nil { // deleted meanwhile
				continue
			}
			if err := ctx.Err(); err != nil {
				yield(Image{}, fmt.Errorf("catalog: %w", err))
				return
			}
			if !yield(*image, nil) {
				return
			}
		}
	}
}

// Parts returns the parts with hashes. It implements [Store].
func (m *Memory) Parts(_ context.Context, hashes []Hash) ([]Part, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	list := make([]Part, len(hashes))
	for i, h := range hashes {
		p, ok := m.parts[h]
		if !ok {
			return nil, fmt.Errorf("catalog: part %s: %w", h, ErrNotFound)
		}
		list[i] = p
	}
	return list, nil
}

// Missing returns the hashes of parts that m lacks. It implements [Store].
func (m *Memory) Missing(_ context.Context, hashes []Hash) ([]Hash, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var list []Hash
	for _, h := range hashes {
		if _, ok := m.parts[h]; !ok {
			list = append(list, h)
		}
	}
	return list, nil
}

// Tags returns the images that a tag pointed at, oldest first. It implements [Store].
func (m *Memory) Tags(_ context.Context, name string) ([]Tag, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return slices.Clone(m.tags[name]), nil
}

// Notices returns up to n notices that are not delivered. It implements [Store].
func (m *Memory) Notices(_ context.Context, n int) ([]Notice, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return slices.Clone(m.notices[:min(max(0, n), len(m.notices))]), nil
}

// Collect deletes unused parts and old notices. It implements [Store].
func (m *Memory) Collect(_ context.Context, before time.Time) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	used := make(map[Hash]bool)
	for _, image := range m.images {
		for _, ref := range image.Parts {
			used[ref.Hash] = true
		}
	}
	n := len(m.parts) + len(m.seen)
	maps.DeleteFunc(m.parts, func(h Hash, _ Part) bool { return !used[h] })
	for id, t := range m.created {
		if t.Before(before) {
			delete(m.created, id)
			delete(m.seen, id)
		}
	}
	return n - len(m.parts) - len(m.seen), nil
}
