package rpmdb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// Limits of lib/header.c.
const (
	maxFields = 0xffff
	maxData   = 0x0fffffff
)

// fields is the index of a header, which locates the fields in its data. A header has, in big-endian numbers,
//
//	number of entries, length of the data        4 bytes each
//	tag, type, offset, count                     4 bytes each, for each entry
//	data
//
// The first entry describes a region: the entries of the package file that a signature covers. Its offset locates a copy of it
// at the end of the region's data. The offset in the copy is the negated size of the region's part of the index. Entries
// after the region were added during installation and replace entries of the region with the same tag. Headers of rpm 3 have
// no region.
type fields struct {
	entries []field
	data    []byte
	room    int // bytes of data that are not in an array of strings read so far
}

type field struct {
	tag    Tag
	kind   valueType
	offset uint32
	count  uint32
}

func parseField(b []byte) field {
	n := binary.BigEndian.Uint32
	return field{Tag(n(b)), valueType(n(b[4:])), n(b[8:]), n(b[12:])}
}

// parse sets x to the index of a header. It rejects the headers that rpm rejects, except that strings without an end are
// errors only when they are read.
func (x *fields) parse(blob []byte) error {
	x.entries, x.data = x.entries[:0], nil
	if len(blob) < 8 {
		return fmt.Errorf("%d bytes", len(blob))
	}
	n, size := binary.BigEndian.Uint32(blob), binary.BigEndian.Uint32(blob[4:])
	if n == 0 || n > maxFields || size > maxData {
		return fmt.Errorf("%d fields, %d bytes of data", n, size)
	}
	if want := 8 + 16*int64(n) + int64(size); want != int64(len(blob)) {
		return fmt.Errorf("%d fields and %d bytes of data need %d bytes, have %d", n, size, want, len(blob))
	}
	index := blob[8 : 8+16*n]
	x.data = blob[8+16*n:]
	x.room = len(x.data)
	if parseField(index).tag < tagI18nTable {
		if err := x.region(index); err != nil {
			return err
		}
		index = index[16:]
	}
	for i := 0; i < len(index); i += 16 {
		f := parseField(index[i:])
		if err := x.check(f); err != nil {
			return fmt.Errorf("tag %d: type %d, offset %d, count %d: %w", f.tag, f.kind, f.offset, f.count, err)
		}
		x.entries = append(x.entries, f)
	}
	return nil
}

// region checks the first entry of an index and its copy.
func (x *fields) region(index []byte) error {
	f := parseField(index)
	if f.tag < tagHeaderImage || f.tag > tagHeaderImmutable || f.kind != typeBin || f.count != 16 {
		return fmt.Errorf("region: tag %d, type %d, count %d", f.tag, f.kind, f.count)
	}
	if int64(f.offset)+16 > int64(len(x.data)) {
		return fmt.Errorf("region: trailer at %d of %d bytes of data", f.offset, len(x.data))
	}
	t := parseField(x.data[f.offset:])
	size := -int64(int32(t.offset))
	if t.tag != f.tag || t.kind != typeBin || t.count != 16 {
		return fmt.Errorf("region: trailer with tag %d, type %d, count %d", t.tag, t.kind, t.count)
	}
	if size <= 0 || size%16 != 0 || size > int64(len(index)) {
		return fmt.Errorf("region: %d bytes of an index of %d", size, len(index))
	}
	return nil
}

func (x *fields) check(f field) error {
	switch {
	case f.tag < tagI18nTable:
		return errors.New("a second region")
	case f.kind == typeNull || f.kind >= typeCount:
		return errors.New("unknown type")
	case f.count == 0:
		return errors.New("no values")
	case f.kind == typeString && f.count != 1:
		return errors.New("more than one string")
	case int64(f.offset)+int64(f.count)*max(1, f.kind.size()) > int64(len(x.data)):
		return errors.New("past the end of the data")
	case f.kind.size() > 1 && int64(f.offset)%f.kind.size() != 0:
		return errors.New("not aligned")
	}
	return nil
}

// find returns the last field with a tag.
func (x *fields) find(tag Tag) (field, bool) {
	for i := len(x.entries) - 1; i >= 0; i-- {
		if x.entries[i].tag == tag {
			return x.entries[i], true
		}
	}
	return field{}, false
}

// strings returns the bytes of an array of strings, each with its NUL, and their number. It returns nil if the field does
// not exist. A caller must read each array once: strings returns an error if all arrays together exceed the data, so that
// hostile arrays can't share bytes.
func (x *fields) strings(tag Tag) (b []byte, count int, err error) {
	f, ok := x.find(tag)
	if !ok {
		return nil, 0, nil
	}
	if f.kind.size() != 0 {
		return nil, 0, fmt.Errorf("tag %d: type %d, want strings", tag, f.kind)
	}
	b = x.data[f.offset:]
	end := 0
	for range f.count {
		n := bytes.IndexByte(b[end:], 0)
		if n < 0 {
			return nil, 0, fmt.Errorf("tag %d: %d strings do not end within the data", tag, f.count)
		}
		end += n + 1
	}
	if x.room -= end; x.room < 0 {
		return nil, 0, fmt.Errorf("tag %d: arrays of strings overlap", tag)
	}
	return b[:end], int(f.count), nil
}

// text returns the string of a field, or its first translation or element. It returns nil if the field does not exist.
func (x *fields) text(tag Tag) ([]byte, error) {
	f, ok := x.find(tag)
	if !ok {
		return nil, nil
	}
	if f.kind.size() != 0 {
		return nil, fmt.Errorf("tag %d: type %d, want a string", tag, f.kind)
	}
	s, _, ok := bytes.Cut(x.data[f.offset:], []byte{0})
	if !ok {
		return nil, fmt.Errorf("tag %d: the string does not end within the data", tag)
	}
	return s, nil
}

// integers returns the bytes of a field of 32-bit integers, or nil if the field does not exist.
func (x *fields) integers(tag Tag) ([]byte, error) {
	f, ok := x.find(tag)
	if !ok {
		return nil, nil
	}
	if f.kind != typeInt32 {
		return nil, fmt.Errorf("tag %d: type %d, want 32-bit integers", tag, f.kind)
	}
	return x.data[f.offset:][:4*f.count], nil
}

// number returns the first integer of a field, or 0 if the field does not exist.
func (x *fields) number(tag Tag) (uint64, error) {
	f, ok := x.find(tag)
	if !ok {
		return 0, nil
	}
	b := x.data[f.offset:]
	switch f.kind {
	case typeInt32:
		return uint64(binary.BigEndian.Uint32(b)), nil
	case typeInt64:
		return binary.BigEndian.Uint64(b), nil
	}
	return 0, fmt.Errorf("tag %d: type %d, want an integer", tag, f.kind)
}

// binary returns the bytes of a field, or nil if the field does not exist.
func (x *fields) binary(tag Tag) ([]byte, error) {
	f, ok := x.find(tag)
	if !ok {
		return nil, nil
	}
	if f.kind != typeBin {
		return nil, fmt.Errorf("tag %d: type %d, want bytes", tag, f.kind)
	}
	return x.data[f.offset:][:f.count], nil
}
