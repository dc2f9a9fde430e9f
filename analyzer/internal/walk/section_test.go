package walk_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/walk"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
	"github.com/hullmark/hullmark/internal/testing/leak"
)

// A localLayer lies in a file and counts the bytes that are read of it.
type localLayer struct {
	v1.Layer
	*bytes.Reader
	read int64
}

func (l *localLayer) Stored(context.Context) (io.ReadCloser, error) { return l, nil }
func (l *localLayer) StoredDigest() v1.Hash                         { return v1.Hash{} }
func (l *localLayer) Extent() (offset, size int64)                  { return 0, l.Reader.Size() }
func (l *localLayer) Size() (int64, error)                          { return l.Reader.Size(), nil }
func (l *localLayer) Close() error                                  { return nil }
func (l *localLayer) ReadAt(p []byte, off int64) (int, error) {
	n, err := l.Reader.ReadAt(p, off)
	l.read += int64(n)
	return n, err
}

func local(t *testing.T, raw []byte) (walk.Layer, *localLayer) {
	t.Helper()
	blob, err := imagetest.Blob(raw, raw)
	if err != nil {
		t.Fatal(err)
	}
	l := &localLayer{Layer: blob, Reader: bytes.NewReader(raw)}
	img, err := mutate.AppendLayers(empty.Image, l)
	if err != nil {
		t.Fatal(err)
	}
	layers, err := walk.Layers(img)
	if err != nil {
		t.Fatal(err)
	}
	return layers[0], l
}

