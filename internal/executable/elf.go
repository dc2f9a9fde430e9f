package executable

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"github.com/hullmark/hullmark/analyzer"
)

// maxNames is how many bytes the names of all sections may take. Package debug/elf copies each name, and hostile names share bytes.
const maxNames = 64 << 20

// checkELF returns an error that wraps analyzer.ErrTooLarge if an ELF file has so many sections, or sections with so long names, that
// package debug/elf would take much memory for them.
func checkELF(r io.ReaderAt) error {
	var h [64]byte
	if n, _ := r.ReadAt(h[:], 0); n < 52 {
		return nil // debug/elf reports it
	}
	var order binary.ByteOrder = binary.LittleEndian
	if h[5] == 2 {
		order = binary.BigEndian
	}
	// The offsets are those of Elf32_Ehdr and Elf64_Ehdr, then those of the sizes in Elf32_Shdr and Elf64_Shdr.
	word := func(b []byte) int64 { return int64(order.Uint32(b)) }
	start, entry, sizeAt := word(h[32:]), h[46:], 20
	if h[4] == 2 {
		word = func(b []byte) int64 { return int64(order.Uint64(b)) }
		start, entry, sizeAt = word(h[40:]), h[58:], 32
	}
	size, sections, names := int64(order.Uint16(entry)), int64(order.Uint16(entry[2:])), int64(order.Uint16(entry[4:]))
	if sections == 0 && start != 0 {
		return fmt.Errorf("ELF: 65,280 or more sections: %w", analyzer.ErrTooLarge)
	}
	var header [64]byte
	if n, _ := r.ReadAt(header[:], start+names*size); n < sizeAt+8 {
		return nil
	}
	if length := word(header[sizeAt:]); length > maxNames/max(sections, 1) {
		return fmt.Errorf("ELF: names of %d sections in %d bytes: %w", sections, length, analyzer.ErrTooLarge)
	}
	return nil
}

// BeginsSection reports whether a section of an ELF file begins at an offset.
func BeginsSection(r io.ReaderAt, offset int64) bool {
	var head [64]byte
	n, _ := r.ReadAt(head[:], 0)
	at, size, ok := sectionTable(head[:n])
	if !ok {
		return false
	}
	table := make([]byte, min(size, maxSections))
	n, _ = r.ReadAt(table, at)
	return slices.Contains(offsetsIn(head[:], table[:n]), offset)
}

// maxSections is how many bytes of the table of sections are read.
const maxSections = 64 << 10

// sectionStarts returns the offsets of the sections of an ELF file, sorted, or nil if their table does not lie in its first bytes.
func sectionStarts(head []byte) []int64 {
	at, size, ok := sectionTable(head)
	if !ok || at > int64(len(head)) || size > int64(len(head))-at {
		return nil
	}
	starts := offsetsIn(head, head[at:at+size])
	slices.Sort(starts)
	return starts
}

// sectionTable returns the place of the table of sections, by the header of an ELF file. The offsets are those of Elf32_Ehdr and Elf64_Ehdr.
func sectionTable(head []byte) (at, size int64, ok bool) {
	if len(head) < 64 || string(head[:4]) != "\x7fELF" {
		return 0, 0, false
	}
	order := orderOf(head)
	at, numbers := int64(order.Uint32(head[32:])), head[46:]
	if head[4] == 2 {
		at, numbers = int64(order.Uint64(head[40:])), head[58:]
	}
	size = int64(order.Uint16(numbers)) * int64(order.Uint16(numbers[2:]))
	return at, size, at > 0 && size > 0
}

// offsetsIn returns the offsets of sections in their table, given the header of the file. They are at the places of Elf32_Shdr and Elf64_Shdr.
func offsetsIn(head, table []byte) (list []int64) {
	order := orderOf(head)
	size, offset := int(order.Uint16(head[46:])), func(b []byte) int64 { return int64(order.Uint32(b[16:])) }
	if head[4] == 2 {
		size, offset = int(order.Uint16(head[58:])), func(b []byte) int64 { return int64(order.Uint64(b[24:])) }
	}
	const least = 32
	if size < least {
		return nil
	}
	for ; len(table) >= size; table = table[size:] {
		list = append(list, offset(table))
	}
	return list
}

func orderOf(head []byte) binary.ByteOrder {
	if head[5] == 2 {
		return binary.BigEndian
	}
	return binary.LittleEndian
}
