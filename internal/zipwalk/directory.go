package zipwalk

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

const (
	endSignature       = "PK\x05\x06"
	end64Signature     = "PK\x06\x06"
	locator64Signature = "PK\x06\x07"
	entrySignature     = "PK\x01\x02"
	localSignature     = "PK\x03\x04"

	endSize       = 22 // without its comment
	end64Size     = 56 // without its extensible data
	locator64Size = 20
	entrySize     = 46 // without name, extra field and comment
	localSize     = 30 // without name and extra field

	maxComment = math.MaxUint16
)

// errNotZip reports a file without an end of central directory record.
var errNotZip = errors.New("not a zip archive: no end of central directory")

// A directory is the location of the central directory of an archive.
type directory struct {
	start, end int64  // offsets in the file
	base       int64  // added to offsets: the length of data before the archive
	entries    uint64 // stated number of entries
}

// findDirectory finds the central directory of an archive by the end records of APPNOTE.TXT 6.3, sections 4.3.14 to 4.3.16.
// Data may precede the archive, such as a shell script or the header of a jmod; the offsets may include its length or not. If
// two directories are possible, the one right before the end record wins, as in Java.
func findDirectory(r io.ReaderAt, size int64) (directory, error) {
	tail := make([]byte, min(size, endSize+maxComment))
	if _, err := r.ReadAt(tail, size-int64(len(tail))); err != nil && err != io.EOF {
		return directory{}, err
	}
	at := len(tail)
	for {
		if at = bytes.LastIndex(tail[:at], []byte(endSignature)); at < 0 {
			return directory{}, errNotZip
		}
		if record := tail[at:]; len(record) >= endSize && len(record) >= endSize+int(binary.LittleEndian.Uint16(record[20:])) {
			break
		}
	}
	record := tail[at:]
	d := directory{end: size - int64(len(tail)) + int64(at), entries: uint64(binary.LittleEndian.Uint16(record[10:]))}
	length := uint64(binary.LittleEndian.Uint32(record[12:]))
	offset := uint64(binary.LittleEndian.Uint32(record[16:]))
	if d.entries == math.MaxUint16 || length == math.MaxUint32 || offset == math.MaxUint32 {
		end, record, err := findEnd64(r, d.end)
		if err != nil {
			return directory{}, err
		}
		if record != nil {
			d.end = end
			d.entries = binary.LittleEndian.Uint64(record[32:])
			length = binary.LittleEndian.Uint64(record[40:])
			offset = binary.LittleEndian.Uint64(record[48:])
		}
	}
	if length > uint64(d.end) || offset > uint64(d.end) {
		return directory{}, fmt.Errorf("central directory of %d bytes at offset %d of %d", length, offset, d.end)
	}
	for _, base := range []int64{d.end - int64(length) - int64(offset), 0} {
		start := base + int64(offset)
		if base >= 0 && start <= d.end && isDirectory(r, start, d.end) {
			d.base, d.start = base, start
			return d, nil
		}
	}
	return directory{}, fmt.Errorf("no central directory at offset %d", offset)
}

// isDirectory reports whether a central directory can start at an offset: an entry begins there, or the offset is the end.
func isDirectory(r io.ReaderAt, start, end int64) bool {
	if start == end {
		return true
	}
	var signature [4]byte
	_, err := r.ReadAt(signature[:], start)
	return err == nil && string(signature[:]) == entrySignature
}

// findEnd64 returns the zip64 end record and its offset, or nil if no zip64 locator precedes the plain end record.
func findEnd64(r io.ReaderAt, end int64) (int64, []byte, error) {
	var locator [locator64Size]byte
	at := end - locator64Size
	if at < 0 {
		return 0, nil, nil
	}
	if _, err := r.ReadAt(locator[:], at); err != nil {
		return 0, nil, err
	}
	if string(locator[:4]) != locator64Signature {
		return 0, nil, nil
	}
	stated := binary.LittleEndian.Uint64(locator[8:])
	record := make([]byte, end64Size)
	for _, offset := range []int64{int64(min(stated, math.MaxInt64)), at - end64Size} { // the second if data precedes the archive
		if offset < 0 || offset > at-end64Size {
			continue
		}
		if _, err := r.ReadAt(record, offset); err != nil {
			return 0, nil, err
		}
		if string(record[:4]) == end64Signature {
			return offset, record, nil
		}
	}
	return 0, nil, fmt.Errorf("no zip64 end of central directory at offset %d", stated)
}

