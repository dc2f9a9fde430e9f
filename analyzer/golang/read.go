package golang

import (
	"bufio"
	"debug/buildinfo"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/executable"
)

// mark begins the build information of a program.
const mark = "\xff Go buildinf:"

const align = 16 // of build information

const maxInfo = 4 << 20 // bytes of build information; a program with a thousand modules has 100 KB

// read returns the build information of a program, or nil without any. The error of buildinfo.Read does not distinguish damaged
// programs from those in other languages.
func read(r *io.SectionReader) (*debug.BuildInfo, error) {
	switch executable.FormatOf(r) {
	case executable.ELF:
		return readELF(r)
	case executable.PE, executable.MachO:
		if !executable.Contains(r, mark) {
			return nil, nil
		}
		view, err := executable.View(r)
		if err != nil {
			return nil, err
		}
		return buildinfo.Read(limited{view})
	}
	return nil, nil
}

// readELF reads an ELF file. Build information of Go 1.18 and later is complete, in the data of the program, which a scan
// keeps. For older programs, buildinfo.Read reads parts from everywhere.
func readELF(r *io.SectionReader) (*debug.BuildInfo, error) {
	var head [executable.HeadSize]byte
	n, _ := r.ReadAt(head[:min(executable.HeadSize, r.Size())], 0)
	constant, data := executable.Segments(head[:n], r.Size())
	if len(constant)+len(data) == 0 {
		data = []executable.Span{{End: r.Size()}}
	}
	marked := false
	for _, s := range data {
		start := s.Start &^ (align - 1)
		part := io.NewSectionReader(r, start, s.End-start)
		at, ok := executable.Find(part, mark, align)
		if !ok {
			continue
		}
		marked = true
		info, err := readInline(part, at)
		if info != nil || err != nil {
			return info, err
		}
	}
	if !marked {
		return nil, nil
	}
	if _, err := executable.View(r); err != nil {
		return nil, err
	}
	if f, err := elf.NewFile(r); err == nil && len(f.Sections) > 0 {
		s := f.Section(".go.buildinfo")
		if s == nil || s.Type == elf.SHT_NOBITS || !executable.Contains(io.NewSectionReader(r, int64(s.Offset), int64(s.FileSize)), mark) {
			return nil, nil
		}
	}
	return buildinfo.Read(limited{r})
}

// readInline reads the build information at an offset, or returns nil if it has another form. Its header of 32 bytes has flags after
// the mark and the size of a pointer. The version of Go and the modules follow, each after its length.
func readInline(r *io.SectionReader, at int64) (*debug.BuildInfo, error) {
	const headerSize, flagsAt, inline = 32, 15, 2
	b := bufio.NewReaderSize(io.NewSectionReader(r, at, r.Size()-at), 4096)
	header, err := b.Peek(headerSize)
	if err != nil || header[flagsAt]&inline == 0 {
		return nil, nil
	}
	b.Discard(headerSize)
	var texts [2]string
	for i := range texts {
		n, err := binary.ReadUvarint(b)
		switch {
		case err != nil || n > uint64(r.Size()):
			return nil, nil
		case n > maxInfo:
			return nil, fmt.Errorf("%d bytes: %w", n, analyzer.ErrTooLarge)
		}
		text := make([]byte, n)
		if _, err := io.ReadFull(b, text); err != nil {
			return nil, nil
		}
		texts[i] = string(text)
	}
	version, modules := texts[0], texts[1]
	if version == "" {
		return nil, nil
	}
	const frame = 16 // bytes before and after the modules, by which a running program finds them
	if n := len(modules); n > 2*frame && modules[n-frame-1] == '\n' {
		modules = modules[frame : n-frame]
	} else {
		modules = ""
	}
	info, err := debug.ParseBuildInfo(modules)
	if err != nil {
		return nil, err
	}
	info.GoVersion = version
	return info, nil
}

// A limited reads a program for buildinfo.Read, which needs no large tables. It refuses to read build information of more than maxInfo
// bytes.
type limited struct{ io.ReaderAt }

// ReadAt implements io.ReaderAt.
func (r limited) ReadAt(p []byte, off int64) (int, error) {
	if len(p) > maxInfo {
		return 0, fmt.Errorf("more than %d bytes: %w", maxInfo, analyzer.ErrTooLarge)
	}
	return r.ReaderAt.ReadAt(p, off)
}
