package inflate

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// fuzz compares a source with the standard library, read in pieces and through a window that follow from the seed.
func fuzz(t *testing.T, f Format, stored []byte, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 0))
	pieces := make([]int, 1+r.IntN(8))
	for i := range pieces {
		if pieces[i] = 1 + r.IntN(16); r.IntN(3) == 0 {
			pieces[i] = 1 + r.IntN(5000)
		}
	}
	w := way{name: "fuzz", limit: historySize + r.IntN(windowSize-roundSize-historySize+1)}
	if r.IntN(2) == 0 {
		w.limit = historySize + r.IntN(600)
	}
	if r.IntN(4) > 0 {
		w.read = r.IntN(70_000) - 2
	}
	w.source = ways[0].source
	want, wantErr := standard(bytes.NewReader(stored), f)
	got, err := inflate(bytes.NewReader(stored), f, w)
	if problem := differs(got, err, want, wantErr); problem != "" {
		t.Errorf("whole: %s", problem)
	}
	got, err = inflate(&sizes{bytes.NewReader(stored), pieces, 0}, f, w)
	if problem := differs(got, err, want, wantErr); problem != "" {
		t.Errorf("pieces of %v, window %d, reads of %d: %s", pieces, w.limit, w.read, problem)
	}
}

func seeds(f *testing.F, formats ...Format) {
	for name, content := range contents() {
		content = content[max(0, len(content)-3000):]
		for i, e := range encoders() {
			if e.format == formats[0] && (name == "text" || i%5 == 0) {
				f.Add(e.encode(f, content), uint64(i))
			}
		}
	}
}

func FuzzInflate(f *testing.F) {
	seeds(f, Deflate)
	b := new(builder)
	litLen, dist := fixedCodes()
	b.stored(false, make([]byte, 100)).header(false, 1).match(litLen, dist, 258, 100).symbol(litLen, 256)
	l, d := b.dynamic(false, append(append(repeat(8, 254), 0, 0), 8, 8), []uint8{1})
	b.symbol(l, 'a').match(l, d, 3, 1).symbol(l, 256).stored(true, nil)
	f.Add(b.out, uint64(0))
	f.Fuzz(func(t *testing.T, stored []byte, seed uint64) { fuzz(t, Deflate, stored, seed) })
}

func FuzzGzip(f *testing.F) {
	seeds(f, Gzip)
	f.Add(append(member(f, flagExtra|flagName|flagHeaderSum, field(5)+"name\x00", []byte("content")), "garbage"...), uint64(0))
	f.Add(append(member(f, 0, "", nil), member(f, flagComment, "comment\x00", []byte("content"))...), uint64(0))
	f.Fuzz(func(t *testing.T, stored []byte, seed uint64) {
		fuzz(t, Gzip, stored, seed)
		fuzz(t, GzipLenient, stored, seed)
		fuzz(t, GzipMember, stored, seed)
	})
}

func FuzzZlib(f *testing.F) {
	seeds(f, Zlib)
	f.Add(pack(f, []byte("content"), []byte("content")), uint64(0))
	f.Fuzz(func(t *testing.T, stored []byte, seed uint64) { fuzz(t, Zlib, stored, seed) })
}
