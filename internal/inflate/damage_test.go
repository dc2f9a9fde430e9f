package inflate

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
)

// samples returns short streams of all kinds: fifty at least.
func samples(t testing.TB) map[string]sample {
	t.Helper()
	list := map[string]sample{}
	all := contents()
	for _, e := range encoders() {
		for _, name := range []string{"empty", "short", "text", "mixed"} {
			content := all[name]
			content = content[max(0, len(content)-900):]
			list[e.name+", "+name] = sample{e.format, e.encode(t, content)}
		}
	}
	return list
}

type sample struct {
	format Format
	stored []byte
}

// TestTruncated cuts streams off at every byte.
func TestTruncated(t *testing.T) {
	list := samples(t)
	if len(list) < 50 {
		t.Errorf("%d streams", len(list))
	}
	for name, s := range list {
		for n := range len(s.stored) {
			if sameIn(t, s.format, s.stored[:n], []way{ways[0], ways[1+n%(len(ways)-1)]}); t.Failed() {
				t.Fatalf("%s, %d of %d bytes", name, n, len(s.stored))
			}
		}
	}
}

// TestFlippedBits flips bits of streams, one at a time: all of some streams, every seventh of the others.
func TestFlippedBits(t *testing.T) {
	for name, s := range samples(t) {
		b := bytes.Clone(s.stored)
		step := 7
		if len(b)%8 == 0 {
			step = 1
		}
		for i := len(name) % step; i < 8*len(b); i += step {
			b[i/8] ^= 1 << (i % 8)
			if sameIn(t, s.format, b, ways[i%len(ways):][:1]); t.Failed() {
				t.Fatalf("%s, bit %d", name, i)
			}
			b[i/8] ^= 1 << (i % 8)
		}
	}
}

// TestRandomInput decodes noise, bare and behind headers that are right.
func TestRandomInput(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	heads := map[Format][]byte{Deflate: nil, Zlib: {0x78, 0x9c}, Gzip: {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0}}
	for i := range 3000 {
		for f, head := range heads {
			b := bytes.Clone(head)
			for range r.IntN(200) {
				b = append(b, byte(r.Uint32()))
			}
			if sameIn(t, f, b, ways[i%len(ways):][:1]); t.Failed() {
				t.Fatalf("% x", b)
			}
		}
	}
}

// TestSourceErrors passes on the error of a source, at each byte, behind all that came before it.
func TestSourceErrors(t *testing.T) {
	for name, s := range samples(t) {
		for n := 0; n <= len(s.stored); n += 1 + n/10 {
			failed := fmt.Errorf("failed at %d", n)
			want, wantErr := standard(&failing{s.stored[:n], failed}, s.format)
			for _, w := range ways {
				got, err := inflate(&failing{s.stored[:n], failed}, s.format, w)
				if problem := differs(got, err, want, wantErr); problem != "" {
					t.Fatalf("%s, %d of %d bytes, %s: %s", name, n, len(s.stored), w.name, problem)
				}
			}
		}
	}
}

// failing gives some bytes and then an error.
type failing struct {
	rest []byte
	err  error
}

func (f *failing) Read(p []byte) (int, error) {
	if len(f.rest) == 0 {
		return 0, f.err
	}
	n := copy(p, f.rest)
	f.rest = f.rest[n:]
	return n, nil
}
