// Package symbols packs sets of functions. Analyzers record the functions of a program, and the matcher asks whether it has those with a
// vulnerability.
package symbols

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// Any is the path of a package that is unknown.
const Any = "*"

// spareBits is the number of bits of each number in a set beyond those that number all names.
const spareBits = 12

const maxNames = 1 << 32

// Pack returns a set of names, given their hashes, which it sorts. A name takes about two bytes. Has may therefore find another name in the set,
// one of 4,096, but never misses one. The set is empty without names.
func Pack(hashes []uint64) string {
	slices.Sort(hashes)
	hashes = slices.Compact(hashes)
	n := uint64(len(hashes))
	if n == 0 || n >= maxNames {
		return ""
	}
	b := binary.AppendUvarint(make([]byte, 0, 8+5*n/2), n)
	last := uint64(0)
	for _, h := range hashes {
		v := scaled(h, n)
		b = binary.AppendUvarint(b, v-last)
		last = v
	}
	return string(b)
}

// Hash returns the hash of a function's name: the path of its package within the module, and the name there, which begins with the type of a
// method's receiver. "html" with "Parse" and "http2" with "Transport.RoundTrip" are functions of golang.org/x/net.
func Hash(path, name []byte) uint64 {
	const offset, prime = 14695981039346656037, 1099511628211 // FNV-1a
	h := uint64(offset)
	for _, c := range path {
		h = (h ^ uint64(c)) * prime
	}
	h = (h ^ '\n') * prime
	for _, c := range name {
		h = (h ^ uint64(c)) * prime
	}
	// The last bytes change few of the high bits, which scaled uses.
	h ^= h >> 32
	h *= 0x9e3779b97f4a7c15
	return h ^ h>>29
}

// scaled returns the number of a hash in a set of n.
func scaled(hash, n uint64) uint64 {
	hi, _ := bits.Mul64(hash, n<<spareBits)
	return hi
}

// Has reports whether a set has one of the hashes, or is damaged. An empty set has none.
func Has(set string, hashes []uint64) bool {
	if set == "" {
		return false
	}
	n, set := next(set)
	if n == 0 || n >= maxNames {
		return true
	}
	wanted := make([]uint64, len(hashes))
	for i, h := range hashes {
		wanted[i] = scaled(h, n)
	}
	slices.Sort(wanted)
	value := uint64(0)
	for range n {
		if set == "" {
			return true
		}
		var more uint64
		more, set = next(set)
		value += more
		for len(wanted) > 0 && wanted[0] < value {
			wanted = wanted[1:]
		}
		if len(wanted) > 0 && wanted[0] == value {
			return true
		}
	}
	return set != ""
}

// next returns the first number of a text, and the rest. The form is that of encoding/binary.
func next(s string) (n uint64, rest string) {
	for i := range min(len(s), binary.MaxVarintLen64) {
		n |= uint64(s[i]&0x7f) << (7 * i)
		if s[i] < 0x80 {
			return n, s[i+1:]
		}
	}
	return 0, ""
}
