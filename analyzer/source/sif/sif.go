// Package sif opens images of Singularity and Apptainer: files in the Singularity Image Format whose primary partition is a
// SquashFS file system. They are read in place, without being mounted or unpacked.
//
// The format is that of sif-spec, as github.com/sylabs/sif documents it.
package sif

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/source"
	"github.com/hullmark/hullmark/internal/squashfs"
)

const (
	headerSize     = 128
	magicAt        = 32 // after the line that lets the kernel execute the file
	descriptorSize = 585
	maxDescriptors = 4096

	typePartition = 0x4004
	systemPrimary = 2 // a partition's role
)

var magic = []byte("SIF_MAGIC\x00")

// ErrNotSIF reports a file of another format.
var ErrNotSIF = errors.New("not a Singularity image")

// Open opens the image in a file, which is a root file system: see source.Image. The error wraps ErrNotSIF for files of another
// format, and analyzer.ErrUnsupported if the root is encrypted or not SquashFS.
func Open(_ context.Context, name string) (_ *source.Image, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("sif: %w", err)
	}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("sif: %w", err)
	}
	root, err := read(f, info.Size())
	if err != nil {
		return nil, fmt.Errorf("sif: %s: %w", name, err)
	}
	return source.NewRoot("sif:"+name, root, f.Close), nil
}

// read returns the root file system in an image of size bytes.
func read(r io.ReaderAt, size int64) (*squashfs.FS, error) {
	var h [headerSize]byte
	if _, err := r.ReadAt(h[:], 0); err != nil || !bytes.HasPrefix(h[magicAt:], magic) {
		return nil, ErrNotSIF
	}
	le := binary.LittleEndian
	count, at := le.Uint64(h[88:]), le.Uint64(h[96:])
	if count > maxDescriptors || at > uint64(size) {
		return nil, fmt.Errorf("%d descriptors at %d", count, at)
	}
	for i := range count {
		var d [descriptorSize]byte
		if _, err := r.ReadAt(d[:], int64(at)+int64(i)*descriptorSize); err != nil {
			return nil, fmt.Errorf("descriptor %d: %w", i, io.ErrUnexpectedEOF)
		}
		const extra = descriptorSize - 384
		if le.Uint32(d[0:]) != typePartition || d[4] == 0 || le.Uint32(d[extra+4:]) != systemPrimary {
			continue
		}
		offset, length := le.Uint64(d[17:]), le.Uint64(d[25:])
		if offset > uint64(size) || length > uint64(size)-offset {
			return nil, fmt.Errorf("descriptor %d: %d bytes at %d, outside of the file", i, length, offset)
		}
		if kind := le.Uint32(d[extra:]); kind != 1 {
			names := map[uint32]string{2: "ext3", 3: "an archive", 4: "raw", 5: "encrypted"}
			return nil, fmt.Errorf("its root file system is of kind %d (%s), not SquashFS: %w", kind, names[kind], analyzer.ErrUnsupported)
		}
		return squashfs.New(io.NewSectionReader(r, int64(offset), int64(length)), int64(length))
	}
	return nil, errors.New("no primary partition")
}
