// Package membudget counts the memory of results before analyzers allocate it.
package membudget

import (
	"bytes"
	"context"
	"fmt"
	"unsafe"

	"github.com/hullmark/hullmark/analyzer"
)

// PackageSize is the memory in bytes of a package without its texts and lists.
const PackageSize = int64(unsafe.Sizeof(analyzer.Package{}))

// The memory in bytes of other parts of a result.
const (
	stringSize = int64(unsafe.Sizeof(""))
	sourceSize = int64(unsafe.Sizeof(analyzer.SourcePackage{}))
	mapSize    = 320 // a map of up to 8 strings
)

// step is how many bytes a Meter holds at once, so that counting costs nothing beside parsing.
const step = 64 << 10

// A Meter counts the bytes of the result of one call of Analyze and holds them with [analyzer.File.Hold]. A nil Meter counts
// nothing.
//
// Each method counts before the caller allocates. The error wraps [analyzer.ErrTooLarge] if the result exceeds the limit of the
// Meter or of the scan. After an error, every method returns the same error.
type Meter struct {
	ctx   context.Context
	file  *analyzer.File
	limit int64 // 0: only that of the scan
	held  int64
	room  int64 // bytes that are held, but not yet in use
	err   error
}

// New returns a Meter for the result of a file. The limit is the size in bytes of the largest result for files of its kind, or
// 0 for that of [analyzer.File.Hold].
func New(ctx context.Context, f *analyzer.File, limit int64) *Meter {
	return &Meter{ctx: ctx, file: f, limit: limit}
}

// Bytes counts n bytes.
func (m *Meter) Bytes(n int64) error {
	if m == nil {
		return nil
	}
	if n <= m.room {
		m.room -= n
		return nil
	}
	return m.more(n)
}

// more holds the next step.
func (m *Meter) more(n int64) error {
	if m.err != nil {
		return m.err
	}
	n -= m.room
	more := max(n, step)
	if m.limit > 0 && m.held+more > m.limit {
		m.err = fmt.Errorf("a result of more than %d bytes: %w", m.limit, analyzer.ErrTooLarge)
	} else {
		m.err = m.file.Hold(m.ctx, more)
	}
	if m.room = 0; m.err == nil {
		m.held += more
		m.room = more - n
	}
	return m.err
}

// Free gives back n bytes for what follows.
func (m *Meter) Free(n int64) {
	if m != nil {
		m.room += n
	}
}

// Err returns the error that the other methods return.
func (m *Meter) Err() error {
	if m == nil {
		return nil
	}
	return m.err
}

// List counts a list of n strings with size bytes together.
func (m *Meter) List(n, size int) error { return m.Bytes(stringSize*int64(n) + int64(size)) }

// Append appends a package to a list. It counts the strings, lists and maps of the package, and the room of the list as Grow does.
func (m *Meter) Append(list []analyzer.Package, p analyzer.Package) ([]analyzer.Package, error) {
	if m == nil {
		return append(list, p), nil
	}
	if err := m.Bytes(refers(&p)); err != nil {
		return list, err
	}
	list, err := m.Grow(list, 1, 1)
	if err != nil {
		return list, err
	}
	return append(list, p), nil
}

// SizeOf returns the memory of a package in bytes, with its strings, lists and maps.
func SizeOf(p *analyzer.Package) int64 { return PackageSize + refers(p) }

// refers returns the memory in bytes of the strings, lists and maps of a package.
func refers(p *analyzer.Package) int64 {
	n := int64(len(p.Namespace) + len(p.Name) + len(p.Version) + len(p.Arch) + len(p.Vendor) + len(p.ArchivePath) + len(p.Recorded))
	if f := p.Functions; f != nil {
		n += 2*stringSize + int64(len(f.Linked))
	}
	if s := p.SourcePackage; s != nil {
		n += sourceSize + int64(len(s.Name)+len(s.Version))
	}
	for _, list := range [...][]string{p.Licenses, p.Files, p.Depends, p.Provides} {
		n += stringSize * int64(len(list))
		for _, s := range list {
			n += int64(len(s))
		}
	}
	for _, m := range [...]map[string]string{p.Qualifiers, p.Hashes} {
		if m == nil {
			continue
		}
		n += mapSize
		for k, v := range m {
			n += int64(len(k) + len(v))
		}
	}
	return n
}

// valueSize is the memory in bytes of one decoded value, at most.
const valueSize = 128

// Decoded counts a text and its decoded values. Each of the bytes in marks separates two values: ":," for JSON.
func (m *Meter) Decoded(text []byte, marks string) error {
	if m == nil {
		return nil
	}
	return m.Bytes(DecodedSize(text, marks))
}

// DecodedSize returns the number of bytes that Decoded counts, for [Meter.Free].
func DecodedSize(text []byte, marks string) int64 {
	n := int64(0)
	for i := range len(marks) {
		n += int64(bytes.Count(text, []byte{marks[i]}))
	}
	return int64(len(text)) + valueSize*n
}
