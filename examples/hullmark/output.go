package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// An output is where results go: standard output, or a file that appears under its name only when it is complete.
type output struct {
	*bufio.Writer
	file *os.File // nil for standard output
	name string   // what file is renamed to; "" where it has its name already
}

// output opens the file that -o names, "" or "-" for standard output. What is no regular file, such as a device or a pipe,
// is written to as it is.
func (a *app) output(name string) (*output, error) {
	if name == "" || name == "-" {
		return &output{Writer: bufio.NewWriter(a.stdout)}, nil
	}
	if real, err := filepath.EvalSymlinks(name); err == nil {
		name = real // a link goes on leading there
	}
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			return nil, fmt.Errorf("cannot write results: %w; choose another file with -o", err)
		}
		return &output{Writer: bufio.NewWriter(f), file: f}, nil
	}
	f, err := createBeside(name)
	if err != nil {
		return nil, fmt.Errorf("cannot write results: %w; choose another file with -o", err)
	}
	return &output{Writer: bufio.NewWriter(f), file: f, name: name}, nil
}

// createBeside makes a file with a name of its own next to another. Unlike those of os.CreateTemp it is as readable as
// other files are.
func createBeside(name string) (f *os.File, err error) {
	for range 100 {
		part := fmt.Sprintf(".%s.%08x.part", filepath.Base(name), rand.Uint32())
		f, err = os.OpenFile(filepath.Join(filepath.Dir(name), part), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if !errors.Is(err, fs.ErrExist) {
			break
		}
	}
	return f, err
}

// commit makes what was written the result.
func (o *output) commit() error {
	err := o.Flush()
	f := o.file
	o.file = nil
	switch {
	case f == nil:
	case o.name == "":
		err = errors.Join(err, f.Close())
	default:
		err = errors.Join(err, f.Sync(), f.Close())
		if err == nil {
			err = os.Rename(f.Name(), o.name)
		}
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}
	if err != nil {
		return fmt.Errorf("cannot write results: %w", err)
	}
	return nil
}

// discard removes what was written, if it was not committed.
func (o *output) discard() {
	if o.file == nil {
		return
	}
	o.file.Close()
	if o.name != "" {
		os.Remove(o.file.Name())
	}
	o.file = nil
}
