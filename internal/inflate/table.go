package inflate

import "math/bits"

// A decoding table is indexed by the next bits of the input. Each entry packs, into 32 bits, everything that the symbol
// asks for, so one load yields it:
//
//	bits 0-5    how many bits of input the symbol uses, extra bits included
//	bits 8-13   how many of them are the code, which tells where the extra bits begin
//	bits 16-31  base of the length or distance, to which the extra bits are added
//
// A literal has its count, 1 or 2, in bits 30 and 31, the first byte in bits 14-21 and the second one in bits 22-29.
// Lengths leave bits 30 and 31 free. With the bit special an entry is the end of a block, a symbol or code that does not
// exist, or a pointer to a second table: its start is the base, and the bits that index it are those of the code.
const (
	usedMask   = 1<<6 - 1
	codeShift  = 8
	valueShift = 16

	literal      = 1 << countShift // a symbol of lengths that is not less is a literal
	countShift   = 30
	literalShift = 14

	special  = 1 << 7
	endBlock = 1 << 14
	invalid  = 1 << 15
)

const (
	maxCode     = 15 // bits
	litLenBits  = 11 // of the first table; more cost more to build than they save
	litLenMask  = 1<<litLenBits - 1
	distBits    = 8
	distMask    = 1<<distBits - 1
	lengthBits  = 7
	maxLitLens  = 288
	maxDists    = 32
	litLenSize  = 2342 // entries of the first table and the second ones, as zlib's enough.c finds for 288 symbols, 11 and 15 bits
	distSize    = 402  // for 32 symbols, 8 and 15 bits
	endOfBlock  = 256
	maxLitLenOK = 286 // symbols that a dynamic block may define
	maxDistOK   = 30
)

// build fills entries with the table of a code, given the length of each symbol's code, or 0. Its first table takes first
// bits. It reports whether the code is one that zlib accepts: complete, or a single code of one bit, or empty.
//
// A code is read from its first bit on, but an index has it in the lowest bit, so codes go into the table reversed. Symbols
// are placed in the order of their codes. Whenever codes become longer by a bit, what is in the table is doubled: a copy is
// faster than a strided loop for each symbol.
func build(entries []uint32, first uint, lengths []uint8, symbols []uint32) (least uint, ok bool) {
	var count [maxCode + 1]int
	for _, n := range lengths {
		count[n&15]++
	}
	used := len(lengths) - count[0]
	count[0] = 0
	if used == 0 {
		fill(entries[:1<<first], special|invalid)
		return 0, true
	}
	var next [maxCode + 2]int // where symbols of a length go in order
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
	var order [maxLitLens]uint16
	for s, n := range lengths {
		if n > 0 {
			order[next[n&15]] = uint16(s)
			next[n&15]++
		}
	}
	if single {
		entries[0], entries[1] = symbols[order[0]]+1|1<<codeShift, special|invalid
		double(entries, 2, 1<<first)
		return 1, true
	}
	place(entries, first, least, &count, order[:used], symbols)
	return least, true
}

// place fills a table with the symbols of a complete code, which are in the order of their codes.
func place(entries []uint32, first, least uint, count *[maxCode + 1]int, order []uint16, symbols []uint32) {
	n := least
	size := 1 << n
	code := 0 // reversed
	for i := 0; ; {
		for range count[n] {
			entries[code] = symbols[order[i]] + uint32(n)*(1|1<<codeShift)
			i++
			if code == size-1 { // all ones: the last code
				double(entries, size, 1<<first)
				return
			}
			code = after(code, size)
		}
		n++
		if n > first {
			placeSecond(entries, first, n, code, count, order[i:], symbols)
			return
		}
		copy(entries[size:2*size], entries[:size])
		size *= 2
	}
}

// placeSecond fills the second tables, for codes that are longer than the first one's bits. Each has as many bits as the
// longest of its codes.
func placeSecond(entries []uint32, first, n uint, code int, count *[maxCode + 1]int, order []uint16, symbols []uint32) {
	mask := 1<<first - 1
	end := 1 << first // of all tables so far
	start, size, prefix := 0, 0, -1
	for i := 0; i < len(order); {
		left := count[n]
		for ; left > 0; left-- {
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
			e := symbols[order[i]] + uint32(n-first)*(1|1<<codeShift)
			i++
			for j := code >> first; j < size; j += 1 << (n - first) {
				entries[start+j] = e
			}
			if i == len(order) {
				return
			}
			code = after(code, 1<<n)
		}
		n++
	}
}

// after returns the code that follows a reversed code, which is not the last one, of those with indices below size.
func after(code, size int) int {
	high := 1 << (bits.Len(uint(code^(size-1))) - 1) // the last zero in the order of the stream becomes one, all behind it zero
	return code&(high-1) | high
}

// double repeats the first size entries up to the given number.
func double(entries []uint32, size, to int) {
	for ; size < to; size *= 2 {
		copy(entries[size:2*size], entries[:size])
	}
}

func fill(entries []uint32, e uint32) {
	for i := range entries {
		entries[i] = e
	}
}
