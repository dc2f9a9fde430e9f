package inflate

import "math/bits"

// A table decodes one code. Its index is the next bits of the input. An entry packs everything about a symbol into 32 bits, so
// that one load yields it:
//
//	bits 0-5    number of bits that the symbol uses, with its extra bits
//	bits 8-13   number of bits in its code alone; the extra bits begin there
//	bits 16-31  base of the length or distance, to add the extra bits to
//
// An entry for literals holds their number, 1 or 2, in bits 30 and 31, the first byte in bits 14-21 and the second byte in bits
// 22-29. Bases of lengths leave bits 30 and 31 clear.
//
// The bit special marks the end of a block, symbols and codes that do not exist, and links to a second table. A link holds the
// start of that table as its base, and the number of bits in that table's index as its code.
const (
	usedMask   = 1<<6 - 1
	codeShift  = 8
	valueShift = 16

	literal      = 1 << countShift // entries for literals are at least this large
	countShift   = 30
	literalShift = 14

	special  = 1 << 7
	endBlock = 1 << 14
	invalid  = 1 << 15
)

const (
	maxCode = 15 // bits

	// The bits in an index of a first table. Larger tables cost more to build than they save.
	litLenBits = 11
	litLenMask = 1<<litLenBits - 1
	distBits   = 8
	distMask   = 1<<distBits - 1
	lengthBits = 7

	// The number of entries in the first table and all second tables, as zlib's enough.c computes it.
	litLenSize = 2342 // for 288 symbols
	distSize   = 402  // for 32 symbols
)

// build fills a table, given the length of each symbol's code, or 0, and the entries of the symbols without codes. The index
// of the first table has first bits. It returns the length of the shortest code, and false for a code that the standard
// library rejects. A code must be complete, unless it is empty or a single code of one bit.
//
// Codes arrive with their first bit first, which is the lowest bit of an index. Table indices are therefore reversed codes.
func build(entries []uint32, first uint, lengths []uint8, symbols []uint32) (least uint, ok bool) {
	var count [maxCode + 1]int // symbols by the length of their codes
	for _, n := range lengths {
		count[n&15]++
	}
	used := len(lengths) - count[0]
	count[0] = 0
	if used == 0 {
		entries[0] = special | invalid
		repeatEntries(entries, 1, 1<<first)
		return 0, true
	}
	var next [maxCode + 2]int // by length: where the next symbol goes in order
	space := 0                // of 1<<maxCode
	for n := 1; n <= maxCode; n++ {
		next[n+1] = next[n] + count[n]
		space += count[n] << (maxCode - n)
		if least == 0 && count[n] > 0 {
			least = uint(n)
		}
	}
	single := used == 1 && least == 1
	if space != 1<<maxCode && !single {
		return 0, false
	}
	var order [maxLitLens]uint16 // symbols in the order of their codes
	for s, n := range lengths {
		if n > 0 {
			order[next[n&15]] = uint16(s)
			next[n&15]++
		}
	}
	if single {
		entries[0], entries[1] = withCode(symbols[order[0]], 1), special|invalid
		repeatEntries(entries, 2, 1<<first)
		return 1, true
	}
	fill(entries, first, least, &count, order[:used], symbols)
	return least, true
}

// withCode returns the entry of a symbol with a code of n bits.
func withCode(symbol uint32, n uint) uint32 { return symbol + uint32(n)*(1<<codeShift+1) }

// fill fills the tables of a complete code. Whenever codes become a bit longer, it doubles the table. A copy is faster than one
// strided loop per symbol.
func fill(entries []uint32, first, n uint, count *[maxCode + 1]int, order []uint16, symbols []uint32) {
	size := 1 << n
	code := 0 // reversed
	for {
		for _, s := range order[:count[n]] {
			entries[code] = withCode(symbols[s], n)
			if code == size-1 { // all ones: the last code
				repeatEntries(entries, size, 1<<first)
				return
			}
			code = nextCode(code, size)
		}
		order = order[count[n]:]
		if n++; n > first {
			fillSecond(entries, first, n, code, count, order, symbols)
			return
		}
		repeatEntries(entries, size, 2*size)
		size *= 2
	}
}

// fillSecond fills the second tables, for codes of n and more bits. Codes with the same first bits share a table. Its index has
// as many bits as its longest code needs.
func fillSecond(entries []uint32, first, n uint, code int, count *[maxCode + 1]int, order []uint16, symbols []uint32) {
	mask := 1<<first - 1
	end := 1 << first // of all tables so far
	start, size, prefix := 0, 0, -1
	for ; len(order) > 0; n++ {
		for left := count[n]; left > 0; left-- {
			if code&mask != prefix {
				prefix = code & mask
				more := n - first
				for space := left; space < 1<<more; {
					more++
					space = 2*space + count[first+more]
				}
				start, size = end, 1<<more
				end += size
				entries[prefix] = uint32(start)<<valueShift | special | uint32(more)<<codeShift | uint32(first)
			}
			e := withCode(symbols[order[0]], n-first)
			for i := code >> first; i < size; i += 1 << (n - first) {
				entries[start+i] = e
			}
			if order = order[1:]; len(order) > 0 {
				code = nextCode(code, 1<<n)
			}
		}
	}
}

// nextCode returns the successor of a reversed code, which must not be the last code below size. In the order of the stream, the
// last zero becomes a one, and the ones after it become zeros.
func nextCode(code, size int) int {
	one := 1 << (bits.Len(uint(code^(size-1))) - 1)
	return code&(one-1) | one
}

// repeatEntries repeats the first size entries until there are as many as to.
func repeatEntries(entries []uint32, size, to int) {
	for ; size < to; size *= 2 {
		copy(entries[size:2*size], entries[:size])
	}
}
