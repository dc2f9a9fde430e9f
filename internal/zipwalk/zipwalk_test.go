package zipwalk

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
)

// kind wants text files, and walks archives.
func kind(name []byte) Kind {
	switch {
	case bytes.HasSuffix(name, []byte(".txt")):
		return Wanted
	case bytes.HasSuffix(name, []byte(".jar")):
		return Nested
	}
	return Skip
}

// list walks an archive and returns what it saw: "inside: name=content", content cut to a few bytes.
func list(t testing.TB, r io.ReaderAt, size int64, limits Limits) ([]string, error) {
	t.Helper()
	seen := []string{}
	var read, noted error
	err := Walk(t.Context(), r, size, limits, kind, func(a *Archive) {
		line := a.Inside + ":"
		for _, f := range a.Files {
			content, err := f.Read(1 << 20)
			if err != nil {
				read = errors.Join(read, fmt.Errorf("%s: %w", f.Name, err))
			}
			line += " " + f.Name + "=" + string(content[:min(len(content), 8)])
		}
		seen = append(seen, line)
	}, func(err error) { noted = errors.Join(noted, err) })
	return seen, errors.Join(err, noted, read)
}

func TestWalk(t *testing.T) {
	leaf := build(t, store("a.txt", "one"))
	packed := part{name: "lib/x.jar", content: build(t, store("b.txt", "two"), nest("y.jar", leaf)), deflate: true}
	good := build(t, store("dir/", ""), store("c.txt", "three"), store("c.class", "no"), nest("z.jar", leaf), packed)
	goodSeen := []string{": c.txt=three", "z.jar: a.txt=one", "lib/x.jar: b.txt=two", "lib/x.jar!y.jar: a.txt=one"}
	shell := "#!/bin/sh\nexec java -jar \"$0\" \"$@\"\n"

	var counted bytes.Buffer // offsets count what is in front
	counted.WriteString(shell)
	w := zip.NewWriter(&counted)
	w.SetOffset(int64(counted.Len()))
	if dst, err := w.Create("a.txt"); err != nil {
		t.Fatal(err)
	} else if _, err := dst.Write([]byte("one")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}

	entries := make([]part, 70_000)
	for i := range entries {
		entries[i] = store(fmt.Sprint(i), "")
	}
	entries[69_999] = store("last.txt", "here")
	many := build(t, entries...)

	corrupt := slices.Clone(build(t, store("a.txt", "one"), store("b.txt", "two"), store("c.txt", "three")))
	second := bytes.LastIndex(corrupt[:bytes.LastIndex(corrupt, []byte(entrySignature))], []byte(entrySignature))
	corrupt[second] = 'X'

	for _, tt := range []struct {
		name string
		data []byte
		want []string
		err  string // part of the error, none if empty
		is   error
	}{
		{"nested, stored and deflated", good, goodSeen, "", nil},
		{"a script in front, not counted by offsets", append([]byte(shell), good...), goodSeen, "", nil},
		{"a script in front, counted", counted.Bytes(), []string{": a.txt=one"}, "", nil},
		{"a jmod's header", append([]byte("JM\x01\x00"), good...), goodSeen, "", nil},
		{"a comment", withComment(good, "PK\x05\x06 is not the end"), goodSeen, "", nil},
		{"bytes behind", append(slices.Clone(good), "\n\n"...), goodSeen, "", nil},
		{"zip64, since there are many entries", many, []string{": last.txt=here"}, "", nil},
		{"zip64 behind a script", append([]byte(shell), many...), []string{": last.txt=here"}, "", nil},
		{"empty archive", build(t), []string{":"}, "", nil},
		{"empty file", nil, nil, "not a zip archive", nil},
		{"no archive", []byte("hello, world"), nil, "not a zip archive", nil},
		{"cut short", leaf[:len(leaf)-10], nil, "not a zip archive", nil},
		{"directory elsewhere", patch(good, -6, "\xff\xff\xff\x00"), nil, "central directory of", nil},
		{"directory damaged in the middle", corrupt, []string{": a.txt=one"}, "has 1 readable entries, but states 3", nil},
		{"a nested file that is none", build(t, store("x.jar", "text"), store("a.txt", "one")), []string{": a.txt=one"}, "x.jar: not a zip archive", nil},
		{"encrypted", build(t, lie(store("a.txt", "one"), func(h *zip.FileHeader) { h.Flags |= 1 })), []string{": a.txt="}, "encrypted", analyzer.ErrUnsupported},
		{"encrypted archive", build(t, lie(nest("x.jar", leaf), func(h *zip.FileHeader) { h.Flags |= 1 })), []string{":"}, "x.jar: encrypted", analyzer.ErrUnsupported},
		{"other compression", build(t, lie(store("a.txt", "one"), func(h *zip.FileHeader) { h.Method = 93 })), []string{": a.txt="}, "compression method 93", analyzer.ErrUnsupported},
		{"holds less than announced", build(t, lie(part{name: "a.txt", content: []byte("one"), deflate: true}, func(h *zip.FileHeader) { h.UncompressedSize64 = 1 << 40 })),
			[]string{": a.txt=one"}, "3 bytes, but the directory states 1099511627776", nil},
		{"holds more than announced", build(t, lie(part{name: "a.txt", content: []byte("one"), deflate: true}, func(h *zip.FileHeader) { h.UncompressedSize64 = 1 })),
			[]string{": a.txt=one"}, "3 bytes, but the directory states 1", nil},
		{"is longer than the file", build(t, lie(store("a.txt", "one"), func(h *zip.FileHeader) { h.CompressedSize64 = 1 << 30 })), []string{": a.txt="}, "are outside", nil},
		{"reaches into the directory", build(t, lie(store("a.txt", "one"), func(h *zip.FileHeader) { h.CompressedSize64 = 5 })), []string{": a.txt="}, "overlap the directory", nil},
		{"checksum", build(t, lie(store("a.txt", "one"), func(h *zip.FileHeader) { h.CRC32++ })), []string{": a.txt=one"}, "checksum mismatch", nil},
		{"damaged stream", bytes.Replace(build(t, part{name: "a.txt", content: bytes.Repeat([]byte("abc"), 99), deflate: true}), pack(t, bytes.Repeat([]byte("abc"), 99)), bytes.Repeat([]byte{0xFF}, len(pack(t, bytes.Repeat([]byte("abc"), 99)))), 1),
			[]string{": a.txt="}, "corrupt", nil},
		{"names that lead out", build(t, store("../../etc/a.txt", "x"), store("/b.txt", "x"), store(`c\..\d.txt`, "x"), nest("../x.jar", leaf), store("..a.txt", "good")),
			[]string{": ..a.txt=good"}, "../x.jar: not a name within the archive", nil},
		{"one name twice", build(t, store("a.txt", "one"), store("a.txt", "two")), []string{": a.txt=one a.txt=two"}, "", nil},
		{"more text than is read", build(t, part{name: "a.txt", content: bytes.Repeat([]byte{'a'}, 2<<20), deflate: true}), []string{": a.txt=aaaaaaaa"}, "more than 1048576 bytes", analyzer.ErrTooLarge},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := list(t, bytes.NewReader(tt.data), int64(len(tt.data)), Limits{})
			if !slices.Equal(got, tt.want) {
				t.Errorf("saw %q, want %q", got, tt.want)
			}
			switch {
			case tt.err == "" && err != nil:
				t.Error(err)
			case tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)):
				t.Errorf("error %v, want one with %q", err, tt.err)
			case tt.is != nil && !errors.Is(err, tt.is):
				t.Errorf("error %v is not %v", err, tt.is)
			}
		})
	}
}

