package catalog

import (
	"context"
	"fmt"
	"sync/atomic"
)

// maxKept bounds the memory of the blocks of chunks that an Index keeps. A million images take 13 MB.
const maxKept = 64 << 20

// A chunkCache keeps decoded blocks of chunks. The chunks of a common package are in most of the blocks, so a question would decode all of them.
type chunkCache struct {
	blocks []atomic.Pointer[chunkBlock]
	bytes  atomic.Int64
}

// A chunkBlock is a block of chunks, and where the set of each begins and ends.
type chunkBlock struct {
	raw  []byte
	sets [][2]uint32
}

// chunkBlock returns a block from the cache, or reads it.
func (x *Index) chunkBlock(i int) (*chunkBlock, error) {
	if b := x.chunks.blocks[i].Load(); b != nil {
		return b, nil
	}
	raw, err := x.block(sectionChunks, i)
	if err != nil {
		return nil, err
	}
	k := &x.root.sections[sectionChunks].blocks[i]
	b := &chunkBlock{raw, make([][2]uint32, k.records)}
	d := &decoder{rest: raw}
	for n := range b.sets {
		set := d.take(d.uint())
		end := uint32(len(raw) - len(d.rest))
		b.sets[n] = [2]uint32{end - uint32(len(set)), end}
	}
	if d.err == nil && len(d.rest) > 0 {
		d.fail("bytes after the end")
	}
	if d.err != nil {
		return nil, fmt.Errorf("catalog: index: block at %d: %w", k.offset, d.err)
	}
	size := int64(len(raw) + 8*len(b.sets))
	if x.chunks.bytes.Add(size) > maxKept || !x.chunks.blocks[i].CompareAndSwap(nil, b) {
		x.chunks.bytes.Add(-size)
	}
	return b, nil
}

// eachSet calls f with the set of images of each chunk with a number. The numbers are sorted.
func (x *Index) eachSet(ctx context.Context, numbers []int, f func(set []byte) error) error {
	section := &x.root.sections[sectionChunks]
	for len(numbers) > 0 {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("catalog: %w", err)
		}
		i, err := section.blockOf(numbers[0])
		if err != nil {
			return err
		}
		b, err := x.chunkBlock(i)
		if err != nil {
			return err
		}
		k := &section.blocks[i]
		for len(numbers) > 0 && numbers[0] < k.end() {
			at := b.sets[numbers[0]-k.first]
			if err := f(b.raw[at[0]:at[1]]); err != nil {
				return fmt.Errorf("catalog: index: block at %d: %w", k.offset, err)
			}
			numbers = numbers[1:]
		}
	}
	return nil
}
