package executable

import (
	"encoding/binary"
	"io"
	"math/bits"
	"slices"
)

// A NameTable is the table with the names of a Go program's functions, within the table by which the runtime finds functions (pclntab). The linker
// writes the names of all functions into it, and of those that were inlined everywhere, each with a zero byte. Stripping leaves it.
//
// The format is that of runtime/symtab.go, type pcHeader, as cmd/link/internal/ld/pcln.go writes it since Go 1.18. Later ones differ in the first
// four bytes only.
type NameTable struct {
	Start int64 // offset of the table of functions
	Names Span  // the names
	Old   bool  // Go 1.18 or 1.19 built the program
}

// MaxNames is the size in bytes of the largest table of names that a scan keeps. Those of large programs have 4 MiB. MaxTables is the
// number of tables that a scan looks at. A program has one, and others are of programs that it embeds.
const (
	MaxNames  = 8 << 20
	MaxTables = 2
)

// NameHeader is the number of bytes with which a NameFinder recognises a table.
const NameHeader = 48

// A NameFinder finds tables of names.
type NameFinder struct {
	size  int64
	order binary.ByteOrder
	align int64 // of tables: the size of a pointer, or less

	// Starts has the offsets of sections, sorted, if they are in the first bytes, where the linker of Go puts them. Each table then begins a section.
	// It is nil for other programs.
	Starts []int64
}

// NewNameFinder returns a NameFinder for a program with a size. Head has its first bytes.
func NewNameFinder(head []byte, size int64) *NameFinder {
	f := &NameFinder{size: size, order: binary.LittleEndian, align: 4}
	if len(head) > 5 && string(head[:4]) == "\x7fELF" && head[4] == 2 {
		f.align = 8
	}
	if len(head) > 5 && string(head[:4]) == "\x7fELF" && head[5] == 2 {
		f.order = binary.BigEndian
	}
	f.Starts = sectionStarts(head)
	return f
}

// Find calls fn for each table whose header, of NameHeader bytes, lies in the bytes at an offset.
func (f *NameFinder) Find(b []byte, at int64, fn func(NameTable)) {
	const oldMark = 0xfffffff0 // of Go 1.18 and 1.19; one more since Go 1.20
	little := f.order == binary.LittleEndian
	for i := int(-at & (f.align - 1)); i+NameHeader <= len(b); i += int(f.align) {
		m := binary.LittleEndian.Uint32(b[i:])
		if !little {
			m = bits.ReverseBytes32(m)
		}
		if m&^1 != oldMark {
			continue
		}
		if t, ok := f.table(b[i:i+NameHeader], at+int64(i)); ok && f.begins(t.Start) {
			t.Old = m == oldMark
			fn(t)
		}
	}
}

func (f *NameFinder) begins(offset int64) bool {
	_, found := slices.BinarySearch(f.Starts, offset)
	return found || f.Starts == nil
}

// table reads a header: after the mark the least size of an instruction and that of a pointer, the numbers of functions and of files, an
// address, the offset of the names, and that of the next table.
func (f *NameFinder) table(h []byte, at int64) (t NameTable, ok bool) {
	quantum, pointer := h[6], int(h[7])
	if h[4] != 0 || h[5] != 0 || quantum != 1 && quantum != 2 && quantum != 4 || pointer != 4 && pointer != 8 {
		return t, false
	}
	word := func(i int) uint64 {
		if pointer == 4 {
			return uint64(f.order.Uint32(h[8+4*i:]))
		}
		return f.order.Uint64(h[8+8*i:])
	}
	functions, names, end := word(0), word(3), word(4)
	const slack = 64 // for alignment
	least := uint64(8 + 8*pointer)
	if names < least || names > least+slack || end <= names || end > uint64(f.size-at) || functions == 0 || functions > end-names {
		return t, false
	}
	return NameTable{Start: at, Names: Span{at + int64(names), at + int64(end)}}, end-names <= MaxNames
}

// Names returns the tables of names in a program outside of its code and of the first HeadSize bytes, up to one more than MaxTables.
func Names(r *io.SectionReader) (tables []NameTable) {
	head := make([]byte, HeadSize)
	n, _ := r.ReadAt(head, 0)
	f := NewNameFinder(head[:n], r.Size())
	buf := make([]byte, 64<<10)
	for _, s := range without([]Span{{HeadSize, r.Size()}}, Code(head[:n], r.Size())) {
		for at := s.Start; at < s.End; {
			n, err := r.ReadAt(buf[:min(int64(len(buf)), s.End-at)], at)
			f.Find(buf[:n], at, func(t NameTable) { tables = append(tables, t) })
			if err != nil || len(tables) > MaxTables {
				return tables
			}
			if at += int64(n); at < s.End {
				at -= NameHeader - 1 // a header may go on
			}
		}
	}
	return tables
}
