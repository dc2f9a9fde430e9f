package walk

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// forward is a stream that can be passed over, as those of layers are.
type forward struct {
	b  []byte
	at int64
}

func (f *forward) Read(p []byte) (int, error) {
	if f.at >= int64(len(f.b)) {
		return 0, io.EOF
	}
	n := copy(p, f.b[f.at:])
	f.at += int64(n)
	return n, nil
}

func (f *forward) Seek(offset int64, whence int) (int64, error) {
	if f.at+offset > int64(len(f.b)) || f.at+offset < f.at {
		return f.at, io.ErrUnexpectedEOF
	}
	f.at += offset
	return f.at, nil
}

// told returns what a reader says of a stream of which it reads part of the contents.
func told(next func() (*tar.Header, error), content io.Reader, whole int) (list []string, err error) {
	for i := 0; ; i++ {
		h, err := next()
		if err != nil {
			return list, err
		}
		var e Entry
		kept := e.read(h)
		described := *e.Describe()
		e.header, e.about = nil, nil
		line := fmt.Sprintf("%c %q %q %o %d,%d %v %+v %+v", h.Typeflag, h.Name, h.Linkname, h.Mode, h.Devmajor, h.Devminor, kept, e, described)
		if h.Typeflag == tar.TypeReg {
			line += fmt.Sprintf(" of %d", h.Size)
		}
		limit := int64(1 << 20)
		if i%3 != whole {
			limit = int64(i * 100 % 700)
		}
		sum := sha256.New()
		n, err := io.Copy(sum, io.LimitReader(content, limit))
		list = append(list, fmt.Sprintf("%s: %d %x %v", line, n, sum.Sum(nil), err))
		if err != nil {
			return list, err
		}
	}
}

// kindOf tells errors apart as far as anybody does.
func kindOf(err error) string {
	for _, kind := range []error{io.EOF, io.ErrUnexpectedEOF, tar.ErrHeader} {
		if errors.Is(err, kind) {
			return kind.Error()
		}
	}
	return "other"
}

// compare reads a stream with a tarReader and with archive/tar.
func compare(t *testing.T, stream []byte) (entries, asked int) {
	t.Helper()
	for whole := range 3 {
		r := &tarReader{s: &forward{b: stream}}
		simple := 0
		got, gotErr := told(func() (*tar.Header, error) {
			h, err := r.Next()
			if h == &r.h {
				simple++
			}
			return h, err
		}, r, whole)
		library := tar.NewReader(&forward{b: stream})
		want, wantErr := told(library.Next, library, whole)
		for i := range max(len(got), len(want)) {
			if i >= len(got) || i >= len(want) || got[i] != want[i] {
				t.Fatalf("entry %d:\n%v\narchive/tar:\n%v", i, got[min(i, len(got)):], want[min(i, len(want)):])
			}
		}
		if kindOf(gotErr) != kindOf(wantErr) {
			t.Fatalf("%v, archive/tar: %v", gotErr, wantErr)
		}
		entries, asked = len(got), len(got)-simple
	}
	return entries, asked
}

// streams are tar streams by what wrote them, with entries of every kind.
func streams(t testing.TB) map[string][]byte {
	all := make(map[string][]byte)
	long := strings.Repeat("directory/", 14)
	for _, format := range []tar.Format{tar.FormatUnknown, tar.FormatUSTAR, tar.FormatPAX, tar.FormatGNU} {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		add := func(h tar.Header, content string) {
			h.Format, h.Size, h.ModTime = format, int64(len(content)), time.Unix(1e9, 0)
			if err := w.WriteHeader(&h); err != nil {
				return // a name that the format cannot have
			}
			if _, err := io.WriteString(w, content); err != nil {
				t.Fatal(err)
			}
		}
		add(tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"comment": strings.Repeat("x", 700)}}, "")
		add(tar.Header{Name: "etc/", Typeflag: tar.TypeDir, Mode: 0o755}, "")
		add(tar.Header{Name: "etc/empty", Typeflag: tar.TypeReg, Mode: 0o644}, "")
		for _, n := range []int{1, 511, 512, 513, 5000} {
			add(tar.Header{Name: fmt.Sprintf("etc/%d", n), Typeflag: tar.TypeReg, Mode: 0o4755, Uid: 1000, Gid: 1 << 22}, strings.Repeat("c", n))
		}
		add(tar.Header{Name: "etc/link", Linkname: "../usr", Typeflag: tar.TypeSymlink}, "")
		add(tar.Header{Name: "etc/hard", Linkname: "etc/1", Typeflag: tar.TypeLink}, "")
		add(tar.Header{Name: "dev/null", Typeflag: tar.TypeChar, Devmajor: 1, Devminor: 3}, "")
		add(tar.Header{Name: "dev/disk", Typeflag: tar.TypeBlock, Devmajor: 8}, "")
		add(tar.Header{Name: "dev/fifo", Typeflag: tar.TypeFifo}, "")
		add(tar.Header{Name: long + "file", Typeflag: tar.TypeReg}, "long")
		add(tar.Header{Name: long + long + "file", Typeflag: tar.TypeReg}, "longer")
		add(tar.Header{Name: "etc/to", Linkname: long, Typeflag: tar.TypeSymlink}, "")
		add(tar.Header{Name: "etc/owner", Typeflag: tar.TypeReg, Uid: 1 << 30}, "base 256 or a record")
		add(tar.Header{Name: "etc/ü", Typeflag: tar.TypeReg}, "a name that is not ASCII")
		add(tar.Header{Name: "etc/records", Typeflag: tar.TypeReg, PAXRecords: map[string]string{"SCHILY.xattr.user.a": "b"}}, "x")
		add(tar.Header{Name: "etc/.wh.gone", Typeflag: tar.TypeReg}, "")
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		all["archive/tar "+format.String()] = b.Bytes()
	}
	return all
}

