package catalog

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
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

	documents map[[2]string]Document // by image and name
	marks     []Mark
	verdicts  map[[2]string][]Verdict // by tenant and image
	notices   []Notice
	delivered map[string]bool // by the ID of each notice
	number    int64           // of the last notice
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
		m.tags, m.documents = make(map[string][]Tag), make(map[[2]string]Document)
		m.verdicts, m.delivered = make(map[[2]string][]Verdict), make(map[string]bool)
	}
	for _, p := range b.Parts {
		m.addPart(p)
	}
	for _, image := range b.Images {
		m.addImage(image)
	}
	for _, digest := range b.Deleted {
		m.deleteImage(digest)
	}
	for _, d := range b.Documents {
		m.addDocument(d)
	}
	for _, t := range b.Tags {
		m.addTag(t)
	}
	for _, k := range b.Marks {
		m.addMark(k)
	}
	for _, v := range b.Verdicts {
		m.addVerdict(v)
	}
	for _, n := range b.Notices {
		m.addNotice(n)
	}
	for _, id := range b.Delivered {
		if _, ok := m.delivered[id]; ok {
			m.delivered[id] = true
		}
	}
	return nil
}

// addPart adds a part, unless m has it.
func (m *Memory) addPart(p Part) {
	if _, ok := m.parts[p.Hash]; !ok {
		p.Form = slices.Clone(p.Form)
		m.parts[p.Hash] = p
	}
}

// addImage adds an image, or replaces the one with the same digest.
func (m *Memory) addImage(image Image) {
	image.Added, image.Parts = stored(image.Added), slices.Clone(image.Parts)
	if old, ok := m.images[image.Digest]; ok {
		image.Added = old.Added
		m.remove(image.Digest)
	}
	m.images[image.Digest] = image
	m.configs[image.Info.ID] = append(m.configs[image.Info.ID], image.Digest)
}

// deleteImage deletes an image and its documents. Its verdicts stay, and are no longer due.
func (m *Memory) deleteImage(digest string) {
	m.remove(digest)
	maps.DeleteFunc(m.documents, func(k [2]string, _ Document) bool { return k[0] == digest })
	for k, history := range m.verdicts {
		for i := range history {
			if k[1] == digest {
				history[i].Until = time.Time{}
			}
		}
	}
}

// addDocument adds a document, or replaces the one with the same image and name. The batch may have deleted the image.
func (m *Memory) addDocument(d Document) {
	if _, ok := m.images[d.Image]; ok {
		d.Content, d.Size, d.Added = slices.Clone(d.Content), int64(len(d.Content)), stored(d.Added)
		m.documents[[2]string{d.Image, d.Name}] = d
	}
}

// addNotice adds a notice, unless m has or had it.
func (m *Memory) addNotice(n Notice) {
	if _, ok := m.delivered[n.ID]; ok {
		return
	}
	m.delivered[n.ID] = false
	m.number++
	n.Body, n.Created, n.Number = slices.Clone(n.Body), stored(n.Created), m.number
	m.notices = append(m.notices, n)
}

// stored returns a time as stores keep it.
func stored(t time.Time) time.Time { return time.UnixMicro(t.UnixMicro()).UTC() }

// storedEnd returns the end of a period as stores keep it. Zero means no end.
func storedEnd(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return stored(t)
}

// addMark adds a mark, or replaces the one with the same ID.
func (m *Memory) addMark(k Mark) {
	k.Document, k.Created, k.Expires = slices.Clone(k.Document), stored(k.Created), storedEnd(k.Expires)
	k.Scope = Scope{slices.Clone(k.Scope.Images), slices.Clone(k.Scope.Repositories), slices.Clone(k.Scope.Layers)}
	if i := slices.IndexFunc(m.marks, func(old Mark) bool { return old.ID == k.ID }); i >= 0 {
		m.marks[i] = k
		return
	}
	m.marks = append(m.marks, k)
}

// addVerdict adds a verdict, unless it repeats the current one of its history.
func (m *Memory) addVerdict(v Verdict) {
	v.Body, v.Since, v.Until = slices.Clone(v.Body), stored(v.Since), storedEnd(v.Until)
	k := [2]string{v.Tenant, v.Image}
	list := m.verdicts[k]
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].Policy != v.Policy {
			continue
		}
		if list[i].Key == v.Key && list[i].Action == v.Action {
			list[i].Until = v.Until
			return
		}
		break
	}
	m.verdicts[k] = append(list, v)
}

// remove removes an image if m has it.
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

