package executable

import (
	"bytes"
	"encoding/binary"
	"io"
)

// A NameTable is the table with the names of a Go program's functions, within the table by which the runtime finds functions (pclntab). The linker
// writes the names of all functions into it, and of those that were inlined everywhere, each with a zero byte. Stripping leaves it.
//
// The format is that of runtime/symtab.go, type pcHeader, as cmd/link/internal/ld/pcln.go writes it since Go 1.18. Later ones differ in the first
// four bytes only.
type NameTable struct {
	Start int64 // of the table of functions
	Names Span  // the names
	Old   bool  // of Go 1.18 and 1.19
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
	marks [2][]byte
}

// NewNameFinder returns a NameFinder for a program with a size. Head has its first bytes.
func NewNameFinder(head []byte, size int64) *NameFinder {
	f := &NameFinder{size, binary.LittleEndian, [2][]byte{[]byte("\xf1\xff\xff\xff\x00\x00"), []byte("\xf0\xff\xff\xff\x00\x00")}}
	if len(head) > 5 && string(head[:4]) == "\x7fELF" && head[5] == 2 {
		f.order, f.marks = binary.BigEndian, [2][]byte{[]byte("\xff\xff\xff\xf1\x00\x00"), []byte("\xff\xff\xff\xf0\x00\x00")}
	}
	return f
}

// Find calls fn for each table whose header, of NameHeader bytes, lies in the bytes at an offset.
func (f *NameFinder) Find(b []byte, at int64, fn func(NameTable)) {
	for i, mark := range f.marks {
		for from := 0; ; from++ {
			k := bytes.Index(b[from:], mark)
			if k < 0 || from+k+NameHeader > len(b) {
				break
			}
			from += k
			if t, ok := f.table(b[from:from+NameHeader], at+int64(from)); ok {
				t.Old = i == 1
				fn(t)
			}
		}
	}
}

// table reads a header: after the mark the least size of an instruction and that of a pointer, the numbers of functions and of files, an
// address, and the offsets of the names and of what follows them.
func (f *NameFinder) table(h []byte, at int64) (t NameTable, ok bool) {
	quantum, pointer := h[6], int(h[7])
	if quantum != 1 && quantum != 2 && quantum != 4 || pointer != 4 && pointer != 8 {
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
