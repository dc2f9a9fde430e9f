package binary

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/stream"
)

// elf returns an ELF program with constants, code and data, each in a segment of its own.
func elf(constants, code, data string) []byte {
	const header, entry = 64, 56
	b := make([]byte, header+3*entry)
	copy(b, "\x7fELF\x02\x01\x01")
	le := binary.LittleEndian
	le.PutUint16(b[16:], 3)
	le.PutUint64(b[32:], header)
	le.PutUint16(b[54:], entry)
	le.PutUint16(b[56:], 3)
	at := uint64(len(b))
	for i, s := range []string{constants, code, data} {
		p := b[header+i*entry:]
		le.PutUint32(p, 1)
		le.PutUint32(p[4:], []uint32{4, 5, 6}[i])
		le.PutUint64(p[8:], at)
		le.PutUint64(p[32:], uint64(len(s)))
		at += uint64(len(s))
	}
	return append(b, constants+code+data...)
}

type sample struct{ class, file, version, text string }

// samples returns texts of real programs, one or more for each class.
func samples(t testing.TB) (list []sample) {
	f, err := os.Open("testdata/samples.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		part := strings.SplitN(s.Text(), " ", 4)
		text, err := strconv.Unquote(part[3])
		if err != nil {
			t.Fatalf("%s: %v", s.Text(), err)
		}
		list = append(list, sample{part[0], part[1], part[2], text})
	}
	return list
}

func (s sample) in(content []byte) *analyzer.File {
	return analyzer.NewFile("usr/local/bin/"+s.file, 0o755, content)
}

func found(t testing.TB, f *analyzer.File) string {
	r, err := New().Analyze(t.Context(), f)
	if err != nil {
		t.Error(err)
	}
	var list []string
	if r != nil {
		for _, p := range r.Packages {
			list = append(list, p.Name+" "+p.Version)
		}
	}
	return strings.Join(list, ", ")
}

// TestSamples finds the text of each class anywhere in constants and data, and not in code.
func TestSamples(t *testing.T) {
	for _, s := range samples(t) {
		want := s.class + " " + s.version
		for _, before := range []int{32<<10 - 20} {
			fill := strings.Repeat("\x00", before)
			for _, content := range [][]byte{elf(fill+s.text+"\x00", "code", "data"), elf("constants", strings.Repeat("\x90", 50<<10), fill+s.text+"\x00"), elf(fill+s.text+strings.Repeat("\x00", 40<<10), "", "")} {
				if got := found(t, s.in(content)); got != want {
					t.Errorf("%s at %d: %q, want %q", s.file, before, got, want)
				}
			}
		}
		if named := classes().named(s.class); !named {
			if got := found(t, s.in(elf("constants", strings.Repeat("\x90", 9000)+s.text+"\x00", "data"))); got != "" {
				t.Errorf("%s: found in code: %q", s.file, got)
			}
		}
		if got := found(t, analyzer.NewFile("usr/bin/another", 0o755, elf(s.text+"\x00", "", ""))); got != "" {
			t.Errorf("%s: found under another name: %q", s.file, got)
		}
	}
}

// TestClasses checks the table: each class has a sample and a CPE name, and each expression compiles and has a group.
func TestClasses(t *testing.T) {
	have := make(map[string]bool)
	for _, s := range samples(t) {
		have[s.class] = true
	}
	names := make(map[string]bool)
	for i := range classes().all {
		c := &classes().all[i]
		if names[c.name] || !have[c.name] || strings.Count(c.cpe, ":") != 1 {
			t.Errorf("%s: twice, without a sample, or with the CPE name %q", c.name, c.cpe)
		}
		names[c.name] = true
		for _, f := range c.finds {
			if e, err := regexp.Compile(f.version); err != nil || e.NumSubexp() == 0 || f.text == "" || len(f.text) > maxText || f.window > maxWindow {
				t.Errorf("%s: %q: %v", c.name, f.version, err)
			}
		}
		for f := range strings.FieldsSeq(c.files) {
			if star := strings.IndexByte(f, '*'); star >= 0 && star <= len(stemOf(f)) && f != "*.ko" && stemOf(f) != "" && stemOf(f) == f[:star] {
				t.Errorf("%s: %s: a \"*\" after lower-case letters", c.name, f)
			}
		}
	}
	if len(names) < 70 {
		t.Errorf("%d classes", len(names))
	}
}

// TestParts gives a Reader the same file in parts of any length, with gaps where it needs no bytes. The answer is that of Analyze.
func TestParts(t *testing.T) {
	list := samples(t)
	rng := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		s := list[rng.IntN(len(list))]
		content := elf(strings.Repeat("x", rng.IntN(9000))+"\x00", strings.Repeat("\x90", rng.IntN(40000)), strings.Repeat("\x00", rng.IntN(70000))+s.text+"\x00")
		r := newReader(classes(), s.file, int64(len(content)))
		for at := int64(0); at < int64(len(content)); {
			if at = r.Next(at); at >= int64(len(content)) {
				break
			}
			n := min(int64(1+rng.IntN(20000)), int64(len(content))-at)
			r.Part(at, content[at:at+n])
			at += n
		}
		result, err := r.Result()
		if err != nil || result == nil || len(result.Packages) != 1 || result.Packages[0].Version != s.version {
			t.Errorf("%s: %v, %v", s.file, result, err)
		}
	}
}

// TestHostile bounds what texts without a version cost, and reports that the search was given up.
func TestHostile(t *testing.T) {
	content := elf(strings.Repeat("\x001.", 200_000), "", "")
	if _, err := New().Analyze(t.Context(), analyzer.NewFile("bin/tar", 0o755, content)); err == nil {
		t.Error("no error")
	}
}

func FuzzAnalyze(f *testing.F) {
	for _, s := range samples(f) {
		f.Add(s.file, elf("a", "b", s.text))
	}
	for _, h := range heads(f) {
		f.Add(h[2], []byte(h[3]))
	}
	f.Fuzz(func(t *testing.T, name string, content []byte) {
		for _, by := range []analyzer.Analyzer{New(), Scripts()} {
			streamed := by.(stream.Analyzer)
			if !streamed.Wants(name) {
				continue
			}
			a, errA := by.Analyze(t.Context(), analyzer.NewFile(name, 0o755, content))
			r := streamed.Stream(name, int64(len(content)))
			for at := r.Next(0); at < int64(len(content)); at = r.Next(at + 1) {
				r.Part(at, content[at:at+1])
			}
			b, errB := r.Result()
			if !slices.Equal(versions(a), versions(b)) || (errA == nil) != (errB == nil) {
				t.Errorf("%v %v, byte by byte %v %v", versions(a), errA, versions(b), errB)
			}
		}
	})
}

// named reports whether the name of a file may tell the version of a class.
func (x *index) named(name string) bool {
	return slices.ContainsFunc(x.all, func(c class) bool { return c.name == name && c.named != "" })
}

func versions(r *analyzer.Result) (list []string) {
	if r != nil {
		for _, p := range r.Packages {
			list = append(list, p.Name+" "+p.Version)
		}
	}
	return list
}

func BenchmarkReader(b *testing.B) {
	content := elf(strings.Repeat("some text\x00", 3<<20), "", "")
	b.SetBytes(int64(len(content)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := stream.Read(newReader(classes(), "usr/bin/node", int64(len(content))), bytes.NewReader(content), int64(len(content))); err != nil && err != io.EOF {
			b.Fatal(err)
		}
	}
}