// check returns an error for a batch that a store must refuse as a whole: an image without its parts, a document without its image.
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
	for i := range b.Documents {
		digest := b.Documents[i].Image
		_, ok := m.images[digest]
		if ok = ok || slices.ContainsFunc(b.Images, func(image Image) bool { return image.Digest == digest }); !ok || slices.Contains(b.Deleted, digest) {
			return fmt.Errorf("catalog: image %s of a document: %w", digest, ErrNotFound)
		}
	}
	return nil
}

// addTag adds a tag in the order of time, unless it repeats the one before.
func (m *Memory) addTag(t Tag) {
	t.Since = stored(t.Since)
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

// Pointing returns the tags that point at one of the digests. It implements [Store].
func (m *Memory) Pointing(_ context.Context, digests []string) ([]Tag, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	wanted := make(map[string]bool, len(digests))
	for _, d := range digests {
		wanted[d] = true
	}
	var list []Tag
	for _, name := range slices.Sorted(maps.Keys(m.tags)) {
		history := m.tags[name]
		if last := history[len(history)-1]; last.Digest != "" && wanted[last.Digest] {
			list = append(list, last)
		}
	}
	return list, nil
}

// Document returns a document of an image. It implements [Store].
func (m *Memory) Document(_ context.Context, digest, name string) (*Document, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	d, ok := m.documents[[2]string{digest, name}]
	if !ok {
		return nil, fmt.Errorf("catalog: document %s of %s: %w", name, digest, ErrNotFound)
	}
	return &d, nil
}

// Documents returns the documents of an image without their content. It implements [Store].
func (m *Memory) Documents(_ context.Context, digest string) ([]Document, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var list []Document
	for k, d := range m.documents {
		if k[0] == digest {
			d.Content = nil
			list = append(list, d)
		}
	}
	slices.SortFunc(list, func(a, b Document) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

// Marks returns the marks of a tenant. It implements [Store].
func (m *Memory) Marks(_ context.Context, tenant string) ([]Mark, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var list []Mark
	for _, k := range m.marks {
		if k.Tenant == tenant {
			list = append(list, k)
		}
	}
	return list, nil
}

// Verdicts returns the verdicts of an image for a tenant. It implements [Store].
func (m *Memory) Verdicts(_ context.Context, tenant, digest string) ([]Verdict, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return slices.Clone(m.verdicts[[2]string{tenant, digest}]), nil
}

// Verdict returns the current verdict of a policy. It implements [Store].
func (m *Memory) Verdict(_ context.Context, tenant, digest, policy string) (*Verdict, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	for _, v := range slices.Backward(m.verdicts[[2]string{tenant, digest}]) {
		if v.Policy == policy {
			return &v, nil
		}
	}
	return nil, fmt.Errorf("catalog: verdict about %s: %w", digest, ErrNotFound)
}

// Due returns current verdicts to evaluate again. It implements [Store].
func (m *Memory) Due(_ context.Context, now time.Time, n int) ([]Verdict, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var list []Verdict
	for _, history := range m.verdicts {
		for i, v := range history {
			current := !slices.ContainsFunc(history[i+1:], func(later Verdict) bool { return later.Policy == v.Policy })
			if current && !v.Until.IsZero() && !v.Until.After(now) {
				list = append(list, v)
			}
		}
	}
	slices.SortFunc(list, func(a, b Verdict) int {
		return cmp.Or(a.Until.Compare(b.Until), strings.Compare(a.Tenant, b.Tenant), strings.Compare(a.Image, b.Image), strings.Compare(a.Policy, b.Policy))
	})
	return list[:min(max(0, n), len(list))], nil
}

// Notices returns up to n notices that are not delivered. It implements [Store].
func (m *Memory) Notices(_ context.Context, n int) ([]Notice, error) {
	return m.list(n, func(x *Notice) bool { return !m.delivered[x.ID] }), nil
}

// Events returns up to n notices after one with a number. It implements [Store].
func (m *Memory) Events(_ context.Context, after int64, n int) ([]Notice, error) {
	return m.list(n, func(x *Notice) bool { return x.Number > after }), nil
}

func (m *Memory) list(n int, wanted func(*Notice) bool) []Notice {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var list []Notice
	for i := range m.notices {
		if len(list) < n && wanted(&m.notices[i]) {
			list = append(list, m.notices[i])
		}
	}
	return list
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
	n := len(m.parts) + len(m.notices)
	maps.DeleteFunc(m.parts, func(h Hash, _ Part) bool { return !used[h] })
	m.notices = slices.DeleteFunc(m.notices, func(x Notice) bool {
		old := m.delivered[x.ID] && x.Created.Before(before)
		if old {
			delete(m.delivered, x.ID)
		}
		return old
	})
	return n - len(m.parts) - len(m.notices), nil
}
