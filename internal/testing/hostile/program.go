package hostile

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// Programs returns PE and Mach-O programs of a few MiB whose tables take much memory in readers that keep them, by the names of the tables.
func Programs() map[string][]byte {
	const mib = 1 << 20
	text := bytes.Repeat([]byte("n"), 16*mib) // a name without an end
	symbol := append([]byte{0, 0, 0, 0, 4, 0, 0, 0}, make([]byte, 10)...)
	all := map[string][]byte{
		"PE symbols":           peProgram(nil, 1_000_000, make([]byte, 18_000_000), nil),
		"PE claimed symbols":   peProgram(nil, 1<<32-1, nil, nil),
		"PE names of symbols":  peProgram(nil, 200, bytes.Repeat(symbol, 200), text),
		"PE names of sections": peProgram(bytes.Repeat(peSection("/4", 0), 200), 0, nil, text),
		"PE sections":          peProgram(bytes.Repeat(peSection(".text", 0), 1<<16-1), 0, nil, nil),
		"PE relocations":       peProgram(bytes.Repeat(peSection(".text", 1<<16-1), 2000), 0, make([]byte, mib), nil),
	}
	le := binary.LittleEndian
	words := func(list ...uint32) (b []byte) {
		for _, n := range list {
			b = le.AppendUint32(b, n)
		}
		return b
	}
	const symtab, dysymtab, segment = 2, 11, 25
	machO := func(commands, claimed uint32, list, data []byte) []byte {
		head := words(0xfeedfacf, 0x01000007, 3, 2, commands, max(uint32(len(list)), claimed), 0, 0)
		return slices.Concat(head, list, data, goMagic)
	}
	table := func(symbols, names uint32) []byte { return words(symtab, 24, 1*mib, symbols, 17*mib, names) }
	far := func(list []byte) []byte { // places data at 1 MiB
		return append(list, make([]byte, mib-32-len(list))...)
	}
	section := slices.Concat(make([]byte, 32+8+8), words(0, 0, mib, mib, 0, 0, 0, 0))
	sections := func(n uint32) []byte {
		return slices.Concat(words(segment, 72+80*n), make([]byte, 16+4*8), words(0, 0, n, 0), bytes.Repeat(section, int(n)))
	}
	all["Mach-O commands"] = machO(4*mib, 0, bytes.Repeat(words(255, 8), 4*mib), nil)
	all["Mach-O claimed commands"] = machO(1<<32-1, 1<<32-1, nil, nil)
	all["Mach-O symbols"] = machO(1, 0, table(mib, 1), slices.Concat(make([]byte, mib-32-24), make([]byte, 16*mib+1)))
	all["Mach-O names of symbols"] = machO(1, 0, table(200, 16*mib), slices.Concat(make([]byte, mib-32-24), make([]byte, 16*mib), text))
	all["Mach-O symbol tables"] = machO(500, 0, bytes.Repeat(table(65536, 1), 500), slices.Concat(far(bytes.Repeat(table(65536, 1), 500))[500*24:], make([]byte, 16*mib+1)))
	indirect := slices.Concat(table(1, 1), bytes.Repeat(slices.Concat(words(dysymtab, 80), make([]byte, 12*4), words(mib, mib), make([]byte, 16)), 200))
	all["Mach-O indirect symbols"] = machO(201, 0, indirect, slices.Concat(far(indirect)[len(indirect):], make([]byte, 16*mib+1)))
	all["Mach-O relocations"] = machO(1, 0, sections(100), slices.Concat(far(sections(100))[len(sections(100)):], make([]byte, 8*mib)))
	return all
}

var goMagic = []byte("\xff Go buildinf:")

// peProgram returns a PE program with a table of sections, then one of symbols, then names.
func peProgram(sections []byte, symbols uint32, table, names []byte) []byte {
	const dos = 64
	le := binary.LittleEndian
	b := append([]byte("MZ"), make([]byte, 58)...)
	b = append(le.AppendUint32(b, dos), "PE\x00\x00"...)
	b = le.AppendUint16(le.AppendUint16(b, 0x8664), uint16(len(sections)/40))
	b = le.AppendUint32(le.AppendUint32(b, 0), dos+24+uint32(len(sections)))
	b = append(le.AppendUint32(b, symbols), 0, 0, 0, 0)
	b = append(append(b, sections...), table...)
	b = append(le.AppendUint32(b, uint32(len(names)+4)), names...)
	return append(b, goMagic...)
}

// peSection returns the header of a section with relocations.
func peSection(name string, relocations uint16) []byte {
	b := make([]byte, 40)
	copy(b, name)
	binary.LittleEndian.PutUint32(b[24:], 64)
	binary.LittleEndian.PutUint16(b[32:], relocations)
	return b
}
