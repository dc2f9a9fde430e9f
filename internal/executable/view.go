package executable

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/hullmark/hullmark/analyzer"
)

// View returns a program as the readers of the standard library may see it. They hold all tables of PE and Mach-O programs, and copy each
// name, which hostile names share. The view of such a program has no symbols, no relocations and no long names of sections. View returns an
// error that wraps analyzer.ErrTooLarge if the headers alone would take much memory.
func View(r io.ReaderAt) (io.ReaderAt, error) {
	switch FormatOf(r) {
	case ELF:
		return r, checkELF(r)
	case PE:
		return viewPE(r), nil
	case MachO:
		return viewMachO(r)
	}
	return r, nil
}

// A view is a file with other bytes in some places.
type view struct {
	io.ReaderAt
	parts []part
}

type part struct {
	at   int64
	data []byte
}

// ReadAt implements io.ReaderAt.
func (v view) ReadAt(p []byte, off int64) (int, error) {
	n, err := v.ReaderAt.ReadAt(p, off)
	for _, part := range v.parts {
		from, to := max(off, part.at), min(off+int64(n), part.at+int64(len(part.data)))
		if from < to {
			copy(p[from-off:to-off], part.data[from-part.at:])
		}
	}
	return n, err
}

// read returns up to n bytes of a file.
func read(r io.ReaderAt, at, n int64) part {
	data := make([]byte, n)
	k, _ := r.ReadAt(data, at)
	return part{at, data[:k]}
}

// viewPE hides the table of symbols, with the long names of sections behind it, and the relocations. The layout is that of Microsoft's "PE
// Format".
func viewPE(r io.ReaderAt) io.ReaderAt {
	const dosSize, headerSize, sectionSize = 64, 20, 40
	le := binary.LittleEndian
	dos := read(r, 0, dosSize).data
	if len(dos) < dosSize || le.Uint32(dos[60:]) < dosSize {
		return bytes.NewReader(nil) // other headers would overlap this one
	}
	header := read(r, int64(le.Uint32(dos[60:]))+4, headerSize)
	if len(header.data) < headerSize {
		return bytes.NewReader(nil)
	}
	clear(header.data[8:16]) // place and number of symbols
	sections := read(r, header.at+headerSize+int64(le.Uint16(header.data[16:])), sectionSize*int64(le.Uint16(header.data[2:])))
	for b := sections.data; len(b) >= sectionSize; b = b[sectionSize:] {
		if b[0] == '/' { // the place of a long name follows
			b[0] = '.'
		}
		clear(b[32:34]) // number of relocations
	}
	return view{r, []part{header, sections}}
}

// maxCommands is the size in bytes of the largest list of load commands. Large programs have some thousands.
const maxCommands = 1 << 20

// viewMachO hides the tables of symbols and the relocations. The layout is that of mach-o/loader.h.
func viewMachO(r io.ReaderAt) (io.ReaderAt, error) {
	const (
		segment32, symtab, dysymtab, segment64 = 1, 2, 11, 25 // kinds of load commands
		commandSize                            = 8
	)
	header := read(r, 0, 32).data
	if len(header) < 32 {
		return r, nil
	}
	var order binary.ByteOrder = binary.LittleEndian
	if header[0] == 0xfe {
		order = binary.BigEndian
	}
	start := int64(28)
	if order.Uint32(header)&1 == 1 { // 64 bits
		start = 32
	}
	size := int64(order.Uint32(header[20:]))
	if size > maxCommands {
		return nil, fmt.Errorf("Mach-O: %d bytes of load commands, more than %d: %w", size, maxCommands, analyzer.ErrTooLarge)
	}
	commands := read(r, start, size)
	for rest := commands.data; len(rest) >= commandSize; {
		n := int64(order.Uint32(rest[4:]))
		if n < commandSize || n > int64(len(rest)) {
			break
		}
		command := rest[:n]
		rest = rest[n:]
		switch order.Uint32(command) {
		case symtab, dysymtab:
			clear(command[:4])
		case segment32:
			withoutRelocations(command, 56, 68, 52)
		case segment64:
			withoutRelocations(command, 72, 80, 60)
		}
	}
	return view{r, []part{commands}}, nil
}

// withoutRelocations clears the number of relocations of the sections in a load command.
func withoutRelocations(command []byte, header, section, number int) {
	for b := command[min(header, len(command)):]; len(b) >= section; b = b[section:] {
		clear(b[number : number+4])
	}
}
