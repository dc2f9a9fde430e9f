package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
)

// names returns the names in a directory.
func names(t *testing.T, dir string) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

// write writes text to a file, and commits it.
func write(t *testing.T, name, text string) {
	t.Helper()
	f, err := Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	f.Discard()
}

func content(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestCommit(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "file")
	f, err := Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("before Commit: %v", err)
	}
	f.Discard()
	f.Discard()
	if list := names(t, dir); len(list) > 0 {
		t.Errorf("after Discard: %q", list)
	}
	write(t, name, "one")
	write(t, name, "two")
	if got := content(t, name); got != "two" {
		t.Errorf("content %q", got)
	}
	if list := names(t, dir); !slices.Equal(list, []string{"file"}) {
		t.Errorf("after Commit: %q", list)
	}
}

func TestPermissions(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such permissions")
	}
	dir := t.TempDir()
	name, plain := filepath.Join(dir, "file"), filepath.Join(dir, "plain")
	for file, mode := range map[string]fs.FileMode{name: 0o600, plain: 0o666} {
		if err := os.WriteFile(file, nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	write(t, name, "one")
	write(t, filepath.Join(dir, "new"), "one")
	want, err := os.Stat(plain)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(dir, "new")); err != nil || info.Mode() != want.Mode() {
		t.Errorf("a new file: %v, %v; want %v", info.Mode(), err, want.Mode())
	}
	if info, err := os.Stat(name); err != nil || info.Mode() != 0o600 {
		t.Errorf("a replaced file: %v, %v", info.Mode(), err)
	}
}

func TestLink(t *testing.T) {
	dir := t.TempDir()
	link, target := filepath.Join(dir, "link"), filepath.Join(dir, "target")
	if err := os.WriteFile(target, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("target", link); err != nil {
		t.Skip(err)
	}
	write(t, link, "one")
	if got := content(t, target); got != "one" {
		t.Errorf("target: %q", got)
	}
	if to, err := os.Readlink(link); err != nil || to != "target" {
		t.Errorf("link: %q, %v", to, err)
	}
}

func TestDevice(t *testing.T) {
	write(t, os.DevNull, "one")
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode().IsRegular() {
		t.Errorf("a file replaced the device: %v", err)
	}
	if _, err := Create(t.TempDir()); err == nil {
		t.Error("a directory was opened")
	}
}

func TestError(t *testing.T) {
	dir := t.TempDir()
	if _, err := Create(filepath.Join(dir, "none", "file")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in no directory: %v", err)
	}
	f, err := Create(filepath.Join(dir, "file"))
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	if err := f.Commit(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	if list := names(t, dir); len(list) > 0 {
		t.Errorf("left behind: %q", list)
	}
}

func TestAppend(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "a")
	write(t, name, "text")
	if err := Append(name, []byte(" and more")); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(name); err != nil || string(b) != "text and more" {
		t.Errorf("%q, %v", b, err)
	}
	if err := Append(filepath.Join(dir, "none"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if got := names(t, dir); !slices.Equal(got, []string{"a"}) {
		t.Errorf("left behind: %q", got)
	}
}

// A reader keeps the file that another one replaces.
func TestReplaceOpen(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a")
	other := name + ".other"
	write(t, name, "one")
	write(t, other, "other")
	f, err := Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if runtime.GOOS == "windows" && errors.Is(Rename(other, name), fs.ErrPermission) {
		t.Skip("a file system without POSIX semantics, or Wine")
	}
	write(t, name, "two")
	if b, err := io.ReadAll(f); err != nil || string(b) != "one" {
		t.Errorf("the reader got %q, %v", b, err)
	}
	if got := content(t, name); got != "two" {
		t.Errorf("content %q", got)
	}
	if _, err := Open(name + ".none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

// Rename also takes a file of a directory below, as updates of a database have it, and one of another place.
func TestRename(t *testing.T) {
	dir := t.TempDir()
	name, below, beside := filepath.Join(dir, "a", "file"), filepath.Join(dir, "a", "b", "new"), filepath.Join(dir, "new")
	if err := os.MkdirAll(filepath.Dir(below), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, from := range []string{below, beside} {
		if err := os.WriteFile(from, []byte(from), 0o666); err != nil {
			t.Fatal(err)
		}
		if err := Rename(from, name); err != nil || content(t, name) != from {
			t.Errorf("%s: %v", from, err)
		}
	}
	if err := Rename(beside, name); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}
