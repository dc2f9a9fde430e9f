package inflate

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
)

func repeat(n uint8, times int) []uint8 { return bytes.Repeat([]uint8{n}, times) }

// litLens returns lengths of codes up to the end of the block: 255 literals and the end, of eight bits.
func litLens() []uint8 { return append(append(repeat(8, 255), 0), 8) }

func TestBlocks(t *testing.T) {
	litLen, dist := fixedCodes()
	long := bytes.Repeat([]byte("0123456789abcdef"), 4096)[:65535]
	one := append(repeat(0, 256), 1) // a single code: the end
	deep := make([]uint8, 286)       // 1, 2, 3, ... 15, 15 bits
	for i := range 15 {
		deep[240+i] = uint8(i + 1)
	}
	deep[256] = 15
	deepDists := []uint8{15, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1}
	for _, c := range []struct {
		name  string
		build func(b *builder)
		want  any // length of the output, or error
	}{
		{"nothing", func(b *builder) {}, io.ErrUnexpectedEOF},
		{"stored, empty", func(b *builder) { b.stored(true, nil) }, 0},
		{"stored, empty ones", func(b *builder) { b.stored(false, nil).stored(false, nil).stored(true, nil) }, 0},
		{"stored, longest", func(b *builder) { b.stored(false, long).stored(false, long).stored(true, long) }, 3 * 65535},
		{"stored, complement", func(b *builder) { b.header(true, 0).bits(0, 5).bits(1, 16).bits(1, 16).bits(0, 8) }, flate.CorruptInputError(5)},
		{"stored, cut off", func(b *builder) { b.header(true, 0).bits(0, 5).bits(1, 16).bits(0xfffe, 16) }, io.ErrUnexpectedEOF},
		{"third kind", func(b *builder) { b.header(true, 3).bits(0, 100) }, flate.CorruptInputError(1)},
		{"fixed, empty", func(b *builder) { b.header(true, 1).symbol(litLen, 256) }, 0},
		{"fixed, after stored", func(b *builder) {
			b.stored(false, long).header(true, 1).match(litLen, dist, 258, 32768).match(litLen, dist, 3, 32768).symbol(litLen, 256)
		}, 65535 + 261},
		{"fixed, symbol 286", func(b *builder) { b.header(true, 1).symbol(litLen, 'a').symbol(litLen, 286).bits(0, 99) }, flate.CorruptInputError(3)},
		{"fixed, symbol 287", func(b *builder) { b.header(true, 1).symbol(litLen, 'a').symbol(litLen, 287).bits(0, 99) }, flate.CorruptInputError(3)},
		{"fixed, distance 30", func(b *builder) {
			b.header(true, 1).symbol(litLen, 'a').symbol(litLen, 257).symbol(dist, 30).bits(0, 99)
		}, flate.CorruptInputError(3)},
		{"fixed, distance 31", func(b *builder) {
			b.header(true, 1).symbol(litLen, 'a').symbol(litLen, 257).symbol(dist, 31).bits(0, 99)
		}, flate.CorruptInputError(3)},
		{"distance before the start", func(b *builder) {
			b.header(true, 1).symbol(litLen, 'a').match(litLen, dist, 3, 2).symbol(litLen, 256).bits(0, 99)
		}, flate.CorruptInputError(3)},
		{"distance to the start", func(b *builder) {
			b.header(true, 1).symbol(litLen, 'a').match(litLen, dist, 258, 1).match(litLen, dist, 258, 259).symbol(litLen, 256)
		}, 517},
		{"no distances, none used", func(b *builder) {
			l, _ := b.dynamic(true, litLens(), []uint8{0})
			b.symbol(l, 'a').symbol(l, 256)
		}, 1},
		{"no distances, one used", func(b *builder) {
			lens := append(append(repeat(8, 254), 0, 0), 8, 8)
			l, _ := b.dynamic(true, lens, []uint8{0})
			b.symbol(l, 'a').symbol(l, 257).bits(0, 99)
		}, flate.CorruptInputError(0)},
		{"one distance", func(b *builder) {
			lens := append(append(repeat(8, 254), 0, 0), 8, 8)
			l, d := b.dynamic(true, lens, []uint8{1})
			b.symbol(l, 'a').match(l, d, 3, 1).symbol(l, 256)
		}, 4},
		{"one distance, the other bit", func(b *builder) {
			lens := append(append(repeat(8, 254), 0, 0), 8, 8)
			l, _ := b.dynamic(true, lens, []uint8{1})
			b.symbol(l, 'a').symbol(l, 257).bits(1, 1).bits(0, 99)
		}, flate.CorruptInputError(0)},
		{"one distance of two bits", func(b *builder) { b.dynamic(true, litLens(), []uint8{2}); b.bits(0, 99) }, flate.CorruptInputError(0)},
		{"one symbol", func(b *builder) { l, _ := b.dynamic(true, one, []uint8{0}); b.symbol(l, 256) }, 0},
		{"one symbol, the other bit", func(b *builder) { b.dynamic(true, one, []uint8{0}); b.bits(1, 1).bits(0, 99) }, flate.CorruptInputError(0)},
		{"no symbols", func(b *builder) { b.dynamic(true, repeat(0, 257), []uint8{0}); b.bits(0, 99) }, flate.CorruptInputError(0)},
		{"over-subscribed", func(b *builder) { b.dynamic(true, append(litLens(), 8), []uint8{0}); b.bits(0, 99) }, flate.CorruptInputError(0)},
		{"under-subscribed", func(b *builder) { b.dynamic(true, litLens()[1:], []uint8{0}); b.bits(0, 99) }, flate.CorruptInputError(0)},
		{"over-subscribed distances", func(b *builder) { b.dynamic(true, litLens(), []uint8{1, 1, 1}); b.bits(0, 99) }, flate.CorruptInputError(0)},
		{"under-subscribed distances", func(b *builder) { b.dynamic(true, litLens(), []uint8{2, 2, 2}); b.bits(0, 99) }, flate.CorruptInputError(0)},
		{"over-subscribed lengths", func(b *builder) { b.header(true, 2).bits(0, 10).bits(15, 4).bits(0x249249, 57).bits(0, 99) }, flate.CorruptInputError(0)},
		{"no lengths", func(b *builder) { b.header(true, 2).bits(0, 10).bits(15, 4).bits(0, 57).bits(0, 99) }, flate.CorruptInputError(0)},
		{"287 symbols", func(b *builder) { b.header(true, 2).bits(30, 5).bits(0, 5).bits(15, 4).bits(0, 99) }, flate.CorruptInputError(0)},
		{"288 symbols", func(b *builder) { b.header(true, 2).bits(31, 5).bits(0, 5).bits(15, 4).bits(0, 99) }, flate.CorruptInputError(0)},
		{"31 distances", func(b *builder) { b.header(true, 2).bits(0, 5).bits(30, 5).bits(15, 4).bits(0, 99) }, flate.CorruptInputError(0)},
		{"32 distances", func(b *builder) { b.header(true, 2).bits(0, 5).bits(31, 5).bits(15, 4).bits(0, 99) }, flate.CorruptInputError(0)},
		{"deepest codes", func(b *builder) {
			for i, final := range []bool{false, true} {
				lens := bytes.Clone(deep)
				if i == 1 {
					lens[255], lens[257] = 0, lens[254]
					lens[254] = 0
				}
				l, d := b.dynamic(final, lens, deepDists)
				for s := range 256 {
					if lens[s] > 0 {
						b.symbol(l, s)
					}
				}
				for _, distance := range []int{1, 2, 3, 4, 5, 7} {
					if lens[257] > 0 {
						b.match(l, d, 3, distance)
					}
				}
				b.symbol(l, 256)
			}
		}, 15 + 14 + 18},
	} {
		b := new(builder)
		c.build(b)
		_, err := standard(bytes.NewReader(b.out), Deflate)
		got := same(t, Deflate, b.out)
		switch want := c.want.(type) {
		case int:
			if len(got) != want || err != nil {
				t.Errorf("%s: %d bytes, %v, want %d", c.name, len(got), err, want)
			}
		case error:
			if fmt.Sprintf("%T", err) != fmt.Sprintf("%T", want) {
				t.Errorf("%s: error %v, want %v", c.name, err, want)
			}
		}
		if t.Failed() {
			t.Fatal(c.name)
		}
	}
}

