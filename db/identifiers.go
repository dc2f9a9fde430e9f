package db

import (
	"context"
	"hash/maphash"
	"slices"
)

// An identifierIndex tells in which blocks an identifier may be.
type identifierIndex struct {
	seed   maphash.Seed
	places []place
	// Each entry has 40 bits of the hash of an identifier above the number of a place. They are sorted.
	entries []uint64
}

const placeBits = 24 // more blocks than the largest file has

func (x *identifierIndex) key(id string) uint64 {
	return maphash.String(x.seed, id) &^ (1<<placeBits - 1)
}

// find returns the numbers of the places where one of the identifiers may be, sorted.
func (x *identifierIndex) find(ids []string) []int {
	var list []int
	for _, id := range ids {
		k := x.key(id)
		i, _ := slices.BinarySearch(x.entries, k)
		for ; i < len(x.entries) && x.entries[i]&^(1<<placeBits-1) == k; i++ {
			list = append(list, int(x.entries[i]&(1<<placeBits-1)))
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// IndexIdentifiers lets [DB.Find] read only the blocks that have an identifier. It reads the whole file once, and keeps eight bytes in memory for
// each identifier of each block. It may run while others use d.
func (d *DB) IndexIdentifiers(ctx context.Context) error {
	x := &identifierIndex{seed: maphash.MakeSeed()}
	for at, err := range d.places(d.announce(ctx)) {
		var b *block
		if err == nil {
			b, err = d.scratchBlock(at)
		}
		if err != nil {
			return err
		}
		if len(x.places) == 1<<placeBits {
			return nil // Find does not change
		}
		first := len(x.entries)
		for _, refs := range [][]uint32{b.notes.id, b.notes.aliases.refs, b.verdicts.updates.refs} {
			for _, s := range refs {
				x.entries = append(x.entries, x.key(b.str(s))|uint64(len(x.places)))
			}
		}
		d.release(b)
		own := x.entries[first:]
		slices.Sort(own)
		x.entries = x.entries[:first+len(slices.Compact(own))]
		x.places = append(x.places, at)
	}
	slices.Sort(x.entries)
	x.entries = slices.Clip(x.entries)
	d.identifiers.Store(x)
	return nil
}
