package inflate

import "sync"

const (
	maxLitLens = 288 // symbols of the fixed code for literals and lengths
	maxDists   = 32
	maxLengths = 19 // symbols of the code for lengths of codes

	dynamicLitLens = 286 // symbols that a block can have in a code of its own
	dynamicDists   = 30

	endSymbol = 256
)

// The entries of symbols without their codes (RFC 1951, sections 3.2.5 and 3.2.7).
var (
	litLenSymbols = makeLitLenSymbols()
	distSymbols   = makeDistSymbols()
	lengthSymbols = makeLengthSymbols()
)

func makeLitLenSymbols() (s [maxLitLens]uint32) {
	for i := range 256 {
		s[i] = 1<<countShift | uint32(i)<<literalShift
	}
	s[endSymbol] = special | endBlock
	base := uint32(3)
	for i := endSymbol + 1; i < 285; i++ {
		extra := uint32(max(i-261, 0) / 4)
		s[i] = base<<valueShift | extra
		base += 1 << extra
	}
	s[285] = maxMatch << valueShift
	s[286], s[287] = special|invalid, special|invalid
	return s
}

func makeDistSymbols() (s [maxDists]uint32) {
	base := uint32(1)
	for i := range dynamicDists {
		extra := uint32(max(i-2, 0) / 2)
		s[i] = base<<valueShift | extra
		base += 1 << extra
	}
	s[30], s[31] = special|invalid, special|invalid
	return s
}

func makeLengthSymbols() (s [maxLengths]uint32) {
	for i := range s {
		s[i] = uint32(i) << valueShift
	}
	return s
}

// tables decode the symbols of a block.
type tables struct {
	litLen      [litLenSize]uint32
	dist        [distSize]uint32
	leastLitLen uint // the least number of bits that the rest of the block has
	leastDist   uint // the length of the shortest code for a distance
}

// fixed returns the tables for blocks with fixed codes (RFC 1951, section 3.2.6).
var fixed = sync.OnceValue(func() *tables {
	var lengths [maxLitLens + maxDists]uint8
	for i := range lengths {
		switch {
		case i < 144:
			lengths[i] = 8
		case i < 256:
			lengths[i] = 9
		case i < 280:
			lengths[i] = 7
		case i < maxLitLens:
			lengths[i] = 8
		default:
			lengths[i] = 5
		}
	}
	t := new(tables)
	t.build(lengths[:maxLitLens], lengths[maxLitLens:])
	return t
})

// build makes the tables from the lengths of codes. It returns false if the standard library rejects a code.
func (t *tables) build(litLens, dists []uint8) bool {
	var ok1, ok2 bool
	t.leastLitLen, ok1 = build(t.litLen[:], litLenBits, litLens, litLenSymbols[:])
	t.leastDist, ok2 = build(t.dist[:], distBits, dists, distSymbols[:])
	// The end of the block is yet to come, so at least the bits of its code are.
	t.leastLitLen = max(t.leastLitLen, uint(litLens[endSymbol]))
	return ok1 && ok2
}