// TestRepeatedLengths writes lengths of codes with all three kinds of repetition.
func TestRepeatedLengths(t *testing.T) {
	for _, c := range []struct {
		name    string
		symbols [][2]int // and their extra bits
		ok      bool
	}{
		{"across the alphabets", [][2]int{{8, 0}, {18, 127}, {18, 107}, {1, 0}, {1, 0}, {16, 0}}, false},
		{"first of all", [][2]int{{16, 0}}, false},
		{"too many", [][2]int{{18, 127}, {18, 127}}, false},
		{"exactly", [][2]int{{1, 0}, {18, 127}, {18, 106}, {1, 0}, {0, 0}}, true},
		{"zeros to the end", [][2]int{{1, 0}, {18, 127}, {18, 106}, {1, 0}, {17, 7}}, false},
		{"the last again", [][2]int{{18, 127}, {18, 107}, {1, 0}, {16, 0}}, false},
	} {
		b := new(builder)
		b.header(true, 2).bits(0, 5).bits(0, 5).bits(15, 4)
		lengths := make([]uint8, 19)
		lengths[0], lengths[1], lengths[8], lengths[16], lengths[17], lengths[18] = 3, 2, 3, 3, 3, 2
		lengths[8], lengths[2] = 4, 4
		for _, s := range lengthOrder {
			b.bits(uint64(lengths[s]), 3)
		}
		first := canonical(lengths)
		for _, s := range c.symbols {
			b.symbol(first, s[0]).bits(uint64(s[1]), map[int]int{16: 2, 17: 3, 18: 7}[s[0]])
		}
		b.bits(1, 1).bits(0, 99)
		same(t, Deflate, b.out)
		if _, err := standard(bytes.NewReader(b.out), Deflate); (err == nil) != c.ok {
			t.Errorf("%s: error %v", c.name, err)
		}
	}
}

