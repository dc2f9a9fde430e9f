// Package index finds the images that packages are in. The index is a few immutable objects, the generations, which one process at a time
// builds and merges, and which each process opens.
package index

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hullmark/hullmark/db/catalog"
	"github.com/hullmark/hullmark/examples/fleet/objects"
	"github.com/hullmark/hullmark/examples/fleet/store"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/purl"
	"github.com/hullmark/hullmark/matcher/watch"
)

// imagesAtOnce is the number of images that an update adds at most.
const imagesAtOnce = 5000

// An Index finds images. It may be used by many goroutines at once.
type Index struct {
	Store   *store.Store
	Objects objects.Store
	Dir     string // for copies of objects that are no files

	mu   sync.Mutex
	open map[string]*opened // by the ID of the generation
}

type opened struct {
	*catalog.Index
	object *objects.Object
	id     string
	users  int
	old    bool
}

// Update adds images that no generation has, and returns their number. It does nothing while another process updates the index.
func (x *Index) Update(ctx context.Context) (int, error) {
	holder := store.NewID()
	held, err := x.Store.Claim(ctx, "index", holder, 5*time.Minute)
	if err != nil || !held {
		return 0, err
	}
	defer x.Store.Release(context.WithoutCancel(ctx), "index", holder) // otherwise the claim ends after its time
	digests, err := x.Store.ToIndex(ctx, imagesAtOnce)
	if err != nil || len(digests) == 0 {
		return 0, err
	}
	if err := x.Store.Build(ctx, digests); err != nil { // before their content is read
		return 0, err
	}
	var b catalog.IndexBuilder
	if err := x.addImages(ctx, &b, digests); err != nil {
		return 0, err
	}
	merged, err := x.small(ctx, len(digests))
	if err != nil {
		return 0, err
	}
	if err := x.addGenerations(ctx, &b, merged); err != nil {
		return 0, err
	}
	if err := x.replace(ctx, merged, &b, digests); err != nil {
		return 0, err
	}
	return len(digests), nil
}