func TestTarReader(t *testing.T) {
	for name, stream := range streams(t) {
		entries, asked := compare(t, stream)
		t.Logf("%s: %d entries, of which archive/tar was asked for %d", name, entries, asked)
		if entries < 9 || asked > entries*6/10 {
			t.Errorf("%s: archive/tar was asked for %d of %d entries", name, asked, entries)
		}
		for n := range len(stream) / 100 { // cut off
			compare(t, stream[:n*100])
		}
		for _, n := range []int{1, 511, 512, 513, 1023, 1024, 1025, 1535} {
			compare(t, stream[:len(stream)-n])
		}
		for at := 0; at < len(stream); at += 31 { // damaged
			damaged := bytes.Clone(stream)
			damaged[at] ^= byte(1 + at%255)
			compare(t, damaged)
		}
	}
}

// TestTarReaderGNU reads what GNU tar writes, sparse files included.
func TestTarReaderGNU(t *testing.T) {
	if _, err := exec.LookPath("tar"); err != nil {
		t.Skip("there is no tar")
	}
	dir := t.TempDir()
	script := `mkdir -p d/e; echo one > d/one; ln -s ../x d/link; ln d/one d/hard; truncate -s 3M d/sparse; echo end >> d/sparse
		n=$(printf 'n%.0s' $(seq 120)); mkdir -p d/$n/$n; echo long > d/$n/$n/$n; echo two > d/z`
	if out, err := exec.Command("sh", "-c", "cd "+dir+" && "+script).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, options := range []string{
		"--format=gnu", "--format=gnu -S", "--format=ustar", "--format=v7", "--format=oldgnu", "--format=posix",
		"--format=posix -S --sparse-version=0.0", "--format=posix -S --sparse-version=0.1", "--format=posix -S --sparse-version=1.0", "--format=gnu --blocking-factor=1",
	} {
		stream, err := exec.Command("sh", "-c", "cd "+filepath.Clean(dir)+" && tar -c "+options+" d 2>/dev/null || true").Output()
		if err != nil || len(stream) == 0 {
			t.Fatalf("%s: %v", options, err)
		}
		entries, asked := compare(t, stream)
		t.Logf("%s: %d entries, of which archive/tar was asked for %d", options, entries, asked)
	}
}