// TestMatches copies every length from many distances, at the edge of the window too.
func TestMatches(t *testing.T) {
	litLen, dist := fixedCodes()
	r := rand.New(rand.NewPCG(3, 4))
	start := make([]byte, 40_000)
	for i := range start {
		start[i] = byte(r.Uint32())
	}
	for distance := 1; distance <= 32768; distance = max(distance+1, distance*r.IntN(8)/4) {
		if distance > 32700 {
			distance = 32768
		}
		b := new(builder)
		b.stored(false, start)
		b.header(true, 1)
		for length := 3; length <= maxMatch; length++ {
			b.match(litLen, dist, length, distance)
			b.symbol(litLen, length&255)
		}
		b.symbol(litLen, 256)
		if got := same(t, Deflate, b.out); t.Failed() {
			t.Fatalf("distance %d: %d bytes", distance, len(got))
		}
	}
}

// TestRandomCodes decodes random symbols of random codes, right and wrong.
func TestRandomCodes(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		b := new(builder)
		blocks := 1 + r.IntN(4)
		for i := range blocks {
			litLens := randomLengths(r, 257+r.IntN(30), 9+r.IntN(7))
			if litLens[256] == 0 { // the end must have a code
				for s, n := range litLens {
					if n > 0 {
						litLens[256], litLens[s] = n, 0
						break
					}
				}
			}
			l, d := b.dynamic(i == blocks-1, litLens, randomLengths(r, 2+r.IntN(29), 5+r.IntN(11)))
			var symbols, literals []int
			for s, n := range litLens {
				if n > 0 && s != 256 {
					symbols = append(symbols, s)
				}
				if n > 0 && s < 256 {
					literals = append(literals, s)
				}
			}
			wrong := r.IntN(8) == 0 // distances may be too far
			for range r.IntN(6000) {
				s := symbols[r.IntN(len(symbols))]
				if s > 256 && !wrong && b.count < 5000 && len(literals) > 0 || r.IntN(3) > 0 && len(literals) > 0 {
					s = literals[r.IntN(len(literals))]
				}
				b.symbol(l, s)
				if s > 256 {
					b.bits(r.Uint64(), int(litLenSymbols[s]&usedMask))
					s = r.IntN(len(d.lengths))
					for d.lengths[s] == 0 || !wrong && s > 14 && r.IntN(500) > 0 {
						s = r.IntN(len(d.lengths))
					}
					b.symbol(d, s).bits(r.Uint64(), int(distSymbols[s]&usedMask))
				}
			}
			b.symbol(l, 256)
		}
		if same(t, Deflate, b.out); t.Failed() {
			return
		}
	}
}