// addImages adds the packages of images to an index, except images that are deleted meanwhile.
func (x *Index) addImages(ctx context.Context, b *catalog.IndexBuilder, digests []string) error {
	for _, digest := range digests {
		image, err := x.Store.Catalog.Image(ctx, digest)
		if errors.Is(err, catalog.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		var chunks []catalog.Hash
		for _, ref := range image.Parts {
			if ref.Kind == catalog.Chunk {
				chunks = append(chunks, ref.Hash)
			}
		}
		parts, err := x.Store.Catalog.Parts(ctx, chunks)
		if err != nil {
			return err
		}
		if err := b.Add(digest, parts); err != nil {
			return err
		}
	}
	return nil
}

// small returns the generations to merge with n new images: those with at most twice as many images as the new ones and all smaller generations
// together. So there are few generations, and an image is merged few times.
func (x *Index) small(ctx context.Context, n int) ([]store.Generation, error) {
	all, err := x.Store.Generations(ctx)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(all, func(a, b store.Generation) int { return a.Images - b.Images }) // their IDs have the times of several clocks
	count := 0
	for count < len(all) && all[count].Images <= 2*n {
		n += all[count].Images
		count++
	}
	return all[:count], nil
}

// addGenerations adds the images of generations to an index.
func (x *Index) addGenerations(ctx context.Context, b *catalog.IndexBuilder, merged []store.Generation) error {
	list, release, err := x.generations(ctx)
	if err != nil {
		return err
	}
	defer release()
	for _, g := range merged {
		i := slices.IndexFunc(list, func(o *opened) bool { return o.id == g.ID })
		if i < 0 {
			return fmt.Errorf("index: generation %s is not open", g.ID)
		}
		if err := b.AddIndex(ctx, list[i].Index, nil); err != nil {
			return err
		}
	}
	return nil
}

// replace replaces generations by a new one, which has the images with the digests as well.
func (x *Index) replace(ctx context.Context, merged []store.Generation, b *catalog.IndexBuilder, digests []string) error {
	var content bytes.Buffer
	if _, err := b.WriteTo(&content); err != nil {
		return err
	}
	add := store.Generation{ID: store.NewID(), Images: len(digests)}
	for _, g := range merged {
		add.Images += g.Images
	}
	add.Object = "index/" + add.ID
	if err := x.Store.Trash(ctx, add.Object, time.Hour); err != nil { // until a transaction refers to it
		return err
	}
	if _, err := x.Objects.Put(ctx, add.Object, &content); err != nil {
		return err
	}
	return x.Store.ReplaceGenerations(ctx, merged, add, digests)
}

// generations opens the generations, newest first.
func (x *Index) generations(ctx context.Context) (list []*opened, release func(), err error) {
	for try := 1; ; try++ {
		if list, release, err = x.tryGenerations(ctx); err == nil || try == 3 {
			return list, release, err
		}
		// Another process may have merged the generations meanwhile.
	}
}

func (x *Index) tryGenerations(ctx context.Context) (list []*opened, release func(), err error) {
	all, err := x.Store.Generations(ctx)
	if err != nil {
		return nil, nil, err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.open == nil {
		x.open = make(map[string]*opened)
	}
	for _, g := range all {
		if x.open[g.ID] != nil {
			continue
		}
		object, err := x.Objects.Open(context.WithoutCancel(ctx), g.Object)
		if err == nil {
			object, err = object.Local(ctx, x.Dir)
		}
		if err != nil {
			return nil, nil, err
		}
		i, err := catalog.OpenIndex(object, object.Size)
		if err != nil {
			return nil, nil, errors.Join(fmt.Errorf("index: generation %s: %w", g.ID, err), object.Close())
		}
		x.open[g.ID] = &opened{Index: i, object: object, id: g.ID}
	}
	for id, o := range x.open {
		if !slices.ContainsFunc(all, func(g store.Generation) bool { return g.ID == id }) {
			o.old = true
			delete(x.open, id)
			o.closeUnused()
		}
	}
	for _, g := range all {
		o := x.open[g.ID]
		o.users++
		list = append(list, o)
	}
	return list, sync.OnceFunc(func() {
		x.mu.Lock()
		defer x.mu.Unlock()
		for _, o := range list {
			o.users--
			o.closeUnused()
		}
	}), nil
}

func (o *opened) closeUnused() {
	if o.old && o.users == 0 {
		o.object.Close()
	}
}

// Close closes all generations.
func (x *Index) Close() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	var err error
	for _, o := range x.open {
		err = errors.Join(err, o.object.Close())
	}
	x.open = nil
	return err
}

// Generations returns the whole index, and a function that releases it. Images of all tenants are in it.
func (x *Index) Generations(ctx context.Context) (*catalog.Generations, func(), error) {
	list, release, err := x.generations(ctx)
	if err != nil {
		return nil, nil, err
	}
	open := ids(list)
	g := &catalog.Generations{Current: func(ctx context.Context, generation int, digests []string) ([]string, error) {
		return x.Store.Indexed(ctx, open[generation], open, digests)
	}}
	for _, o := range list {
		g.Indexes = append(g.Indexes, o.Index)
	}
	return g, release, nil
}

func ids(list []*opened) (ids []string) {
	for _, o := range list {
		ids = append(ids, o.id)
	}
	return ids
}

// Found lists images of all tenants in the order of their digests. Next leaves out images that were deleted or changed.
type Found struct {
	index *Index
	open  []string // generations in which the images were found
	list  []candidate
}

// A candidate is an image as a generation has it.
type candidate struct{ digest, generation string }

// Next returns the digests of the next images that still count, among the next n. It returns false at the end.
func (f *Found) Next(ctx context.Context, n int) (digests []string, ok bool, err error) {
	n = min(n, len(f.list))
	some := make(map[string][]string) // by generation
	for _, c := range f.list[:n] {
		some[c.generation] = append(some[c.generation], c.digest)
	}
	f.list = f.list[n:]
	for generation, list := range some {
		current, err := f.index.Store.Indexed(ctx, generation, f.open, list)
		if err != nil {
			return nil, false, err
		}
		digests = append(digests, current...)
	}
	slices.Sort(digests)
	return digests, n > 0, nil
}

// Affected returns the images that advisories affect, or may affect, after a digest.
func (x *Index) Affected(ctx context.Context, after string, m matcher.Matcher, list ...matcher.Advisory) (*Found, error) {
	return x.find(ctx, after, func(g *catalog.Generations) ([]int, error) { return watch.Affected(ctx, m, g, list...) })
}

// A Pattern selects packages.
type Pattern struct {
	names *purl.Pattern
	key   matcher.Key
	vers  string // a range in the form of vers
}

// ErrPattern reports a pattern that the index cannot look up.
var ErrPattern = errors.New("malformed package URL")

// ParsePattern reads a package URL. Its version may be a range of vers, "vers:npm/>=1.0|<2.0".
func ParsePattern(text string) (*Pattern, error) {
	p := new(Pattern)
	if at, vers, ok := strings.Cut(text, "@vers:"); ok {
		text, p.vers = at, "vers:"+vers
	}
	names, err := purl.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("index: %w: %w", ErrPattern, err)
	}
	key, ok := names.Key()
	if !ok {
		return nil, fmt.Errorf("index: %w: a wildcard in the name", ErrPattern)
	}
	p.names, p.key = names, key
	return p, nil
}