// An entry is a record of the central directory.
type entry struct {
	name            []byte // valid until the next entry is read
	flags, method   uint16
	checksum        uint32
	packed, content uint64 // sizes in bytes, compressed and uncompressed
	offset          uint64 // of the local header
}

// each calls f for the entries of a directory until f returns false. It keeps no entries, so memory does not grow with their
// number.
func (d *directory) each(r io.ReaderAt, f func(e *entry) bool) error {
	length := d.end - d.start
	src := bufio.NewReaderSize(io.NewSectionReader(r, d.start, length), int(max(entrySize, min(length, 16<<10))))
	var e entry
	var long []byte // the variable part of an entry that exceeds the buffer
	for n := uint64(0); ; n++ {
		record, err := src.Peek(entrySize)
		if err != nil && err != io.EOF {
			return err
		}
		if len(record) < 4 || string(record[:4]) != entrySignature {
			if n&math.MaxUint16 != d.entries&math.MaxUint16 { // writers without zip64 let the number wrap around
				return fmt.Errorf("central directory has %d readable entries, but states %d", n, d.entries)
			}
			return nil
		}
		if err == io.EOF {
			return fmt.Errorf("entry %d: %w", n, io.ErrUnexpectedEOF)
		}
		le := binary.LittleEndian
		e = entry{
			flags: le.Uint16(record[8:]), method: le.Uint16(record[10:]), checksum: le.Uint32(record[16:]),
			packed: uint64(le.Uint32(record[20:])), content: uint64(le.Uint32(record[24:])), offset: uint64(le.Uint32(record[42:])),
		}
		name, extra, comment := int(le.Uint16(record[28:])), int(le.Uint16(record[30:])), int(le.Uint16(record[32:]))
		src.Discard(entrySize) // can't fail after Peek
		rest := name + extra + comment
		var text []byte
		if rest <= src.Size() {
			text, err = src.Peek(rest)
		} else {
			if long == nil {
				long = make([]byte, 3*math.MaxUint16)
			}
			text = long[:rest]
			_, err = io.ReadFull(src, text)
		}
		if err != nil {
			return fmt.Errorf("entry %d: %w", n, noEOF(err))
		}
		e.name = text[:name]
		if err := e.widen(text[name : name+extra]); err != nil {
			return fmt.Errorf("entry %d: %w", n, err)
		}
		if !f(&e) {
			return nil
		}
		if rest <= src.Size() {
			src.Discard(rest)
		}
	}
}

// widen replaces values that don't fit their fields with those of the zip64 extra field, in the order of APPNOTE.TXT section
// 4.5.3.
func (e *entry) widen(extra []byte) error {
	narrow := make([]*uint64, 0, 3)
	for _, v := range []*uint64{&e.content, &e.packed, &e.offset} {
		if *v == math.MaxUint32 {
			narrow = append(narrow, v)
		}
	}
	if len(narrow) == 0 {
		return nil
	}
	for len(extra) >= 4 {
		id, size := binary.LittleEndian.Uint16(extra), int(binary.LittleEndian.Uint16(extra[2:]))
		if extra = extra[4:]; size > len(extra) {
			break
		}
		if id != 1 {
			extra = extra[size:]
			continue
		}
		field := extra[:size]
		for _, v := range narrow {
			if len(field) < 8 {
				return errors.New("zip64 field is too short")
			}
			*v, field = binary.LittleEndian.Uint64(field), field[8:]
		}
		return nil
	}
	return nil // without zip64 the value is exact
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
