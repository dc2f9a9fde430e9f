package npm

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
	"github.com/hullmark/hullmark/internal/diagnostic"
	"github.com/hullmark/hullmark/internal/jsonstream"
)

// The limits of an archive of Electron. Headers of large applications have some megabytes.
const (
	maxHeader    = 16 << 20 // bytes of the header
	maxDepth     = 64       // directories in each other
	maxManifests = 64 << 20 // bytes of all manifests
)

// An asar is an archive of Electron with the files of an application. Programs load packages from it as from a directory.
//
// The format is that of @electron/asar: the length of the header as a pickle of Chromium, a header in JSON as a pickle, then the
// contents of the files. The header is a tree: {"files": {"a.js": {"offset": "0", "size": 10}, "lib": {"files": {}}}}.
type asar struct {
	r        *jsonstream.Reader
	content  *io.SectionReader // after the header
	base     string            // base name of the file
	left     int64             // of maxManifests
	meter    *membudget.Meter
	problems diagnostic.List
	found    []analyzer.Package
}

// analyzeASAR finds the packages in an archive of Electron.
func analyzeASAR(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
	header, at, err := asarHeader(ctx, f)
	if err != nil {
		return nil, fmt.Errorf("npm: asar: %w", err)
	}
	a := asar{
		r: jsonstream.NewLimited(header, maxValue), content: io.NewSectionReader(f.Open(), at, f.Size()-at), base: path.Base(f.Path),
		left: maxManifests, meter: membudget.New(ctx, f, maxPackages),
	}
	err = a.entry("", 0)
	if err == nil {
		err = a.r.End()
	}
	r := &analyzer.Result{Packages: a.found, Diagnostics: a.problems.Diagnostics()}
	if err = cmp.Or(err, a.meter.Err()); err != nil {
		return r, fmt.Errorf("npm: asar: %w", err)
	}
	return r, nil
}

// asarHeader returns the header of an archive and its end. Four numbers of 32 bits precede it: 4, the size of the pickle with the
// header, that size without this number, and the length of the header.
func asarHeader(ctx context.Context, f *analyzer.File) (header []byte, end int64, err error) {
	var sizes [16]byte
	r := f.Open()
	if _, err := io.ReadFull(r, sizes[:]); err != nil {
		return nil, 0, err
	}
	number := func(i int) int64 { return int64(binary.LittleEndian.Uint32(sizes[4*i:])) }
	end = 8 + number(1)
	switch {
	case number(0) != 4 || number(3) > number(1)-8 || end > f.Size():
		return nil, 0, errors.New("not an archive of Electron")
	case number(3) > maxHeader:
		return nil, 0, fmt.Errorf("a header of %d bytes, more than %d: %w", number(3), maxHeader, analyzer.ErrTooLarge)
	}
	if err := f.Hold(ctx, number(3)); err != nil {
		return nil, 0, err
	}
	header = make([]byte, number(3))
	_, err = io.ReadFull(r, header)
	return header, end, err
}

// entry reads the entry with a name: a directory or a file. It analyzes the file if it is the manifest of a package.
func (a *asar) entry(name string, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("more than %d directories in each other: %w", maxDepth, analyzer.ErrTooLarge)
	}
	var offset string
	var size int64
	wanted := path.Base(name) == "package.json" && a.place(name) == installed
	err := a.r.Object(func(key string) (err error) {
		switch {
		case key == "files":
			return a.r.Object(func(base string) error {
				if base == "" || base == "." || base == ".." || strings.Contains(base, "/") {
					a.problems.At(name, "not the name of a file: %.80q", base)
					return a.r.Skip()
				}
				return a.entry(path.Join(name, base), depth+1)
			})
		case key == "offset" && wanted:
			offset, err = a.r.String()
			return err
		case key == "size" && wanted:
			bad, err := a.r.Decode(&size)
			return cmp.Or(err, bad)
		}
		return a.r.Skip()
	})
	if err != nil || !wanted || offset == "" { // without an offset the file is beside the archive, in app.asar.unpacked
		return err
	}
	if err := a.manifest(name, offset, size); err != nil {
		if a.meter.Err() != nil || errors.Is(err, errManifests) {
			return err
		}
		a.problems.At(name, "%w", err)
	}
	return nil
}

// place returns the kind of directory of a manifest. The archive "node_modules.asar" is a directory of that name.
func (a *asar) place(name string) place {
	if a.base == "node_modules.asar" {
		name = "node_modules/" + name
	}
	return placeOf(name)
}

var errManifests = fmt.Errorf("more than %d bytes of package.json: %w", maxManifests, analyzer.ErrTooLarge)

// manifest adds the package of a manifest at an offset in the contents.
func (a *asar) manifest(name, offset string, size int64) error {
	at, err := strconv.ParseInt(offset, 10, 64)
	if err != nil || at < 0 || size < 0 || at > a.content.Size() || size > a.content.Size()-at {
		return fmt.Errorf("not in the archive: %d bytes at %.40q", size, offset)
	}
	if size > maxManifest {
		return fmt.Errorf("%d bytes, more than %d: %w", size, maxManifest, analyzer.ErrTooLarge)
	}
	if a.left -= size; a.left < 0 {
		return errManifests
	}
	if err := a.meter.Bytes(size); err != nil {
		return err
	}
	defer a.meter.Free(size)
	source := make([]byte, size)
	if _, err := a.content.ReadAt(source, at); err != nil && err != io.EOF {
		return err
	}
	p, err := parseManifest(bytes.TrimPrefix(source, []byte(byteOrderMark)))
	if p.Name != "" {
		p.ArchivePath = name
		var full error
		a.found, full = a.meter.Append(a.found, p)
		err = cmp.Or(full, err)
	}
	return err
}
