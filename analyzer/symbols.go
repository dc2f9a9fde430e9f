package analyzer

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// Symbols is the set of functions that a program has of one package manager's package, such as a Go module. It is packed: each name is a number of
// 12 bits more than the set needs, so that a name takes about two bytes. A name that the set does not contain may therefore seem to be in it,
// one of 4,096. A name in the set is never missed. The empty Symbols stands for a set that is unknown.
type Symbols string

// spareBits is the number of bits of each number beyond those that number all names.
const spareBits = 12

// SymbolsOf packs the hashes of names, which [SymbolHash] returns. It sorts the list, and leaves out repetitions.
func SymbolsOf(hashes []uint64) Symbols {
	slices.Sort(hashes)
	hashes = slices.Compact(hashes)
	if len(hashes) == 0 || len(hashes) >= 1<<32 {
		return ""
	}
	n := uint64(len(hashes))
	b := binary.AppendUvarint(make([]byte, 0, 5+5*n/2), n)
	last := uint64(0)
	for _, h := range hashes {
		v := scaled(h, n)
		b = binary.AppendUvarint(b, v-last)
		last = v
	}
	return Symbols(b)
}

// SymbolHash returns the hash of a function's name: the path of its package within the module, a point, and its name there, which begins with
// the type of a method's receiver. "html.Parse" and "http2.Transport.RoundTrip" are functions of golang.org/x/net, ".Marshal" is one of a module's
// first package.
func SymbolHash(path, name []byte) uint64 {
	const offset, prime = 14695981039346656037, 1099511628211 // FNV-1a
	h := uint64(offset)
	for _, c := range path {
		h = (h ^ uint64(c)) * prime
	}
	h = (h ^ '.') * prime
	for _, c := range name {
		h = (h ^ uint64(c)) * prime
	}
	// The last bytes of a name change few of the high bits, which scaled uses.
	h ^= h >> 32
	h *= 0x9e3779b97f4a7c15
	return h ^ h>>29
}

// scaled returns the number of a hash in a set of n.
func scaled(hash, n uint64) uint64 {
	hi, _ := bits.Mul64(hash, n<<spareBits)
	return hi
}

// HasAny reports whether the set has one of the hashes, or is damaged.
func (s Symbols) HasAny(hashes ...uint64) bool {
	d := unpacker{rest: string(s)}
	n := d.number()
	if d.bad || n == 0 || n >= 1<<32 {
		return true
	}
	wanted := make([]uint64, len(hashes))
	for i, h := range hashes {
		wanted[i] = scaled(h, n)
	}
	slices.Sort(wanted)
	value := uint64(0)
	for range n {
		value += d.number()
		for len(wanted) > 0 && wanted[0] < value {
			wanted = wanted[1:]
		}
		if d.bad || len(wanted) > 0 && wanted[0] == value {
			return true
		}
	}
	return d.rest != ""
}
