package catalog

import (
	"context"
	"encoding/hex"
	"errors"
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

// records calls f with all records of a section. f reads the record from the decoder.
func (x *Index) records(ctx context.Context, section int, f func(number int, d *decoder) error) error {
	for i := range x.root.sections[section].blocks {
		if err := x.blockRecords(ctx, section, i, f); err != nil {
			return err
		}
	}
	return nil
}

// selected calls f with the records of a section that have numbers, which are sorted. It reads only their blocks.
func (x *Index) selected(ctx context.Context, section int, numbers []int, f func(number int, d *decoder) error) error {
	for len(numbers) > 0 {
		i, err := x.root.sections[section].blockOf(numbers[0])
		if err != nil {
			return err
		}
		if err := x.blockRecords(ctx, section, i, func(n int, d *decoder) error {
			if len(numbers) == 0 || numbers[0] != n {
				skipRecord(section, d)
				return nil
			}
			numbers = numbers[1:]
			return f(n, d)
		}); err != nil {
			return err
		}
	}
	return nil
}

// blockRecords calls f with the records of a block.
func (x *Index) blockRecords(ctx context.Context, section, i int, f func(number int, d *decoder) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("catalog: %w", err)
	}
	b, err := x.block(section, i)
	if err != nil {
		return err
	}
	k := &x.root.sections[section].blocks[i]
	d := &decoder{rest: b, budget: maxMemory + maxGrowth*len(b)}
	for n := k.first; n < k.end() && d.err == nil; n++ {
		if err := f(n, d); err != nil {
			return err
		}
	}
	if d.err == nil && len(d.rest) > 0 {
		d.fail("bytes after the end")
	}
	if d.err != nil {
		return fmt.Errorf("catalog: index: block at %d: %w", k.offset, d.err)
	}
	return nil
}

// blockOf returns the block of a record.
func (s *indexSection) blockOf(record int) (int, error) {
	i := sort.Search(len(s.blocks), func(j int) bool { return s.blocks[j].end() > record })
	if record < 0 || i == len(s.blocks) {
		return 0, fmt.Errorf("catalog: index: %w: no record %d", ErrCorrupt, record)
	}
	return i, nil
}

// skipRecord skips a record of any section but keys: a key depends on the one before.
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

// errStopped ends an iteration whose caller stopped it.
var errStopped = errors.New("stopped")

// Subjects yields the package versions that have one of keys, in the form of [matcher.Key.Forms], with their numbers.
func (x *Index) Subjects(ctx context.Context, keys []matcher.Key) iter.Seq2[watch.Found, error] {
	return func(yield func(watch.Found, error) bool) {
		numbers, err := x.find(ctx, keys)
		if err != nil {
			yield(watch.Found{}, err)
			return
		}
		err = x.selected(ctx, sectionSubjects, numbers, func(n int, d *decoder) error {
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
				return errStopped
			}
			return nil
		})
		if err != nil && err != errStopped {
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
	return slices.Collect(found.each), nil
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
	err := x.selected(ctx, sectionSubjects, numbers, func(_ int, d *decoder) error {
		d.take(d.uint())
		return eachRun(d.take(d.uint()), n, chunks.add)
	})
	if err != nil {
		return nil, err
	}
	list := slices.AppendSeq(make([]int, 0, chunks.len()), chunks.each)
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
		var block *indexBlock
		var raw []byte
		for n := range s.bits.each {
			if block == nil || n >= block.end() {
				var err error
				if block, raw, err = s.index.imageBlock(ctx, n); err != nil {
					yield("", err)
					return
				}
			}
			at := (n - block.first) * digestSize
			if !yield(digestText(raw[at:at+digestSize]), nil) {
				return
			}
		}
	}
}

// imageBlock returns the block that has an image, and its content.
func (x *Index) imageBlock(ctx context.Context, image int) (*indexBlock, []byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, fmt.Errorf("catalog: %w", err)
	}
	section := &x.root.sections[sectionImages]
	i, err := section.blockOf(image)
	if err != nil {
		return nil, nil, err
	}
	raw, err := x.block(sectionImages, i)
	if err == nil && len(raw) != section.blocks[i].records*digestSize {
		err = fmt.Errorf("catalog: index: %w: block of images", ErrCorrupt)
	}
	return &section.blocks[i], raw, err
}

func digestText(raw []byte) string {
	var b [7 + 2*digestSize]byte
	copy(b[:], "sha256:")
	hex.Encode(b[7:], raw)
	return string(b[:])
}
