package squashfs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/hullmark/hullmark/analyzer"
)

// open opens a file system in memory.
func open(t testing.TB, b []byte) *FS {
	t.Helper()
	f, err := New(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestSmall(t *testing.T) {
	b, err := os.ReadFile("testdata/small.sqfs")
	if err != nil {
		t.Fatal(err)
	}
	f := open(t, b)
	if err := fstest.TestFS(f, "etc/os-release", "usr/lib"); err != nil {
		t.Error(err)
	}
	if target, err := f.ReadLink("lib"); err != nil || target != "usr/lib" {
		t.Errorf("%q, %v", target, err)
	}
	for _, name := range []string{"nothing", "etc/os-release/below", "lib/x"} {
		if _, err := f.Open(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for n := range len(b) { // cut off anywhere
		f, err := New(bytes.NewReader(b[:n]), int64(n))
		if err == nil {
			walk(f)
		}
	}
}

// walk reads all of a file system, a megabyte of each file, and ignores errors.
func walk(f *FS) {
	entries := 0
	fs.WalkDir(f, ".", func(p string, d fs.DirEntry, err error) error {
		if entries++; entries > 2000 || strings.Count(p, "/") > 20 {
			return fs.SkipAll
		}
		if err != nil {
			return nil
		}
		d.Info()
		f.ReadLink(p)
		if file, err := f.Open(p); err == nil {
			io.CopyN(io.Discard, file, 1<<20)
		}
		return nil
	})
}

// TestNative compares what mksquashfs packs, in each compression, with what it packed.
func TestNative(t *testing.T) {
	tool, err := exec.LookPath("mksquashfs")
	if err != nil {
		t.Skip("mksquashfs is not installed: nothing to compare with")
	}
	dir := t.TempDir()
	src := filepath.Join(dir, "src")
	random := rand.New(rand.NewPCG(1, 2))
	write := func(name string, content []byte) {
		name = filepath.Join(src, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, content, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	noise := make([]byte, 3<<20+17)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	write("noise", noise)
	write("zeros", make([]byte, 1<<20+5))
	write("exact", noise[:256<<10])
	write("empty", nil)
	for i := range 3000 { // several blocks of metadata, several fragments
		write(fmt.Sprintf("many/%04d-%s", i, strings.Repeat("x", i%40)), fmt.Appendf(nil, "%d %s", i, strings.Repeat("text ", i%200)))
	}
	write(strings.Repeat("deep/", 40)+"end", []byte("end"))
	if err := errors.Join(os.Symlink("/etc/target", filepath.Join(src, "link")), os.Mkdir(filepath.Join(src, "hollow"), 0o700), os.Chmod(filepath.Join(src, "exact"), 0o4711)); err != nil {
		t.Fatal(err)
	}
	if hole, err := os.Create(filepath.Join(src, "hole")); err != nil || errors.Join(hole.Truncate(5<<20), hole.Close()) != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"-comp", "gzip"}, {"-comp", "xz"}, {"-comp", "zstd"}, {"-comp", "gzip", "-b", "4096"}, {"-comp", "zstd", "-b", "1M", "-no-fragments"},
		{"-comp", "gzip", "-noI", "-noD", "-noF"}, {"-comp", "gzip", "-always-use-fragments"},
	} {
		t.Run(strings.Join(args[1:], " "), func(t *testing.T) {
			file := filepath.Join(dir, strings.Join(args, "_"))
			if out, err := exec.CommandContext(t.Context(), tool, append([]string{src, file, "-noappend", "-quiet", "-no-progress"}, args...)...).CombinedOutput(); err != nil {
				t.Skipf("%v: %s", err, out)
			}
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, open(t, b), os.DirFS(src))
		})
	}
	file := filepath.Join(dir, "lz4")
	if err := exec.Command(tool, src, file, "-noappend", "-quiet", "-no-progress", "-comp", "lz4").Run(); err == nil {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := New(bytes.NewReader(b), int64(len(b))); !errors.Is(err, analyzer.ErrUnsupported) {
			t.Errorf("lz4: %v", err)
		}
	}
}

func compare(t *testing.T, got *FS, want fs.FS) {
	t.Helper()
	seen := 0
	err := fs.WalkDir(got, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		seen++
		info, err := d.Info()
		if err != nil {
			return err
		}
		wanted, err := fs.Lstat(want, p)
		if err != nil {
			return err
		}
		if info.Mode() != wanted.Mode() || d.Type() != wanted.Mode().Type() || d.Type().IsRegular() && info.Size() != wanted.Size() || info.ModTime().Unix() != wanted.ModTime().Unix() {
			t.Errorf("%s: %v %d %v, want %v %d %v", p, info.Mode(), info.Size(), info.ModTime(), wanted.Mode(), wanted.Size(), wanted.ModTime())
		}
		switch {
		case d.Type() == fs.ModeSymlink:
			a, err := got.ReadLink(p)
			b, _ := fs.ReadLink(want, p)
			if err != nil || a != b {
				t.Errorf("%s leads to %q, want %q: %v", p, a, b, err)
			}
		case d.Type().IsRegular():
			a, err := fs.ReadFile(got, p)
			b, _ := fs.ReadFile(want, p)
			if err != nil || !bytes.Equal(a, b) {
				t.Errorf("%s: %d bytes, want %d: %v", p, len(a), len(b), err)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	all := 0
	fs.WalkDir(want, ".", func(string, fs.DirEntry, error) error { all++; return nil })
	if seen != all {
		t.Errorf("%d entries, want %d", seen, all)
	}
}

func FuzzFS(f *testing.F) {
	b, err := os.ReadFile("testdata/small.sqfs")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		if f, err := New(bytes.NewReader(b), int64(len(b))); err == nil {
			walk(f)
		}
	})
}