func bytesOf(t testing.TB) []byte {
	l := new(imagetest.Layer)
	for i := range 50 {
		l.File(fmt.Sprintf("f%d", i), strings.Repeat("content ", 100))
	}
	raw, err := l.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestWalkUnchecked asks that a walk yields the same entries if it skips content.
func TestWalkUnchecked(t *testing.T) {
	l := new(imagetest.Layer).Dir("etc/").File("etc/empty", "").File("etc/small", "a").Symlink("etc/link", "small")
	for _, size := range []int{511, 512, 513, 1536, 2048, 4096, 32 << 10, 100_000} {
		l.File(fmt.Sprint("data/", size), strings.Repeat("x", size)).Hardlink(fmt.Sprint("hard/", size), fmt.Sprint("data/", size))
	}
	l.Add(tar.Header{Name: strings.Repeat("long/", 60) + "name", Format: tar.FormatPAX}, []byte("pax"))
	l.Add(tar.Header{Name: strings.Repeat("gnu/", 60) + "name", Format: tar.FormatGNU}, []byte("gnu")).File("last", "end")
	raw, err := l.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	type seen struct {
		walk.Entry
		described, content string
	}
	for _, contents := range []string{"none", "of some", "through At", "all"} {
		t.Run(contents, func(t *testing.T) {
			leak.Check(t)
			var want, got []seen
			read := func(l walk.Layer, unchecked bool, list *[]seen) (walk.Stats, error) {
				return l.Walk(t.Context(), walk.Options{Unchecked: unchecked}, func(e *walk.Entry) error {
					s := seen{
						Entry:     walk.Entry{Kind: e.Kind, Path: e.Path, Target: e.Target, Mode: e.Mode, Size: e.Size, Reason: e.Reason},
						described: fmt.Sprint(*e.Describe()),
					}
					if contents == "all" || contents == "of some" && len(*list)%3 == 0 || contents == "through At" {
						var r io.Reader = e.Reader
						if contents == "through At" && e.At != nil {
							r = e.At
						}
						if r != nil {
							b, err := io.ReadAll(r)
							if err != nil {
								return err
							}
							s.content = string(b)
						}
					}
					*list = append(*list, s)
					return nil
				})
			}
			checked, _ := local(t, raw)
			wantStats, err := read(checked, false, &want)
			if err != nil {
				t.Fatal(err)
			}
			unchecked, file := local(t, raw)
			stats, err := read(unchecked, true, &got)
			if err != nil || stats != wantStats || !reflect.DeepEqual(got, want) {
				t.Errorf("%+v, %v\n%v\nwant %+v\n%v", stats, err, got, wantStats, want)
			}
			if contents == "none" && file.read >= int64(len(raw))/2 {
				t.Errorf("%d bytes of %d were read", file.read, len(raw))
			}
		})
	}
}

// TestWalkUncheckedReads asks that a walk reads bytes by the number of entries, not by their size, and reports its progress.
func TestWalkUncheckedReads(t *testing.T) {
	for _, size := range []int{10 << 10, 1 << 20} {
		l := new(imagetest.Layer)
		for i := range 50 {
			l.File(fmt.Sprint("f", i), strings.Repeat("x", size))
		}
		raw, err := l.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		layer, file := local(t, raw)
		var reported int64
		o := walk.Options{Unchecked: true, Progress: func(n int64) { reported = n }}
		if _, err := layer.Walk(t.Context(), o, func(*walk.Entry) error { return nil }); err != nil {
			t.Fatal(err)
		}
		if file.read > 51*4096 {
			t.Errorf("files of %d bytes: %d bytes of %d were read", size, file.read, len(raw))
		}
		if reported > int64(len(raw)) || size > 1<<19 && reported == 0 {
			t.Errorf("progress reports %d bytes of %d", reported, len(raw))
		}
	}
}

func TestWalkUncheckedErrors(t *testing.T) {
	raw := bytesOf(t)
	var limit *analyzer.LimitError
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		name   string
		ctx    context.Context
		raw    []byte
		limits walk.Limits
		is     error
		as     any
	}{
		{"cut off in a header", t.Context(), raw[:1700], walk.Limits{}, io.ErrUnexpectedEOF, nil},
		{"cut off in content", t.Context(), raw[:len(raw)-1024-600], walk.Limits{}, io.ErrUnexpectedEOF, nil},
		{"no tar", t.Context(), []byte(strings.Repeat("no tar ", 1000)), walk.Limits{}, tar.ErrHeader, nil},
		{"too many entries", t.Context(), raw, walk.Limits{Entries: 49}, nil, &limit},
		{"too many bytes", t.Context(), raw, walk.Limits{Bytes: 1000}, nil, &limit},
		{"ended", ended, raw, walk.Limits{}, context.Canceled, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			leak.Check(t)
			layer, _ := local(t, c.raw)
			_, err := layer.Walk(c.ctx, walk.Options{Limits: c.limits, Unchecked: true}, func(*walk.Entry) error { return nil })
			if err == nil || c.is != nil && !errors.Is(err, c.is) || c.as != nil && !errors.As(err, c.as) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// TestWalkUncheckedSparse reads a sparse file, whose content differs from the bytes after its header, so that At must be nil.
func TestWalkUncheckedSparse(t *testing.T) {
	if _, err := exec.LookPath("tar"); err != nil {
		t.Skip("there is no tar")
	}
	for _, format := range []string{"gnu", "posix"} {
		dir := t.TempDir()
		f, err := os.Create(filepath.Join(dir, "sparse"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt([]byte("the end"), 1<<20); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		raw, err := exec.CommandContext(t.Context(), "tar", "-C", dir, "--sparse", "--format="+format, "-cf", "-", "sparse").Output()
		if err != nil {
			t.Skip("GNU tar does not make it: ", err)
		}
		layer, _ := local(t, raw)
		_, err = layer.Walk(t.Context(), walk.Options{Unchecked: true}, func(e *walk.Entry) error {
			b, err := io.ReadAll(e.Reader)
			if err != nil || e.At != nil || len(b) != 1<<20+7 || !bytes.HasSuffix(b, []byte("\x00the end")) {
				t.Errorf("%s: %d bytes, %v, At %v", format, len(b), err, e.At)
			}
			return nil
		})
		if err != nil {
			t.Errorf("%s: %v", format, err)
		}
	}
}

// TestWalkHooks asks that a checked walk reports its progress, and calls Finish after the last entry.
func TestWalkHooks(t *testing.T) {
	raw, err := new(imagetest.Layer).File("a", strings.Repeat("x", 3<<20)).File("b", "").Bytes()
	if err != nil {
		t.Fatal(err)
	}
	layer, _ := local(t, raw)
	var events []string
	var reported int64
	o := walk.Options{Finish: func() { events = append(events, "finish") }, Progress: func(n int64) { reported = n }}
	_, err = layer.Walk(t.Context(), o, func(e *walk.Entry) error {
		events = append(events, e.Path)
		return nil
	})
	if err != nil || !slices.Equal(events, []string{"a", "b", "finish"}) {
		t.Errorf("%q, %v", events, err)
	}
	if reported == 0 || reported > int64(len(raw)) {
		t.Errorf("progress reports %d bytes of %d", reported, len(raw))
	}
}
