// Package symbols packs sets of functions. Analyzers record the functions of a program, and the matcher asks whether it has those with a
// vulnerability.
package symbols

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"
)

// Any is the path of a package that is unknown.
const Any = "*"

// spareBits is the number of bits of each number in a set beyond those that number all names.
const spareBits = 12

const maxNames = 1 << 32

// Pack returns a set of names, given their hashes, which it sorts. A name takes about two bytes. Has may therefore find another name in the set,
// one of 4,096, but never misses one. The set is empty without names.
func Pack(hashes []Hash) string {
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

// A Hash is that of a function's name, which [In] begins.
type Hash uint64

// In returns the Hash of a package, given its path within the module.
func In(path string) Hash { return Hash(0).Of([]byte(path)) }

// Named returns the Hash of a function or a method of a package: "Parse", "Transport.RoundTrip".
func (h Hash) Named(name string) Hash {
	for part := range strings.SplitSeq(name, ".") {
		h = h.Of([]byte(part))
	}
	return h
}

// Of returns the Hash of one more part of a name: a type, and then its method.
func (h Hash) Of(part []byte) Hash {
	const a, b = 0x9e3779b97f4a7c15, 0xd6e8feb86659fd93
	mix := func(x uint64) uint64 {
		hi, lo := bits.Mul64(x, a)
		return hi ^ lo
	}
	x := uint64(h) + b*uint64(len(part)+1)
	for len(part) >= 8 {
		x = mix(x ^ binary.LittleEndian.Uint64(part))
		part = part[8:]
	}
	rest := uint64(0)
	for i, c := range part {
		rest |= uint64(c) << (8 * i)
	}
	return Hash(mix(mix(x^rest) ^ b))
}

// scaled returns the number of a Hash in a set of n.
func scaled(h Hash, n uint64) uint64 {
	hi, _ := bits.Mul64(uint64(h), n<<spareBits)
	return hi
}

// Has reports whether a set has one of the hashes, or is damaged. An empty set has no names.
func Has(set string, hashes []Hash) bool {
	if set == "" {
		return false
	}
	n, set, ok := next(set)
	if !ok || n == 0 || n >= maxNames {
		return true
	}
	wanted := make([]uint64, len(hashes))
	for i, h := range hashes {
		wanted[i] = scaled(h, n)
	}
	slices.Sort(wanted)
	value := uint64(0)
	for range n {
		var more uint64
		if more, set, ok = next(set); !ok {
			return true
		}
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

// next returns the first number of a text, and the rest. It returns false if the text has no number. The form is that of
// encoding/binary.
func next(s string) (n uint64, rest string, ok bool) {
	for i := range min(len(s), binary.MaxVarintLen64) {
		n |= uint64(s[i]&0x7f) << (7 * i)
		if s[i] < 0x80 {
			return n, s[i+1:], true
		}
	}
	return 0, "", false
}
