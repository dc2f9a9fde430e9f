package executable

import (
	"encoding/binary"
	"slices"
)

// A Span is a part of a file.
type Span struct{ Start, End int64 }

// HeadSize is the number of bytes of a file in which Segments looks for its program headers.
const HeadSize = 8 << 10

// Segments returns the parts of an ELF file that a process maps: constants and code, and data that it may write. Head has the first bytes of the
// file, and size is its length. The spans are sorted and do not overlap. Segments returns nothing for other files, and for those whose
// program headers lie outside head.
func Segments(head []byte, size int64) (constant, data []Span) {
	eachSegment(head, size, load, func(flags uint32, s Span) {
		if flags&writable != 0 {
			data = append(data, s)
		} else {
			constant = append(constant, s)
		}
	})
	data = merge(data)
	return without(merge(constant), data), data
}

// merge sorts spans and joins those that overlap.
func merge(list []Span) (merged []Span) {
	slices.SortFunc(list, func(a, b Span) int { return int(min(max(a.Start-b.Start, -1), 1)) })
	for _, s := range list {
		if n := len(merged); n > 0 && s.Start <= merged[n-1].End {
			merged[n-1].End = max(merged[n-1].End, s.End)
			continue
		}
		merged = append(merged, s)
	}
	return merged
}

// without returns the parts of spans outside others. Both lists are merged.
func without(list, others []Span) (rest []Span) {
	for _, s := range list {
		for _, o := range others {
			if o.End <= s.Start || s.End <= o.Start {
				continue
			}
			if s.Start < o.Start {
				rest = append(rest, Span{s.Start, o.Start})
			}
			s.Start = o.End
		}
		if s.Start < s.End {
			rest = append(rest, s)
		}
	}
	return rest
}

// Code returns the parts of an ELF file with nothing but code: segments that a process may execute, if others have the constants. Head and size
// are those of Segments.
func Code(head []byte, size int64) (code []Span) {
	constants := false
	eachSegment(head, size, load, func(flags uint32, s Span) {
		switch {
		case flags&executableFlag != 0:
			code = append(code, s)
		case flags&writable == 0:
			constants = true
		}
	})
	if !constants {
		return nil
	}
	return merge(code)
}

// Notes returns the segments of an ELF file with notes, merged. Head and size are those of Segments.
func Notes(head []byte, size int64) (notes []Span) {
	eachSegment(head, size, note, func(_ uint32, s Span) { notes = append(notes, s) })
	return merge(notes)
}

// Types of segments, and flags.
const (
	load           = 1
	note           = 4
	executableFlag = 1
	writable       = 2
)

// eachSegment calls fn for the segments of a type in an ELF file, with their flags.
func eachSegment(head []byte, size int64, kind uint32, fn func(flags uint32, s Span)) {
	if len(head) < 64 || string(head[:4]) != "\x7fELF" {
		return
	}
	order := binary.ByteOrder(binary.LittleEndian)
	if head[5] == 2 {
		order = binary.BigEndian
	}
	// The offsets are those of Elf32_Ehdr and Elf32_Phdr, or of the 64-bit forms.
	word := func(b []byte) uint64 { return uint64(order.Uint32(b)) }
	at, count, length, flags, offset, fileSize := word(head[28:]), order.Uint16(head[44:]), uint64(32), 24, 4, 16
	if head[4] == 2 {
		word = order.Uint64
		at, count, length, flags, offset, fileSize = word(head[32:]), order.Uint16(head[56:]), 56, 4, 8, 32
	}
	if at > uint64(len(head)) || uint64(count)*length > uint64(len(head))-at {
		return
	}
	for ; count > 0; count, at = count-1, at+length {
		h := head[at : at+length]
		start, n := word(h[offset:]), word(h[fileSize:])
		if order.Uint32(h) != kind || n == 0 || start > uint64(size) || n > uint64(size)-start {
			continue
		}
		fn(order.Uint32(h[flags:]), Span{int64(start), int64(start + n)})
	}
}
