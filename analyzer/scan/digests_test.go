package scan_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/all"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
)

// digestFiles are files of many sizes and kinds: programs of which analyzers see parts, archives, small files.
func digestFiles() map[string][]byte {
	r := rand.New(rand.NewPCG(1, 2))
	random := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(r.Uint32() >> (r.Uint32() % 8))
		}
		return b
	}
	files := map[string][]byte{
		"usr/lib/python3/dist-packages/six-1.16.0.egg-info": []byte("Metadata-Version: 1.1\nName: six\nVersion: 1.16.0\n"),
		"usr/bin/program":  append([]byte("\x7fELF\x02\x01\x01"), random(700<<10)...),
		"usr/bin/go":       append(append([]byte("\x7fELF\x02\x01\x01"), random(300<<10)...), append([]byte("\xff Go buildinf:"), random(90<<10)...)...),
		"usr/share/a.jar":  append([]byte("PK\x03\x04"), random(200<<10)...),
		"usr/share/large":  random(5 << 20),
		"opt/other/a.node": random(70 << 10),
	}
	for _, n := range []int{0, 1, 511, 512, 513, 4096, 65535, 65536, 65537} {
		files[fmt.Sprintf("usr/share/of%d", n)] = random(n)
	}
	return files
}

// digesting asks for all digests below usr.
var digesting = analyzer.Func(analyzer.Info{Name: "digesting", Version: 1, List: true, Patterns: []string{"usr/**"}, Digests: []string{"sha512", "md5", "sha1", "sha256"}},
	func(context.Context, *analyzer.File) (*analyzer.Result, error) { return nil, nil })

func TestDigests(t *testing.T) {
	files := digestFiles()
	layer, root := new(imagetest.Layer), make(fstest.MapFS)
	var want []string
	for name, content := range files {
		layer.Add(tar.Header{Name: name}, content)
		root[name] = &fstest.MapFile{Data: content}
		if line := name; strings.HasPrefix(name, "usr/") {
			want = append(want, fmt.Sprintf("%s %x %x %x %x", line, md5.Sum(content), sha1.Sum(content), sha256.Sum256(content), sha512.Sum512(content)))
		} else {
			want = append(want, line)
		}
	}
	slices.Sort(want)
	raw, err := layer.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	packed, err := imagetest.Image(layer)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := imagetest.Blob(raw, raw)
	if err != nil {
		t.Fatal(err)
	}
	digest, err := plain.Digest()
	if err != nil {
		t.Fatal(err)
	}
	stored, err := mutate.AppendLayers(empty.Image, &seekableLayer{plain, raw, digest})
	if err != nil {
		t.Fatal(err)
	}
	check := func(name string, report *analyzer.Report, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for f := range report.Files.All() {
			if !f.Mode.IsRegular() {
				continue
			}
			line := f.Path
			for _, d := range f.Digests {
				line += fmt.Sprintf(" %x", d.Sum)
			}
			got = append(got, line)
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	cache := scan.NewMemCache(0)
	s := scan.Scanner{Analyzers: append(all.All(), digesting)}
	report, err := s.Scan(t.Context(), packed)
	check("compressed", report, err)
	report, err = s.Scan(t.Context(), stored)
	check("uncompressed in a file", report, err)
	report, err = s.ScanFS(t.Context(), root)
	check("file system", report, err)
	s.Cache = cache
	for range 2 {
		report, err = s.Scan(t.Context(), packed)
		check("cached", report, err)
	}
	s.Analyzers = append(s.Analyzers, listing) // the layer is read again for both
	report, err = s.Scan(t.Context(), packed)
	if err != nil {
		t.Fatal(err)
	}
	for f := range report.Files.All() {
		if f.Mode.IsRegular() && (f.Digest("sha256") == "" || strings.HasPrefix(f.Path, "usr/") != (f.Digest("md5") != "")) {
			t.Errorf("one more analyzer: %s has %d digests", f.Path, len(f.Digests))
		}
	}
}

// A seekableLayer lies uncompressed in a file.
type seekableLayer struct {
	v1.Layer
	raw    []byte
	digest v1.Hash
}

func (s *seekableLayer) Stored(context.Context) (io.ReadCloser, error) {
	return struct {
		*bytes.Reader
		io.Closer
	}{bytes.NewReader(s.raw), io.NopCloser(nil)}, nil
}
func (s *seekableLayer) StoredDigest() v1.Hash        { return s.digest }
func (s *seekableLayer) Extent() (offset, size int64) { return 0, int64(len(s.raw)) }

// After a layer has shown which package manager it belongs to, only the digests of that one are computed.
func TestDigestsOfOneManager(t *testing.T) {
	for _, tt := range []struct{ layer, want string }{
		{"a b", "a: md5 sha1, b: md5 sha1"},
		{"a evidence/md5 b", "a: md5 sha1, b: md5, evidence/md5: md5"},
		{"a evidence/sha1 b evidence/md5 c", "a: md5 sha1, b: sha1, c: md5 sha1, evidence/md5: md5 sha1, evidence/sha1: sha1"},
	} {
		layer := new(imagetest.Layer)
		for name := range strings.FieldsSeq(tt.layer) {
			layer.File(name, name)
		}
		img, err := imagetest.Image(layer)
		if err != nil {
			t.Fatal(err)
		}
		var analyzers []analyzer.Analyzer
		for _, algorithm := range []string{"md5", "sha1"} {
			analyzers = append(analyzers, analyzer.Func(analyzer.Info{
				Name: algorithm, Version: 1, Patterns: []string{"**"}, List: true, Digests: []string{algorithm}, DigestsIf: []string{"evidence/" + algorithm},
			}, nil))
		}
		report, err := scan.Scanner{Analyzers: analyzers}.Scan(t.Context(), img)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for f := range report.Files.All() {
			line := f.Path + ":"
			for _, d := range f.Digests {
				line += " " + d.Algorithm
			}
			got = append(got, line)
		}
		if s := strings.Join(got, ", "); s != tt.want {
			t.Errorf("%s: got %q, want %q", tt.layer, s, tt.want)
		}
	}
}
