package layertoc_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/containerd/stargz-snapshotter/estargz"
	"github.com/klauspost/compress/zstd"

	"github.com/hullmark/hullmark/internal/layertoc"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
)

// layer is a tar stream with files of many sizes, some with holes, some in the way of others.
func layer(t testing.TB) []byte {
	rng := rand.New(rand.NewPCG(1, 2))
	l := new(imagetest.Layer).Dir("etc/").File("etc/empty", "").Symlink("etc/link", "empty")
	for i := range 40 {
		b := make([]byte, rng.IntN(1<<(4+i%13)))
		for k := range b {
			b[k] = byte(rng.IntN(64))
		}
		if i%7 == 0 {
			b = append(b, make([]byte, 20_000)...)
		}
		l.File(fmt.Sprintf("data/%02d", i), string(b))
	}
	l.Hardlink("data/hard", "data/01").Add(tar.Header{Name: "dev/null", Typeflag: tar.TypeChar, Devmajor: 1, Devminor: 3}, nil)
	raw, err := l.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func contents(t testing.TB, raw []byte) map[string]string {
	m := make(map[string]string)
	for r := tar.NewReader(bytes.NewReader(raw)); ; {
		h, err := r.Next()
		if err == io.EOF {
			return m
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			m[h.Name] = string(b)
		}
	}
}

// A source counts what is asked for.
type source struct {
	b               []byte
	requests, bytes int64
}

func (s *source) open(offset, n int64) (io.ReadCloser, error) {
	s.requests++
	s.bytes += n
	return io.NopCloser(io.NewSectionReader(bytes.NewReader(s.b), offset, n)), nil
}

func read(b blob, most int64) (*layertoc.Table, *source, error) {
	ref, ok := layertoc.FromAnnotations(b.annotations)
	if !ok {
		return nil, nil, errors.New("no table is named")
	}
	s := &source{b: b.bytes}
	table, err := layertoc.Read(ref, int64(len(b.bytes)), most, s.open)
	return table, s, err
}

func TestContents(t *testing.T) {
	raw := layer(t)
	want := contents(t, raw)
	for name, b := range map[string]blob{
		"eStargz":                     stargz(t, raw),
		"eStargz in small parts":      stargz(t, raw, estargz.WithChunkSize(1000)),
		"eStargz with shared members": stargz(t, raw, estargz.WithChunkSize(4000), estargz.WithMinChunkSize(20_000)),
		"zstd:chunked":                chunked(t, raw, 1<<30),
		"zstd:chunked with holes":     chunked(t, raw, 1000),
	} {
		t.Run(name, func(t *testing.T) {
			table, s, err := read(b, 1000)
			if err != nil {
				t.Fatal(err)
			}
			for _, step := range []int{1, 3, 17} {
				before := s.requests
				wanted := func(e *layertoc.Entry) bool { return strings.HasSuffix(e.Name, fmt.Sprint(step%10)) }
				r := table.NewReader(wanted)
				seen := 0
				for i := range table.Entries {
					e := &table.Entries[i]
					if e.Type != tar.TypeReg || strings.Contains(e.Name, "landmark") {
						continue
					}
					seen++
					if i%step != 0 && !wanted(e) {
						continue
					}
					got, err := io.ReadAll(r.Content(e))
					if err != nil || string(got) != want[e.Name] {
						t.Fatalf("%s: %d bytes, %v, want %d", e.Name, len(got), err, len(want[e.Name]))
					}
				}
				if seen != len(want) {
					t.Errorf("%d files, want %d", seen, len(want))
				}
				if n := s.requests - before; n > 45 {
					t.Errorf("%d requests", n)
				}
				if err := r.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// A file whose bytes are not those that the table promises is not given to anybody as a whole.
func TestOtherContent(t *testing.T) {
	l, err := new(imagetest.Layer).File("a", strings.Repeat("truth ", 100)).File("b", "more").Bytes()
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range []blob{stargz(t, l), chunked(t, l, 100)} {
		for i := 0; i < len(b.bytes)/2; i += 3 {
			bad := blob{bytes.Clone(b.bytes), b.annotations}
			bad.bytes[i] ^= 0x21
			table, _, err := read(bad, 100)
			if err != nil {
				continue // the table is hit
			}
			r := table.NewReader(func(*layertoc.Entry) bool { return true })
			for k := range table.Entries {
				e := &table.Entries[k]
				want := map[string]string{"a": strings.Repeat("truth ", 100), "b": "more"}[e.Name]
				p := make([]byte, e.Size)
				if _, err := io.ReadFull(r.Content(e), p); err == nil && want != "" && string(p) != want {
					t.Errorf("byte %d changed: %s is %q", i, e.Name, p)
				}
			}
			r.Close()
		}
	}
}

func TestDamaged(t *testing.T) {
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	files := z.EncodeAll([]byte("content"), nil)
	digest := sum([]byte("content"))
	for name, table := range map[string]string{
		"no JSON":                   `{`,
		"no object":                 `[]`,
		"no entries":                `{"version":1}`,
		"entries of another kind":   `{"entries":{}}`,
		"a name that is no text":    `{"entries":[{"type":"reg","name":1}]}`,
		"a part of nothing":         `{"entries":[{"type":"chunk","name":"a"}]}`,
		"a part of another file":    `{"entries":[{"type":"dir","name":"a"},{"type":"chunk","name":"b"}]}`,
		"no digest":                 `{"entries":[{"type":"reg","name":"a","size":7}]}`,
		"a negative size":           `{"entries":[{"type":"reg","name":"a","size":-7,"digest":"` + digest + `"}]}`,
		"a negative offset":         `{"entries":[{"type":"reg","name":"a","size":7,"offset":-1,"digest":"` + digest + `"}]}`,
		"an offset behind the end":  `{"entries":[{"type":"reg","name":"a","size":7,"offset":1000,"digest":"` + digest + `"}]}`,
		"offsets out of order":      `{"entries":[{"type":"reg","name":"a","size":7,"offset":9,"digest":"` + digest + `"},{"type":"reg","name":"b","size":7,"offset":0,"digest":"` + digest + `"}]}`,
		"one place for two":         `{"entries":[{"type":"reg","name":"a","size":7,"digest":"` + digest + `"},{"type":"reg","name":"b","size":7,"digest":"` + digest + `"}]}`,
		"parts larger than the sum": `{"entries":[{"type":"reg","name":"a","size":7,"chunkSize":9,"digest":"` + digest + `"}]}`,
		"parts smaller than it":     `{"entries":[{"type":"reg","name":"a","size":7,"chunkSize":3,"digest":"` + digest + `"}]}`,
		"too many entries":          `{"entries":[` + strings.Repeat(`{"type":"dir","name":"d"},`, 10) + `{"type":"dir","name":"d"}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, err := read(withTable(files, z.EncodeAll([]byte(table), nil), len(table)), 10); !errors.Is(err, layertoc.ErrDamaged) {
				t.Errorf("error %v, want %v", err, layertoc.ErrDamaged)
			}
		})
	}
	bomb := z.EncodeAll(append([]byte(`{"entries":[]`), make([]byte, layertoc.MaxTable)...), nil)
	if _, _, err := read(withTable(files, bomb, 10), 10); !errors.Is(err, layertoc.ErrDamaged) {
		t.Errorf("a table of %d bytes: %v", layertoc.MaxTable, err)
	}
	raw := layer(t)
	for name, change := range map[string]func(*blob){
		"another digest":      func(b *blob) { b.annotations[estargz.TOCJSONDigestAnnotation] = digest },
		"no footer":           func(b *blob) { b.bytes = b.bytes[:len(b.bytes)-1] },
		"less than a footer":  func(b *blob) { b.bytes = b.bytes[:20] },
		"an offset that lies": func(b *blob) { b.bytes[len(b.bytes)-51+16] = '7' },
	} {
		t.Run("eStargz: "+name, func(t *testing.T) {
			b := stargz(t, raw)
			change(&b)
			if _, _, err := read(b, 1000); !errors.Is(err, layertoc.ErrDamaged) && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("error %v, want %v", err, layertoc.ErrDamaged)
			}
		})
	}
}

func TestNamed(t *testing.T) {
	const digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	for _, c := range []struct {
		annotations map[string]string
		ok          bool
	}{
		{nil, false},
		{map[string]string{"containerd.io/snapshot/stargz/toc.digest": digest}, true},
		{map[string]string{"containerd.io/snapshot/stargz/toc.digest": "sha256:1234"}, false},
		{map[string]string{"containerd.io/snapshot/stargz/toc.digest": "sha512:" + digest[7:]}, false},
		{map[string]string{"io.containers.zstd-chunked.manifest-checksum": digest, "io.containers.zstd-chunked.manifest-position": "1:2:3:1"}, true},
		{map[string]string{"io.github.containers.zstd-chunked.manifest-checksum": digest, "io.github.containers.zstd-chunked.manifest-position": "1:2:3:1"}, true},
		{map[string]string{"io.github.containers.zstd-chunked.manifest-checksum": digest, "io.github.containers.zstd-chunked.manifest-position": "1:2:3:2"}, false},
		{map[string]string{"io.github.containers.zstd-chunked.manifest-checksum": digest, "io.github.containers.zstd-chunked.manifest-position": "1:-2:3:1"}, false},
		{map[string]string{"io.github.containers.zstd-chunked.manifest-checksum": digest}, false},
	} {
		if ref, ok := layertoc.FromAnnotations(c.annotations); ok != c.ok || ok && ref.Digest != digest {
			t.Errorf("%v: %+v, %v", c.annotations, ref, ok)
		}
	}
}

func FuzzTable(f *testing.F) {
	f.Add([]byte(`{"version":1,"entries":[{"type":"reg","name":"a","size":7,"offset":0,"digest":"sha256:ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73"},{"type":"chunk","name":"a"}]}`))
	z, err := zstd.NewWriter(nil)
	if err != nil {
		f.Fatal(err)
	}
	files := z.EncodeAll([]byte("content"), nil)
	f.Fuzz(func(t *testing.T, table []byte) {
		b := withTable(files, z.EncodeAll(table, nil), len(table))
		got, _, err := read(b, 100)
		if err != nil {
			return
		}
		r := got.NewReader(func(*layertoc.Entry) bool { return true })
		defer r.Close()
		for i := range got.Entries {
			e := &got.Entries[i]
			n, err := io.Copy(io.Discard, io.LimitReader(r.Content(e), 1<<20))
			if err == nil && n != min(e.Size, 1<<20) && e.Type == tar.TypeReg {
				t.Errorf("%d bytes of %d", n, e.Size)
			}
		}
	})
}
