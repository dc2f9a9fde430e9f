package catalog

import (
	"context"
	"encoding/hex"
	"fmt"
	"iter"
	"slices"
	"sort"

	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/watch"
)

// Hash returns the hash of the content, hexadecimal.
func (x *Index) Hash() string { return hex.EncodeToString(x.hash[:]) }

// Len returns the number of images.
func (x *Index) Len() int { return x.root.sections[sectionImages].records }

// records calls f with the records of a section that have numbers, which are sorted, or with all records if numbers is nil. A record is what
// read consumes.
func (x *Index) records(ctx context.Context, section int, numbers []int, f func(number int, d *decoder) error) error {
	s := &x.root.sections[section]
	for i := 0; i < len(s.blocks); i++ {
		k := &s.blocks[i]
		if numbers != nil {
			if len(numbers) == 0 {
				return nil
			}
			i = sort.Search(len(s.blocks), func(j int) bool { return s.blocks[j].first > numbers[0] }) - 1
			if k = &s.blocks[max(i, 0)]; i < 0 || numbers[0] >= k.first+k.records {
				return fmt.Errorf("catalog: index: %w: no record %d", ErrCorrupt, numbers[0])
			}
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("catalog: %w", err)
		}
		b, err := x.block(section, i)
		if err != nil {
			return err
		}
		d := &decoder{rest: b, budget: maxMemory + maxGrowth*len(b)}
		for n := k.first; n < k.first+k.records; n++ {
			if numbers != nil && (len(numbers) == 0 || numbers[0] != n) {
				skipRecord(section, d)
			} else {
				if numbers != nil {
					numbers = numbers[1:]
				}
				if err := f(n, d); err != nil {
					return err
				}
			}
			if d.err != nil {
				return fmt.Errorf("catalog: index: block at %d: %w", k.offset, d.err)
			}
		}
		if len(d.rest) > 0 {
			return fmt.Errorf("catalog: index: block at %d: %w: bytes after the end", k.offset, ErrCorrupt)
		}
	}
	return nil
}

// skipRecord skips a record of a section other than keys, which depend on those before.
func skipRecord(section int, d *decoder) {
	switch section {
	case sectionSubjects:
		d.take(d.uint())
		d.take(d.uint())
	case sectionChunks:
		d.take(d.uint())
	case sectionImages:
		d.take(digestSize)
	}
}

// Subjects yields the package versions that have one of keys, in the form of [matcher.Key.Forms], with their numbers.
func (x *Index) Subjects(ctx context.Context, keys []matcher.Key) iter.Seq2[watch.Found, error] {
	return func(yield func(watch.Found, error) bool) {
		numbers, err := x.find(ctx, keys)
		if err != nil {
			yield(watch.Found{}, err)
			return
		}
		if len(numbers) == 0 {
			return
		}
		stop := fmt.Errorf("stop")
		err = x.records(ctx, sectionSubjects, numbers, func(n int, d *decoder) error {
			found := watch.Found{Number: n}
			form := d.take(d.uint())
			d.take(d.uint())
			if d.err != nil {
				return d.err
			}
			if err := decode(form, &found.Subject); err != nil {
				return fmt.Errorf("catalog: index: subject %d: %w", n, err)
			}
			if !yield(found, nil) {
				return stop
			}
			return nil
		})
		if err != nil && err != stop {
			yield(watch.Found{}, err)
		}
	}
}

