package inflate

const (
	// pairAfter is the output of a block, in bytes, after which pair may change its table. Changing the table takes as long as
	// decoding about 1,000 bytes, so short blocks go without.
	pairAfter = 1 << 10

	// pairShare is the least share of pairs among symbols, in percent. With fewer pairs the loop loses time, because it finds
	// out from the entry where the next byte goes.
	pairShare = 40
)

// pairsPay estimates how many symbols begin a pair of literals, given the lengths of the literals' codes. Encoders choose a
// code of n bits for a symbol that one in 2ⁿ symbols is.
func pairsPay(lengths []uint8) bool {
	var count [maxCode + 1]int
	for _, n := range lengths {
		count[n&15]++
	}
	share := 0 // of 1 << (2*litLenBits)
	for n := 1; n < litLenBits; n++ {
		for m := 1; m <= litLenBits-n; m++ {
			share += count[n] * count[m] << (2*litLenBits - n - m)
		}
	}
	return share >= pairShare<<(2*litLenBits)/100
}

// pair puts two literals into each entry of a first table whose index contains the codes of both. It proceeds from the end,
// because the second literal's entry has a lower index and must still be single.
func pair(entries []uint32) {
	for i := len(entries) - 1; i >= 0; i-- {
		e := entries[i]
		if e < literal {
			continue
		}
		next := entries[i>>(e&usedMask)]
		if used := e&usedMask + next&usedMask; next>>countShift == 1 && used <= litLenBits {
			entries[i] = 2<<countShift | asSecond(next) | e&(0xff<<literalShift) | e&(usedMask<<codeShift) | used
		}
	}
}

// asSecond returns the literal of an entry as the second of two.
func asSecond(e uint32) uint32 { return e & (0xff << literalShift) << 8 }