func lie(p part, f func(*zip.FileHeader)) part {
	p.lie = f
	return p
}

// patch overwrites bytes, counted from the end.
func patch(data []byte, at int, with string) []byte {
	data = slices.Clone(data)
	copy(data[len(data)+at:], with)
	return data
}

func withComment(data []byte, comment string) []byte {
	data = slices.Clone(data)
	binary.LittleEndian.PutUint16(data[len(data)-2:], uint16(len(comment)))
	return append(data, comment...)
}

func TestLimits(t *testing.T) {
	leaf := build(t, store("a.txt", "one"))
	deep := leaf
	for range 10 {
		deep = build(t, part{name: "n.jar", content: deep, deflate: true})
	}
	wide := make([]part, 0, 20)
	for i := range 20 {
		wide = append(wide, nest(fmt.Sprintf("%d.jar", i), leaf))
	}
	zeros := append(make([]byte, 20<<20), leaf...)
	size := int64(len(leaf))
	for _, tt := range []struct {
		name   string
		data   []byte
		limits Limits
		seen   int
		err    string // part of the error, none if empty
	}{
		{"depth", deep, Limits{Depth: 5}, 6, "n.jar!n.jar!n.jar!n.jar!n.jar!n.jar: more than 5 levels of nested archives: too large"},
		{"depth that is enough", deep, Limits{Depth: 10}, 11, ""},
		{"archives", build(t, wide...), Limits{Archives: 11}, 11, "10.jar: more than 11 archives: too large"},
		{"entries", build(t, wide...), Limits{Entries: 15}, 1, "more than 15 entries: too large"},
		{"wanted", build(t, wide...), Limits{Wanted: 15}, 1, "more than 15 wanted entries: too large"},
		{"bytes of stored archives", build(t, wide...), Limits{Bytes: 10 * size}, 11, "10.jar: more than"},
		{"bytes of one that inflates", build(t, part{name: "x.jar", content: append(make([]byte, 900), leaf...), deflate: true}), Limits{Bytes: 500}, 1, "more than 500 bytes of nested archives: too large"},
		{"bytes of content", build(t, store("a.txt", "one"), store("b.txt", "two")), Limits{Content: 5}, 1, "b.txt: more than 2 bytes: too large"},
		{"bytes held", deep, Limits{Held: 2000}, 3, "too large"},
		{"ratio", build(t, part{name: "x.jar", content: zeros, deflate: true}), Limits{Ratio: 100}, 1, "too large"},
		{"ratio that is enough", build(t, part{name: "x.jar", content: zeros, deflate: true}), Limits{Ratio: 1100}, 2, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			seen, err := list(t, bytes.NewReader(tt.data), int64(len(tt.data)), tt.limits)
			if len(seen) != tt.seen {
				t.Errorf("saw %d archives, want %d: %q", len(seen), tt.seen, seen)
			}
			switch {
			case tt.err == "" && err != nil:
				t.Error(err)
			case tt.err != "" && (!errors.Is(err, analyzer.ErrTooLarge) || !strings.Contains(err.Error(), tt.err)):
				t.Errorf("error %v, want one with %q", err, tt.err)
			}
		})
	}
}

