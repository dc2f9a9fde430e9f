// Package executable recognises the formats of programs and shared libraries.
package executable

import (
	"bytes"
	"encoding/binary"
	"io"
)

// Patterns returns the patterns of files that may be programs: every file. Programs have no extension and lie anywhere. Magic and
// analyzer.Info.Contains select among them.
func Patterns() []string { return []string{"**"} }

// maxSlices is the number of architectures for which a program of macOS may be built at once. macOS supports four.
const maxSlices = 5

// Magic returns the first bytes of all formats, for analyzer.Info.Magic. A class of Java begins like a program of macOS for 45 or more
// architectures.
func Magic() []string {
	list := []string{"\x7fELF", "MZ", "\xfe\xed\xfa\xce", "\xfe\xed\xfa\xcf", "\xce\xfa\xed\xfe", "\xcf\xfa\xed\xfe"}
	for n := range byte(maxSlices) {
		list = append(list, "\xca\xfe\xba\xbe\x00\x00\x00"+string(rune(n+1)), "\xca\xfe\xba\xbf\x00\x00\x00"+string(rune(n+1)))
	}
	return list
}

// A Format is the format of an executable.
type Format int

const (
	None  Format = iota
	ELF          // Linux and most others
	PE           // Windows
	MachO        // macOS, one architecture
	Fat          // macOS, several architectures; see Slices
)

// FormatOf returns the format of a file by its first bytes.
func FormatOf(r io.ReaderAt) Format {
	var head [8]byte
	if n, _ := r.ReadAt(head[:], 0); n < 4 {
		return None // too short
	}
	switch magic := binary.BigEndian.Uint32(head[:]); {
	case magic == 0x7F454C46:
		return ELF
	case magic>>16 == 0x4D5A:
		return PE
	case magic == 0xFEEDFACE, magic == 0xFEEDFACF, magic == 0xCEFAEDFE, magic == 0xCFFAEDFE:
		return MachO
	case magic == 0xCAFEBABE, magic == 0xCAFEBABF:
		if n := binary.BigEndian.Uint32(head[4:]); 0 < n && n <= maxSlices {
			return Fat
		}
	}
	return None
}

// Slices returns the programs in a file: one for each architecture, or the file itself if it is not Fat. It omits programs that
// do not lie within the file.
func Slices(r *io.SectionReader) []*io.SectionReader {
	if FormatOf(r) != Fat {
		return []*io.SectionReader{r}
	}
	var head [8 + maxSlices*32]byte
	n, _ := r.ReadAt(head[:], 0)
	var list []*io.SectionReader
	for i := range int(binary.BigEndian.Uint32(head[4:])) {
		// fat_arch: type, subtype, offset and size of 32 bits; fat_arch_64: of 64 bits, and one more field
		at, size := 8+20*i, 20
		if head[3] == 0xBF {
			at, size = 8+32*i, 32
		}
		if at+size > n {
			break
		}
		offset, length := int64(binary.BigEndian.Uint32(head[at+8:])), int64(binary.BigEndian.Uint32(head[at+12:]))
		if size == 32 {
			offset, length = int64(binary.BigEndian.Uint64(head[at+8:])), int64(binary.BigEndian.Uint64(head[at+16:]))
		}
		if offset >= 0 && length >= 0 && offset <= r.Size() && length <= r.Size()-offset {
			list = append(list, io.NewSectionReader(r, offset, length))
		}
	}
	return list
}

// maxHeaders is the most bytes of an ELF file before the first packed byte.
const maxHeaders = 64 + 56*64

// Packed reports whether UPX compressed a program, so that nothing of it can be read.
func Packed(r io.ReaderAt) bool {
	var head [maxHeaders]byte
	n, _ := r.ReadAt(head[:], 0)
	const mark = "UPX!"
	switch FormatOf(r) {
	case ELF: // the mark is in a block behind the program headers
		order := binary.ByteOrder(binary.LittleEndian)
		if head[5] == 2 {
			order = binary.BigEndian
		}
		headers := 52 + 32*int(order.Uint16(head[44:]))
		if head[4] == 2 {
			headers = 64 + 56*int(order.Uint16(head[56:]))
		}
		return headers+8 <= n && string(head[headers+4:headers+8]) == mark
	case PE: // the mark is in the header, as are the names of sections that UPX makes
		names := head[:min(n, 1024)]
		return bytes.Contains(names, []byte("UPX0\x00")) && bytes.Contains(head[:n], []byte(mark))
	}
	return false
}