// match reports whether a package is one that the pattern selects.
func (p *Pattern) match(s *matcher.Subject) bool {
	t := purl.NewTarget(&s.Component, s.Distro)
	if ok, _ := p.names.Match(t); !ok {
		return false
	}
	if p.vers == "" {
		return true
	}
	in, err := t.InRange(p.vers)
	return in || err != nil // a version that cannot be compared may be in the range
}

// Containing returns the images that have a package, after a digest. Releases are the releases of distributions that images may have. The index
// has the packages of a distribution by their source packages, so all of a release are looked at.
func (x *Index) Containing(ctx context.Context, after string, p *Pattern, releases []matcher.Coverage) (*Found, error) {
	keys := p.key.Forms()
	for _, r := range releases {
		if k := p.key; r.Type == k.Type && r.Namespace == k.Namespace && r.Release != "" {
			k.Release, k.Name = r.Release, ""
			keys = append(keys, k.Forms()...)
		}
	}
	slices.SortFunc(keys, matcher.CompareKeys)
	keys = slices.Compact(keys)
	return x.find(ctx, after, func(g *catalog.Generations) (numbers []int, err error) {
		for found, err := range g.Subjects(ctx, keys) {
			if err != nil {
				return nil, err
			}
			if p.match(&found.Subject) {
				numbers = append(numbers, found.Number)
			}
		}
		slices.Sort(numbers)
		return numbers, nil
	})
}

// find returns the images that have some package versions, after a digest. Next checks only the images of its page.
func (x *Index) find(ctx context.Context, after string, subjects func(*catalog.Generations) ([]int, error)) (*Found, error) {
	list, release, err := x.generations(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	found := &Found{index: x, open: ids(list)}
	g := &catalog.Generations{Current: func(_ context.Context, generation int, digests []string) ([]string, error) {
		for _, d := range digests {
			if d > after {
				found.list = append(found.list, candidate{d, list[generation].id})
			}
		}
		return nil, nil
	}}
	for _, o := range list {
		g.Indexes = append(g.Indexes, o.Index)
	}
	numbers, err := subjects(g)
	if err != nil {
		return nil, err
	}
	for _, err := range g.Digests(ctx, numbers) {
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(found.list, func(a, b candidate) int {
		return cmp.Or(strings.Compare(a.digest, b.digest), strings.Compare(a.generation, b.generation))
	})
	found.list = slices.Compact(found.list)
	return found, nil
}
