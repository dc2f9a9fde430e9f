// Package cargo finds the crates of Rust programs that were built with cargo-auditable. It stores them in a section of the
// program as JSON, compressed with zlib.
package cargo

import (
	"bytes"
	"context"
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
	"github.com/hullmark/hullmark/internal/diagnostic"
	"github.com/hullmark/hullmark/internal/executable"
	"github.com/hullmark/hullmark/internal/inflate"
)

const (
	typeCargo   = "cargo"
	sectionName = ".dep-v0"

	maxSection = 4 << 20 // bytes of the section; real ones have tens of thousands
	maxText    = 8 << 20 // bytes of its JSON
	maxCrates  = 100_000

	maxPackages = 96 << 20 // bytes of the result and of the decoded values
)

// New returns the analyzer. Packages have type "cargo". Depends holds the names of crates. Crates that only the build needed
// are Dev. The analyzer finds programs and shared libraries by their content, wherever they are.
func New() analyzer.Analyzer {
	return analyzer.Func(analyzer.Info{
		Name: "cargo", Version: 2, Patterns: executable.Patterns(), Magic: executable.Magic(), ContentOnly: true,
		Contains: []string{sectionName}, DataOnly: true,
	}, analyze)
}

func analyze(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
	for _, r := range executable.Slices(f.Open()) {
		packed, err := section(r)
		if err != nil {
			return nil, err
		}
		if packed == nil {
			continue
		}
		text, err := decompress(packed)
		if err != nil {
			return nil, fmt.Errorf("cargo: %s: %w", sectionName, err)
		}
		return parseAudit(text, membudget.New(ctx, f, maxPackages))
	}
	return nil, nil
}

// section returns the content of the section in an executable, or nil without such a section. A file with other content or
// damaged headers has no section; that is not an error.
func section(file *io.SectionReader) ([]byte, error) {
	r, err := executable.View(file)
	if err != nil {
		if executable.Contains(file, sectionName) {
			return nil, fmt.Errorf("cargo: %w", err)
		}
		return nil, nil
	}
	var src io.ReaderAt
	var size uint64
	switch executable.FormatOf(r) {
	case executable.ELF:
		if f, err := elf.NewFile(r); err == nil {
			if s := f.Section(sectionName); s != nil && s.Type != elf.SHT_NOBITS {
				src, size = io.NewSectionReader(r, int64(s.Offset), int64(s.FileSize)), s.FileSize
			}
		}
	case executable.PE:
		if f, err := pe.NewFile(r); err == nil {
			if s := f.Section(sectionName); s != nil {
				src, size = s.ReaderAt, uint64(min(s.Size, s.VirtualSize)) // without padding
			}
		}
	case executable.MachO:
		if f, err := macho.NewFile(r); err == nil {
			if s := f.Section(sectionName); s != nil {
				src, size = s.ReaderAt, s.Size
			}
		}
	}
	if src == nil {
		return nil, nil
	}
	if size > maxSection || size > uint64(file.Size()) {
		return nil, fmt.Errorf("cargo: %s: %d bytes: %w", sectionName, size, analyzer.ErrTooLarge)
	}
	content := make([]byte, size)
	if _, err := io.ReadFull(io.NewSectionReader(src, 0, int64(size)), content); err != nil {
		return nil, fmt.Errorf("cargo: %s: %w", sectionName, err)
	}
	return content, nil
}

func decompress(packed []byte) ([]byte, error) {
	z := inflate.NewReader(bytes.NewReader(packed), inflate.Zlib)
	defer z.Close()
	text, err := io.ReadAll(io.LimitReader(z, maxText+1))
	if len(text) > maxText {
		return nil, fmt.Errorf("more than %d bytes: %w", maxText, analyzer.ErrTooLarge)
	}
	return text, err
}

// parseAudit reads the JSON of cargo-auditable: a list of crates, whose dependencies are indexes in the list.
func parseAudit(text []byte, m *membudget.Meter) (*analyzer.Result, error) {
	var audit struct {
		Packages []struct {
			Name         string `json:"name"`
			Version      string `json:"version"`
			Kind         string `json:"kind"` // "runtime", the default, or "build"
			Dependencies []int  `json:"dependencies"`
		} `json:"packages"`
	}
	if err := m.Decoded(text, ":,"); err != nil {
		return nil, fmt.Errorf("cargo: %s: %w", sectionName, err)
	}
	if err := json.Unmarshal(text, &audit); err != nil {
		return nil, fmt.Errorf("cargo: %s: %w", sectionName, err)
	}
	crates := audit.Packages
	if len(crates) > maxCrates {
		return nil, fmt.Errorf("cargo: %s: %d crates: %w", sectionName, len(crates), analyzer.ErrTooLarge)
	}
	var list []analyzer.Package
	var bad diagnostic.List
	for i, c := range crates {
		if c.Name == "" || c.Version == "" {
			bad.At(fmt.Sprintf("%s: crate %d", sectionName, i), "name %.80q, version %.80q", c.Name, c.Version)
			continue
		}
		p := analyzer.Package{Type: typeCargo, Name: c.Name, Version: c.Version, Dev: c.Kind == "build"}
		if err := m.List(len(c.Dependencies), 0); err != nil {
			return &analyzer.Result{Packages: list, Diagnostics: bad.Diagnostics()}, fmt.Errorf("cargo: %s: %w", sectionName, err)
		}
		p.Depends = slices.Grow(p.Depends, len(c.Dependencies))
		for _, k := range c.Dependencies {
			if k < 0 || k >= len(crates) {
				bad.At(fmt.Sprintf("%s: crate %d", sectionName, i), "depends on crate %d of %d", k, len(crates))
				continue
			}
			p.Depends = append(p.Depends, crates[k].Name)
		}
		slices.Sort(p.Depends)
		p.Depends = slices.Compact(p.Depends)
		var err error
		if list, err = m.Append(list, p); err != nil {
			return &analyzer.Result{Packages: list, Diagnostics: bad.Diagnostics()}, fmt.Errorf("cargo: %s: %w", sectionName, err)
		}
	}
	return &analyzer.Result{Packages: list, Diagnostics: bad.Diagnostics()}, nil
}