// TestMillionsOfEntries reads a directory of four million entries, which nobody wants, in the memory of a few.
func TestMillionsOfEntries(t *testing.T) {
	const entries = 4 << 20
	one := build(t, store("a", "x"))
	at := bytes.Index(one, []byte(entrySignature))
	record := one[at:bytes.Index(one, []byte(endSignature))]
	f := new(sparse)
	f.add(one[:at], 1)
	start := f.size
	f.add(record, entries)
	f.add(end64(start, f.size, entries), 1)

	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	seen, err := list(t, f, f.size, Limits{Entries: entries})
	runtime.ReadMemStats(&after)
	if len(seen) != 1 || err != nil {
		t.Fatalf("saw %q, %v", seen, err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
		t.Errorf("allocated %d bytes", used)
	}
	if _, err := list(t, f, f.size, Limits{}); !errors.Is(err, analyzer.ErrTooLarge) {
		t.Errorf("by default: %v", err)
	}
}

// end64 returns the end of an archive, in its zip64 form, with the plain one.
func end64(start, end int64, entries uint64) []byte {
	le := binary.LittleEndian
	b := append([]byte(end64Signature), make([]byte, end64Size-4)...)
	le.PutUint64(b[4:], end64Size-12)
	le.PutUint64(b[24:], entries)
	le.PutUint64(b[32:], entries)
	le.PutUint64(b[40:], uint64(end-start))
	le.PutUint64(b[48:], uint64(start))
	b = append(b, locator64Signature+"\x00\x00\x00\x00"...)
	b = le.AppendUint64(b, uint64(end))
	b = append(b, "\x01\x00\x00\x00"+endSignature+"\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00"...)
	return b
}

// TestGigabyte walks an archive of more than a gigabyte of archives, as far as its limit.
func TestGigabyte(t *testing.T) {
	const size, count = 16 << 20, 70
	leaf := build(t, store("a.txt", "one"))
	f := new(sparse)
	var directory []byte
	for i := range count {
		one := build(t, lie(store(fmt.Sprintf("%02d.jar", i), ""), func(h *zip.FileHeader) { h.CompressedSize64, h.UncompressedSize64 = size, size }))
		at := bytes.Index(one, []byte(entrySignature))
		record := slices.Clone(one[at:bytes.Index(one, []byte(endSignature))])
		binary.LittleEndian.PutUint32(record[42:], uint32(f.size))
		directory = append(directory, record...)
		f.add(one[:at], 1)
		f.size += size - int64(len(leaf)) // zeros in front
		f.add(leaf, 1)
	}
	start := f.size
	f.add(directory, 1)
	f.add(end64(start, f.size, count), 1)

	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	seen, err := list(t, f, f.size, Limits{})
	runtime.ReadMemStats(&after)
	if len(seen) != 1+64 || !errors.Is(err, analyzer.ErrTooLarge) {
		t.Errorf("saw %d archives, %v; want the outer one, 64 of 16 MiB, and that more are too large", len(seen), err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 16<<20 {
		t.Errorf("allocated %d bytes", used)
	}
	if seen, err = list(t, f, f.size, Limits{Bytes: 2 << 30}); len(seen) != count+1 || err != nil {
		t.Errorf("with a larger limit: %d archives, %v", len(seen), err)
	}
}

// TestOverlap walks a bomb of entries that share their bytes: the limits hold for each use of them.
func TestOverlap(t *testing.T) {
	leaf := build(t, store("a.txt", "one"))
	inner := append(make([]byte, 1<<20-len(leaf)), leaf...)
	one := build(t, part{name: "x.jar", content: inner, deflate: true})
	at := bytes.Index(one, []byte(entrySignature))
	record := one[at:bytes.Index(one, []byte(endSignature))]
	f := new(sparse)
	f.add(one[:at], 1)
	start := f.size
	f.add(record, 50_000) // 50 GB
	f.add(end64(start, f.size, 50_000), 1)
	seen, err := list(t, f, f.size, Limits{Bytes: 100 << 20})
	if len(seen) != 1+100 || !errors.Is(err, analyzer.ErrTooLarge) {
		t.Errorf("saw %d archives, %v", len(seen), err)
	}
}

func TestCancelled(t *testing.T) {
	leaf := build(t, store("a.txt", "one"))
	data := build(t, nest("x.jar", leaf), nest("y.jar", leaf))
	ctx, cancel := context.WithCancel(t.Context())
	seen := 0
	err := Walk(ctx, bytes.NewReader(data), int64(len(data)), Limits{}, kind, func(*Archive) {
		seen++
		cancel()
	}, func(err error) { t.Error(err) })
	if seen != 1 || !errors.Is(err, context.Canceled) {
		t.Errorf("saw %d archives, %v", seen, err)
	}
}

func FuzzWalk(f *testing.F) {
	leaf := build(f, store("a.txt", "one"))
	f.Add(leaf)
	f.Add(build(f, nest("x.jar", leaf), part{name: "y.jar", content: leaf, deflate: true}, store("b.txt", "two")))
	f.Add(append([]byte("#!/bin/sh\n"), leaf...))
	f.Add(append(slices.Clone(leaf[:len(leaf)-endSize]), end64(int64(bytes.Index(leaf, []byte(entrySignature))), int64(len(leaf)-endSize), 1)...))
	f.Fuzz(func(t *testing.T, data []byte) {
		limits := Limits{Depth: 4, Archives: 50, Entries: 1000, Wanted: 100, Bytes: 1 << 20, Held: 1 << 20}
		seen, err := list(t, bytes.NewReader(data), int64(len(data)), limits)
		if len(seen) == 0 && err == nil {
			t.Error("neither an archive nor an error")
		}
		if len(seen) > limits.Archives {
			t.Errorf("%d archives", len(seen))
		}
		again, err2 := list(t, bytes.NewReader(data), int64(len(data)), limits)
		if !slices.Equal(seen, again) || fmt.Sprint(err) != fmt.Sprint(err2) {
			t.Errorf("two answers: %q %v, %q %v", seen, err, again, err2)
		}
		// What archive/zip reads whole is read the same here, but where it finds another directory.
		d, err := findDirectory(bytes.NewReader(data), int64(len(data)))
		z, zipErr := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil || zipErr != nil || d.base != 0 || len(seen) == 0 {
			return
		}
		entries := 0
		if err := d.each(bytes.NewReader(data), func(*entry) bool { entries++; return true }); err != nil || entries != len(z.File) {
			return
		}
		for _, e := range z.File {
			if kind([]byte(e.Name)) != Wanted || escapes([]byte(e.Name)) || e.UncompressedSize64 > 1000 {
				continue
			}
			src, err := e.Open()
			if err != nil {
				continue
			}
			content, err := io.ReadAll(src)
			if want := e.Name + "=" + string(content[:min(len(content), 8)]); err == nil && e.Flags&1 == 0 && len(z.File) < 100 && !strings.Contains(seen[0], strings.ToValidUTF8(want, "\uFFFD")) && strings.ToValidUTF8(want, "") == want {
				t.Errorf("%q is not in %q", want, seen[0])
			}
		}
	})
}

func BenchmarkWalk(b *testing.B) {
	parts := make([]part, 0, 5001)
	for i := range 5000 {
		parts = append(parts, store(fmt.Sprintf("org/example/library/internal/Class%04d.class", i), "cafe"))
	}
	library := build(b, append(parts, store("META-INF/a.txt", "one"))...)
	data := build(b, nest("lib/a.jar", library), part{name: "lib/b.jar", content: library, deflate: true})
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if err := Walk(b.Context(), bytes.NewReader(data), int64(len(data)), Limits{}, kind, func(*Archive) {}, func(err error) { b.Error(err) }); err != nil {
			b.Fatal(err)
		}
	}
}
