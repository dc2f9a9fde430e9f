package nuget

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
	"github.com/hullmark/hullmark/internal/executable"
	"github.com/hullmark/hullmark/internal/inflate"
)

// signatures mark a program that may be the host of a bundle. The offset of the bundle's header is in the 8 bytes before, and zero in
// a host without a bundle. .NET has the first, the SHA-256 of ".net core bundle" and a newline. Descriptions of the format omit
// the newline, and files that other tools make after them have the second. They are computed, so that a program with this package does
// not look like such a host itself.
var signatures = [...]string{signature(".net core bundle\n"), signature(".net core bundle")}

func signature(text string) string {
	sum := sha256.Sum256([]byte(text))
	return string(sum[:])
}

const (
	maxEntries   = 65_536  // files of a bundle; real ones have up to a thousand
	maxEntryName = 4 << 10 // bytes
)

// NewBundle returns the analyzer of .NET applications in a single file, for Linux, Windows and macOS. It reads the *.deps.json file in
// the program, whose name is in ArchivePath.
func NewBundle() analyzer.Analyzer {
	return analyzer.Func(analyzer.Info{
		Name: "nuget-bundle", Version: 1, Patterns: executable.Patterns(), Magic: executable.Magic(), ContentOnly: true, DataOnly: true,
		Contains: []string{signatures[0][3:], signatures[1][3:]}, // without the first bytes, which are frequent
	}, analyzeBundle)
}

func analyzeBundle(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
	r := f.Open()
	header, err := findBundle(r)
	if err != nil || header == 0 {
		return nil, err
	}
	e, err := findDeps(r, header)
	if err != nil || e == nil {
		return nil, err
	}
	text, err := e.content(ctx, f, r)
	if err != nil {
		return nil, fmt.Errorf("nuget: bundle: %s: %w", e.name, err)
	}
	result, err := parseDeps(withoutMark(text), membudget.New(ctx, f, maxPackages))
	if result != nil {
		for i := range result.Packages {
			result.Packages[i].ArchivePath = e.name
		}
	}
	return result, err
}

// findBundle returns the offset of the header of the bundle in a program, or 0.
func findBundle(r *io.SectionReader) (int64, error) {
	var head [executable.HeadSize]byte
	n, _ := r.ReadAt(head[:min(executable.HeadSize, r.Size())], 0)
	_, data := executable.Segments(head[:n], r.Size())
	if len(data) == 0 {
		data = []executable.Span{{End: r.Size()}}
	}
	for _, s := range data {
		at, ok := int64(0), false
		for _, signature := range signatures {
			if !ok {
				at, ok = executable.Find(io.NewSectionReader(r, s.Start, s.End-s.Start), signature, 1)
			}
		}
		if at += s.Start; !ok || at < 8 {
			continue
		}
		var offset [8]byte
		if _, err := r.ReadAt(offset[:], at-8); err != nil {
			return 0, err
		}
		header := int64(binary.LittleEndian.Uint64(offset[:]))
		if header < 0 || header >= r.Size() {
			return 0, fmt.Errorf("nuget: bundle: its header is at %d, beyond the end of the file", uint64(header))
		}
		return header, nil
	}
	return 0, nil
}

// An entry is a file of a bundle.
type entry struct {
	offset, size, stored int64 // stored: bytes in the bundle, if they are compressed, else 0
	kind                 byte
	name                 string
}

const kindDeps = 3

// findDeps returns the entry of *.deps.json, or nil. The header is
//
//	uint32 major, minor; int32 number of entries; string ID of the bundle
//	from version 2 on: int64 offset and size of *.deps.json, the same of *.runtimeconfig.json, uint64 flags
//	entries: int64 offset and size; from version 6 on int64 size as stored, or 0; byte kind; string name
//
// A string is its length, 7 bits in each byte, and UTF-8.
func findDeps(r *io.SectionReader, header int64) (*entry, error) {
	b := &bundleReader{r: bytesReader(r, header)}
	major, _ := b.uint32(), b.uint32()
	count := b.uint32()
	b.string()
	switch {
	case b.err != nil:
	case major != 1 && major != 2 && major != 6:
		return nil, fmt.Errorf("nuget: bundle: version %d: %w", major, analyzer.ErrUnsupported)
	case count > maxEntries:
		return nil, fmt.Errorf("nuget: bundle: %d entries: %w", count, analyzer.ErrTooLarge)
	}
	if major >= 2 {
		for range 5 {
			b.int64()
		}
	}
	for range count {
		e := entry{offset: b.int64(), size: b.int64()}
		if major >= 6 {
			e.stored = b.int64()
		}
		e.kind, e.name = b.byte(), b.string()
		if b.err != nil {
			break
		}
		if e.kind != kindDeps {
			continue
		}
		if length := max(e.stored, 0); e.offset < 0 || e.size < 0 || e.offset > r.Size() || length > r.Size()-e.offset || length == 0 && e.size > r.Size()-e.offset {
			return nil, fmt.Errorf("nuget: bundle: %.200q lies beyond the end of the file", e.name)
		}
		return &e, nil
	}
	if b.err != nil {
		return nil, fmt.Errorf("nuget: bundle: header: %w", b.err)
	}
	return nil, nil
}

// content returns the content of an entry.
func (e *entry) content(ctx context.Context, f *analyzer.File, r *io.SectionReader) ([]byte, error) {
	if e.size > maxSize {
		return nil, fmt.Errorf("%d bytes: %w", e.size, analyzer.ErrTooLarge)
	}
	if err := f.Hold(ctx, e.size); err != nil {
		return nil, err
	}
	text := make([]byte, e.size)
	if e.stored <= 0 {
		_, err := io.ReadFull(io.NewSectionReader(r, e.offset, e.size), text)
		return text, err
	}
	z := inflate.NewReader(io.NewSectionReader(r, e.offset, e.stored), inflate.Deflate)
	defer z.Close()
	_, err := io.ReadFull(z, text)
	return text, err
}
