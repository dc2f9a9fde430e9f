package inflate

const (
	// pairAfter is how much a block must write before its literals are paired: that takes as long as decoding a few hundred
	// bytes.
	pairAfter = 1 << 10

	// pairShare is how likely a pair must be, in percent. Below that a loop whose output advances by one byte or by two gains
	// less than it loses.
	pairShare = 40
)

// pairsPay reports whether it is likely that a lookup finds two literals, given the lengths of their codes. An encoder gives a
// symbol a code of n bits if one in 2ⁿ symbols is it.
func pairsPay(lengths []uint8) bool {
	var count [maxCode + 1]int
	for _, n := range lengths {
		count[n&15]++
	}
	likely := 0 // of 1 << (2*litLenBits)
	for n := 1; n < litLenBits; n++ {
		for m := 1; m <= litLenBits-n; m++ {
			likely += count[n] * count[m] << (2*litLenBits - n - m)
		}
	}
	return likely*100 >= pairShare<<(2*litLenBits)
}

// pair changes the entries of literals that the code of another one follows within the index, so that they yield both. It
// begins at the end, because the entry of what follows has a lower index and must not be a pair yet.
func pair(entries []uint32) {
	for i := len(entries) - 1; i >= 0; i-- {
		e := entries[i]
		if e < literal {
			continue
		}
		next := entries[i>>(e&usedMask)]
		if used := e&usedMask + next&usedMask; next>>countShift == 1 && used <= litLenBits {
			entries[i] = 2<<countShift | next<<8&(0xff<<(literalShift+8)) | e&(0xff<<literalShift) | e&(usedMask<<codeShift) | used
		}
	}
}