// find returns the numbers of the subjects that have one of keys, sorted.
func (x *Index) find(ctx context.Context, keys []matcher.Key) ([]int, error) {
	keys = slices.Clone(keys)
	slices.SortFunc(keys, matcher.CompareKeys)
	keys = slices.Compact(keys)
	n := x.root.sections[sectionSubjects].records
	found := x.scratch.get(n)
	defer x.scratch.put(found)
	for len(keys) > 0 {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("catalog: %w", err)
		}
		i := sort.Search(len(x.root.firsts), func(j int) bool { return matcher.CompareKeys(x.root.firsts[j], keys[0]) > 0 }) - 1
		if i < 0 {
			keys = keys[1:]
			continue
		}
		b, err := x.block(sectionKeys, i)
		if err != nil {
			return nil, err
		}
		d := &decoder{rest: b, budget: maxMemory + maxGrowth*len(b)}
		var at matcher.Key
		for range x.root.sections[sectionKeys].blocks[i].records {
			readKey(d, &at)
			set := d.take(d.uint())
			for len(keys) > 0 && matcher.CompareKeys(keys[0], at) < 0 {
				keys = keys[1:]
			}
			if len(keys) > 0 && keys[0] == at {
				if err := eachRun(set, n, found.add); err != nil {
					return nil, fmt.Errorf("catalog: index: %w", err)
				}
				keys = keys[1:]
			}
			if d.err != nil {
				return nil, fmt.Errorf("catalog: index: %w", d.err)
			}
		}
		for len(keys) > 0 && (i+1 == len(x.root.firsts) || matcher.CompareKeys(keys[0], x.root.firsts[i+1]) < 0) {
			keys = keys[1:]
		}
	}
	var numbers []int
	found.each(func(n int) bool {
		numbers = append(numbers, n)
		return true
	})
	return numbers, nil
}

// readKey reads the next key of a block into at, which has the one before.
func readKey(d *decoder, at *matcher.Key) {
	for _, s := range [...]*string{&at.Type, &at.Namespace, &at.Name, &at.Release} {
		shared := d.uint()
		rest := d.take(d.uint())
		if shared > uint64(len(*s)) {
			d.fail("key shares more bytes than there are")
			return
		}
		if shared < uint64(len(*s)) || len(rest) > 0 {
			if d.budget -= int(shared) + len(rest); d.budget < 0 {
				d.fail("too large")
				return
			}
			*s = (*s)[:shared] + string(rest)
		}
	}
}

// An ImageSet is a set of images of an [Index].
type ImageSet struct {
	index *Index
	bits  bitmap
}

// Images returns the images that have one of the subjects with numbers.
func (x *Index) Images(ctx context.Context, numbers []int) (*ImageSet, error) {
	numbers = slices.Clone(numbers)
	slices.Sort(numbers)
	numbers = slices.Compact(numbers)
	set := &ImageSet{x, newBitmap(x.Len())}
	if len(numbers) == 0 {
		return set, nil
	}
	n := x.root.sections[sectionChunks].records
	chunks := x.scratch.get(n)
	defer x.scratch.put(chunks)
	err := x.records(ctx, sectionSubjects, numbers, func(_ int, d *decoder) error {
		d.take(d.uint())
		return eachRun(d.take(d.uint()), n, chunks.add)
	})
	if err != nil {
		return nil, err
	}
	list := make([]int, 0, chunks.len())
	chunks.each(func(n int) bool {
		list = append(list, n)
		return true
	})
	err = x.eachSet(ctx, list, func(runs []byte) error { return eachRun(runs, x.Len(), set.bits.add) })
	return set, err
}

// Digests yields the digests of the images that have one of the package versions with numbers.
func (x *Index) Digests(ctx context.Context, numbers []int) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		set, err := x.Images(ctx, numbers)
		if err != nil {
			yield("", err)
			return
		}
		set.Digests(ctx)(yield)
	}
}

// Len returns the number of images.
func (s *ImageSet) Len() int { return s.bits.len() }

// Digests yields the digests of the images, "sha256:...", in the order of the index.
func (s *ImageSet) Digests(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		blocks := s.index.root.sections[sectionImages].blocks
		at := -1
		var b []byte
		var failed error
		stopped := false
		s.bits.each(func(n int) bool {
			for at < 0 || n >= blocks[at].first+blocks[at].records {
				at = sort.Search(len(blocks), func(j int) bool { return blocks[j].first > n }) - 1
				if failed = ctx.Err(); failed == nil {
					b, failed = s.index.block(sectionImages, at)
				}
				if failed == nil && len(b) != blocks[at].records*digestSize {
					failed = fmt.Errorf("catalog: index: %w: block of images", ErrCorrupt)
				}
				if failed != nil {
					return false
				}
			}
			i := (n - blocks[at].first) * digestSize
			stopped = !yield(digestText(b[i:i+digestSize]), nil)
			return !stopped
		})
		if failed != nil && !stopped {
			yield("", failed)
		}
	}
}

func digestText(raw []byte) string {
	var b [7 + 2*digestSize]byte
	copy(b[:], "sha256:")
	hex.Encode(b[7:], raw)
	return string(b[:])
}
