package executable

import (
	"encoding/binary"
	"fmt"
	"io"

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
	var h [64]byte
	if n, _ := r.ReadAt(h[:], 0); n < len(h) {
		return false
	}
	order := binary.ByteOrder(binary.LittleEndian)
	if h[5] == 2 {
		order = binary.BigEndian
	}
	// The offsets are those of Elf32_Ehdr and Elf64_Ehdr, and of the offset in Elf32_Shdr and Elf64_Shdr.
	word := func(b []byte) int64 { return int64(order.Uint32(b)) }
	start, numbers, at := word(h[32:]), h[46:], 16
	if h[4] == 2 {
		word = func(b []byte) int64 { return int64(order.Uint64(b)) }
		start, numbers, at = word(h[40:]), h[58:], 24
	}
	size, count := int(order.Uint16(numbers)), int(order.Uint16(numbers[2:]))
	if size < at+8 || start <= 0 {
		return false
	}
	table := make([]byte, min(size*count, 64<<10))
	n, _ := r.ReadAt(table, start)
	for b := table[:n]; len(b) >= size; b = b[size:] {
		if word(b[at:]) == offset {
			return true
		}
	}
	return false
}