// hostileStreams are streams on which readers disagree: entries whose names, kinds and sizes are odd, and ends that are none.
func hostileStreams() (list [][]byte) {
	block := func(name string, kind byte, size, content string) []byte {
		b := make([]byte, tarBlock)
		copy(b, name)
		copy(b[100:], "0000644\x000000000\x000000000\x00")
		copy(b[124:136], size)
		copy(b[136:], "00000000000\x00        "+string(kind))
		copy(b[157:257], "target")
		copy(b[257:], "ustar\x0000")
		copy(b[148:156], fmt.Sprintf("%06o\x00 ", checksum(b)))
		b = append(b, content...)
		return append(b, make([]byte, -len(b)&(tarBlock-1))...)
	}
	record := func(key, value string) string {
		n := len(key) + len(value) + 3
		for n != len(fmt.Sprint(n))+len(key)+len(value)+3 {
			n = len(fmt.Sprint(n)) + len(key) + len(value) + 3
		}
		return fmt.Sprintf("%d %s=%s\n", n, key, value)
	}
	of := func(s string) string { return fmt.Sprintf("%011o", len(s)) }
	file := block("x", tar.TypeReg, of("x"), "x")
	end := make([]byte, 2*tarBlock)
	kinds := []byte{0, '7', 'V', tar.TypeDir, tar.TypeSymlink, tar.TypeLink, tar.TypeChar}
	for i, name := range []string{"x/../etc/a", "./etc//a/.", "/etc/a", "../a", "etc/a ", "etc/.wh.a", "etc/.wh..wh..opq", "o/.wh..wh.x/a", "a\xff", strings.Repeat("./", 50), ""} {
		for _, kind := range []byte{tar.TypeReg, kinds[i%len(kinds)]} {
			list = append(list, bytes.Join([][]byte{block(name, kind, of(""), ""), file, end}, nil))
		}
	}
	for _, size := range []string{"77777777777", "\x80\x00\x00\x00\x7f\xff\xff\xff\xff\xff\xff\xff", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "-1", "      1 \x00", ""} {
		list = append(list, append(block("etc/a", tar.TypeReg, size, "x"), file...), append(block("etc/a", tar.TypeLink, size, "x"), file...))
	}
	for _, records := range []string{
		record("path", "etc/a"), record("path", "etc/a\x00b"), record("path", ""), record("path", "a") + record("path", "b"), record("linkpath", strings.Repeat("x/", 3000)),
		record("size", "-1"), record("size", "99999999999999999999"), record("size", "4"), record("GNU.sparse.major", "1") + record("GNU.sparse.minor", "0") + record("GNU.sparse.name", "a"),
		record("GNU.sparse.map", "0,1,0,1") + record("GNU.sparse.size", "2") + record("GNU.sparse.numblocks", "2"), record("SCHILY.xattr.a", "\x00"), "9999999999 path=a\n", "0 =\n", "5 path=a",
	} {
		list = append(list, bytes.Join([][]byte{block("h", tar.TypeXHeader, of(records), records), file, file, end}, nil),
			bytes.Join([][]byte{block("h", tar.TypeXGlobalHeader, of(records), records), block("h", tar.TypeXHeader, of(records), records), file, end}, nil))
	}
	long := block("././@LongLink", tar.TypeGNULongName, of(strings.Repeat("n/", 400)), strings.Repeat("n/", 400))
	return append(list, bytes.Join([][]byte{long, long, file, end}, nil), bytes.Join([][]byte{long, end, file}, nil), append(file, end...),
		bytes.Join([][]byte{file, end, file, end}, nil), bytes.Join([][]byte{file, end[:tarBlock], file}, nil), file[:tarBlock+1], end[:1])
}

func FuzzTarReader(f *testing.F) {
	for _, stream := range hostileStreams() {
		f.Add(stream)
	}
	for _, stream := range streams(f) {
		for at := 0; at+2048 < len(stream); at += 1024 {
			f.Add(stream[at:min(len(stream), at+4096)])
		}
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		compare(t, stream)
		for at := 0; at+tarBlock <= len(stream); at += tarBlock { // most of what a fuzzer makes has another sum
			if b := stream[at:][:tarBlock]; b[156] != 0 {
				copy(b[148:156], fmt.Sprintf("%06o\x00 ", checksum(b)))
			}
		}
		compare(t, stream)
	})
}

func BenchmarkTarReader(b *testing.B) {
	var stream bytes.Buffer
	w := tar.NewWriter(&stream)
	const entries = 10_000
	for i := range entries {
		h := tar.Header{Name: fmt.Sprintf("usr/share/doc/package-%d/copyright", i), Mode: 0o644, Size: 100, Typeflag: tar.TypeReg}
		if err := errors.Join(w.WriteHeader(&h), func() error { _, err := w.Write(make([]byte, 100)); return err }()); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	for name, reader := range map[string]func() func() (*tar.Header, error){
		"ours":        func() func() (*tar.Header, error) { return (&tarReader{s: &forward{b: stream.Bytes()}}).Next },
		"archive_tar": func() func() (*tar.Header, error) { return tar.NewReader(&forward{b: stream.Bytes()}).Next },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				next := reader()
				for {
					if _, err := next(); err == io.EOF {
						break
					} else if err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*entries), "ns/entry")
		})
	}
}
