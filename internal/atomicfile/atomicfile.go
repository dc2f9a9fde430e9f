// Package atomicfile writes files that get their name only when they are complete.
package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
)

// A File is a temporary file beside the file that it is to become.
type File struct {
	*os.File
	name string // "" if the file has its name already, and after Commit and Discard
}

// Create creates a temporary file in the directory of name. If name is a link, the file is to replace its target. It has the
// permissions of the file that it is to replace, or else those of any new file. If name is a device or a pipe, Create opens it
// instead.
func Create(name string) (*File, error) {
	if target, err := filepath.EvalSymlinks(name); err == nil {
		name = target
	}
	info, statErr := os.Stat(name)
	if statErr == nil && !info.Mode().IsRegular() {
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		return &File{File: f}, err
	}
	f, err := temporary(name)
	if err != nil {
		return nil, err
	}
	file := &File{f, name}
	if statErr == nil {
		if err := f.Chmod(info.Mode().Perm()); err != nil {
			file.Discard()
			return nil, err
		}
	}
	return file, nil
}

// temporary differs from os.CreateTemp in the permissions: as the umask says.
func temporary(name string) (f *os.File, err error) {
	for range 100 {
		part := fmt.Sprintf(".%s.%08x.part", filepath.Base(name), rand.Uint32())
		f, err = os.OpenFile(filepath.Join(filepath.Dir(name), part), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
		if !errors.Is(err, fs.ErrExist) {
			break
		}
	}
	return f, err
}

// Commit writes the file to the disk, closes it and gives it its name, which replaces a file of that name. On an error it removes
// the file.
func (f *File) Commit() error {
	if f.name == "" {
		return f.Close()
	}
	err := errors.Join(f.Sync(), f.Close())
	if err == nil {
		err = Rename(f.File.Name(), f.name)
	}
	if err != nil {
		err = errors.Join(err, os.Remove(f.File.Name()))
	}
	f.name = ""
	return err
}

// Discard closes and removes the file. It does nothing after Commit.
func (f *File) Discard() {
	f.Close()
	if f.name != "" {
		os.Remove(f.File.Name())
		f.name = ""
	}
}

// Open opens a file for reading. On Windows, unlike with os.Open, [Rename] can replace the file while it is open.
func Open(name string) (*os.File, error) {
	if runtime.GOOS == "windows" {
		if f, err := os.OpenInRoot(filepath.Dir(name), filepath.Base(name)); err == nil { // shares the right to delete the file
			return f, nil
		}
	}
	return os.Open(name)
}

// Rename gives a file another name, which replaces a file of that name. On Windows, unlike os.Rename, it also replaces a file that
// others have opened with [Open].
func Rename(from, to string) error {
	if runtime.GOOS == "windows" {
		dir := filepath.Dir(to)
		if inside, err := filepath.Rel(dir, from); err == nil && filepath.IsLocal(inside) {
			root, err := os.OpenRoot(dir)
			if err != nil {
				return err
			}
			defer root.Close()
			if root.Rename(inside, filepath.Base(to)) == nil { // has the semantics of POSIX
				return nil
			}
		}
	}
	return os.Rename(from, to)
}

// Append replaces a file by one with the same content and a suffix.
func Append(name string, suffix []byte) error {
	old, err := Open(name)
	if err != nil {
		return err
	}
	defer old.Close()
	f, err := Create(name)
	if err != nil {
		return err
	}
	defer f.Discard()
	if _, err := io.Copy(f, old); err != nil {
		return err
	}
	if _, err := f.Write(suffix); err != nil {
		return err
	}
	old.Close() // some systems do not replace an open file
	return f.Commit()
}
