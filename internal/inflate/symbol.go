package inflate

import "sync"

// What symbols stand for, as entries without their codes (RFC 1951, section 3.2.5).
var (
	litLenSymbols = makeLitLenSymbols()
	distSymbols   = makeDistSymbols()
	lengthSymbols = makeLengthSymbols()
)

func makeLitLenSymbols() (s [maxLitLens]uint32) {
	for i := range 256 {
		s[i] = 1<<countShift | uint32(i)<<literalShift
	}
	s[endOfBlock] = special | endBlock
	base := uint32(3)
	for i := endOfBlock + 1; i < 285; i++ {
		extra := uint32(max(i-261, 0) / 4)
		s[i] = base<<valueShift | extra
		base += 1 << extra
	}
	s[285] = 258 << valueShift
	s[286], s[287] = special|invalid, special|invalid // only fixed codes have them
	return s
}

func makeDistSymbols() (s [maxDists]uint32) {
	base := uint32(1)
	for i := range maxDistOK {
		extra := uint32(max(i-2, 0) / 2)
		s[i] = base<<valueShift | extra
		base += 1 << extra
	}
	s[30], s[31] = special|invalid, special|invalid // only fixed codes have them
	return s
}

// makeLengthSymbols returns the symbols that give lengths of codes.
func makeLengthSymbols() (s [19]uint32) {
	for i := range s {
		s[i] = uint32(i) << valueShift
	}
	return s
}

// tables are what a block is decoded with.
type tables struct {
	litLen      [litLenSize]uint32
	dist        [distSize]uint32
	leastLitLen uint // bits that the next symbol has at least
	leastDist   uint
}

// fixed are the tables of blocks with fixed codes (RFC 1951, section 3.2.6).
var fixed = sync.OnceValue(makeFixed)

func makeFixed() *tables {
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
	t.leastLitLen, _ = build(t.litLen[:], litLenBits, lengths[:maxLitLens], litLenSymbols[:])
	t.leastDist, _ = build(t.dist[:], distBits, lengths[maxLitLens:], distSymbols[:])
	return t
}
