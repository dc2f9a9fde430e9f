package inflate

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"testing/iotest"
)

// maxOutput is how much output tests compare: a few bytes of input can stand for a thousand times as many.
const maxOutput = 4 << 20

// standard returns what the standard library makes of a source.
func standard(r io.Reader, f Format) ([]byte, error) {
	var z io.Reader
	var err error
	switch f {
	case Deflate:
		z = flate.NewReader(r)
	case Zlib:
		z, err = zlib.NewReader(r)
	case Gzip:
		z, err = gzip.NewReader(r)
	default:
		return standardMembers(r, f)
	}
	if err == io.EOF { // compress/gzip: no members
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return readAll(z)
}

// standardMembers reads members one by one.
func standardMembers(r io.Reader, f Format) ([]byte, error) {
	all, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	src := bytes.NewReader(all)
	z, err := gzip.NewReader(src)
	if err == io.EOF {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []byte
	for {
		z.Multistream(false)
		b, err := readAll(z)
		out = append(out, b...)
		if err != nil || f == GzipMember || !bytes.HasPrefix(all[len(all)-src.Len():], gzipMagic) {
			return out, err
		}
		if err := z.Reset(src); err != nil {
			return out, err
		}
	}
}

// readAll returns all up to maxOutput, and the error that ends it.
func readAll(r io.Reader) ([]byte, error) { return io.ReadAll(io.LimitReader(r, maxOutput)) }

// A way is a way to read a source: how large the reads of the source and of the content are, and where the window moves.
type way struct {
	name   string
	source func(io.Reader) io.Reader
	limit  int // of the window; 0: as usual
	read   int // bytes of the content at once; 0: Next; less: Fill with so many buffers
}

var ways = []way{
	{"whole", func(r io.Reader) io.Reader { return r }, 0, 0},
	{"bytes", iotest.OneByteReader, historySize, 1},
	{"halves", iotest.HalfReader, historySize + 1, 7},
	{"odd", func(r io.Reader) io.Reader { return &sizes{r, []int{3, 1, 13, 2, 9, 10, 11, 31}, 0} }, historySize + 777, 0},
	{"with the error", iotest.DataErrReader, windowSize / 2, 1000},
	{"filled", iotest.HalfReader, historySize + 5000, -2},
	{"empty reads", func(r io.Reader) io.Reader { return &sizes{r, []int{0, 0, 257, 0, 1}, 0} }, historySize + 4*maxMatch, 4096},
}

// sizes reads so many bytes at most, in turn.
type sizes struct {
	r    io.Reader
	each []int
	i    int
}

func (s *sizes) Read(p []byte) (int, error) {
	n := min(len(p), s.each[s.i%len(s.each)])
	s.i++
	if n == 0 {
		return 0, nil
	}
	return s.r.Read(p[:n])
}

// inflate returns what this package makes of a source.
func inflate(r io.Reader, f Format, w way) ([]byte, error) {
	z := NewReader(w.source(r), f)
	defer z.Close()
	if w.limit > 0 {
		z.d.out.limit = w.limit
	}
	var out []byte
	buf := make([]byte, max(w.read, 0))
	buffers := make([][]byte, max(-w.read, 0))
	for i := 0; ; i++ {
		chunk, err := buf, error(nil)
		if w.read == 0 {
			chunk, err = z.Next()
		} else if w.read < 0 {
			b := &buffers[i%len(buffers)]
			if *b == nil {
				*b = make([]byte, WindowSize)
			}
			chunk, err = z.Fill(*b)
		} else {
			var n int
			n, err = z.Read(buf)
			chunk = buf[:n]
		}
		out = append(out, chunk[:min(len(chunk), maxOutput-len(out))]...)
		if err == io.EOF || len(out) == maxOutput {
			return out, nil
		}
		if err != nil {
			return out, err
		}
	}
}

// same compares this package with the standard library, in all ways, and returns the output.
func same(t testing.TB, f Format, stored []byte) []byte {
	t.Helper()
	return sameIn(t, f, stored, ways)
}

func sameIn(t testing.TB, f Format, stored []byte, ways []way) []byte {
	t.Helper()
	want, wantErr := standard(bytes.NewReader(stored), f)
	for _, w := range ways {
		got, err := inflate(bytes.NewReader(stored), f, w)
		if problem := differs(got, err, want, wantErr); problem != "" {
			t.Errorf("%s, %d bytes: %s", w.name, len(stored), problem)
		}
	}
	return want
}

func differs(got []byte, err error, want []byte, wantErr error) string {
	if !bytes.Equal(got, want) {
		n := 0
		for n < min(len(got), len(want)) && got[n] == want[n] {
			n++
		}
		return fmt.Sprintf("%d bytes, %v; the standard library: %d, %v; they differ from %d on", len(got), err, len(want), wantErr, n)
	}
	if err != wantErr && !nearly(err, wantErr) {
		return fmt.Sprintf("error %v; the standard library: %v", err, wantErr)
	}
	return ""
}

// nearly reports whether both errors name a place in the input, at most a code apart: the standard library has sometimes read
// bits that the symbol before did not need.
func nearly(got, want error) bool {
	a, ok1 := got.(flate.CorruptInputError)
	b, ok2 := want.(flate.CorruptInputError)
	return ok1 && ok2 && 0 <= b-a && b-a <= 2
}

// corpus returns the path of outside data.
func corpus(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("HULLMARK_CORPUS")
	if dir == "" {
		t.Skip("HULLMARK_CORPUS is not set")
	}
	return dir
}

// contents are contents of many kinds.
func contents() map[string][]byte {
	r := rand.New(rand.NewPCG(1, 2))
	random := make([]byte, 110_000)
	for i := range random {
		random[i] = byte(r.Uint32())
	}
	few := make([]byte, 70_000)
	for i := range few {
		few[i] = "etaoin s"[r.IntN(8)]
	}
	var text strings.Builder
	words := strings.Fields("window history literal length distance block table code stored fixed dynamic member header trailer")
	for text.Len() < 100_000 {
		fmt.Fprintf(&text, "%s %d ", words[r.IntN(len(words))], r.IntN(1000))
		if r.IntN(50) == 0 {
			text.WriteString(strings.Repeat(words[r.IntN(len(words))][:1+r.IntN(4)], r.IntN(100)))
		}
	}
	mixed := bytes.Join([][]byte{[]byte(text.String()), random[:70_000], make([]byte, 100_000), few}, nil)
	far := append(append(bytes.Clone(random[:32_768]), random[:32_768]...), random[:40_000]...)
	return map[string][]byte{
		"empty": {}, "byte": {'x'}, "short": []byte("hello, hello, hello"), "zeros": make([]byte, 300_000),
		"random": random[:70_000], "few": few, "text": []byte(text.String()), "mixed": mixed, "far": far,
	}
}
