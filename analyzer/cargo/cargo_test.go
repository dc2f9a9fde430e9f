package cargo

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/diagnostic"
)

const audit = `{"packages":[
	{"name":"adler","version":"1.0.2","source":"registry"},
	{"name":"server","version":"0.3.0","source":"local","dependencies":[0,2,3,0],"root":true},
	{"name":"time","version":"0.1.45","source":"crates.io"},
	{"name":"cc","version":"1.0.83","source":"crates.io","kind":"build"}]}`

func deflate(t testing.TB, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// elfWith returns an ELF executable with one section.
func elfWith(name string, content []byte) []byte {
	const header, sectionHeader = 64, 64
	names := "\x00" + name + "\x00.shstrtab\x00"
	end := uint64(header + len(content))
	var b bytes.Buffer
	le := func(fields ...any) {
		for _, f := range fields {
			if err := binary.Write(&b, binary.LittleEndian, f); err != nil {
				panic(err)
			}
		}
	}
	b.WriteString("\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 9))
	le(uint16(2), uint16(62), uint32(1), uint64(0), uint64(0), end+uint64(len(names)), uint32(0),
		uint16(header), uint16(0), uint16(0), uint16(sectionHeader), uint16(3), uint16(2))
	b.Write(content)
	b.WriteString(names)
	b.Write(make([]byte, sectionHeader))
	le(uint32(1), uint32(1), uint64(0), uint64(0), uint64(header), uint64(len(content)), uint32(0), uint32(0), uint64(1), uint64(0))
	le(uint32(2+len(name)), uint32(3), uint64(0), uint64(0), end, uint64(len(names)), uint32(0), uint32(0), uint64(1), uint64(0))
	return b.Bytes()
}

// peWith returns a PE executable with one section, padded.
func peWith(name string, content []byte) []byte {
	const dos, coff, section = 64, 24, 40
	padded := append(slices.Clone(content), make([]byte, 512-len(content)%512)...)
	var b bytes.Buffer
	le := func(fields ...any) {
		for _, f := range fields {
			if err := binary.Write(&b, binary.LittleEndian, f); err != nil {
				panic(err)
			}
		}
	}
	b.WriteString("MZ")
	b.Write(make([]byte, 58))
	le(uint32(dos))
	b.WriteString("PE\x00\x00")
	le(uint16(0x8664), uint16(1), uint32(0), uint32(0), uint32(0), uint16(0), uint16(0))
	b.WriteString((name + strings.Repeat("\x00", 8))[:8])
	le(uint32(len(content)), uint32(0x1000), uint32(len(padded)), uint32(dos+coff+section), uint32(0), uint32(0), uint16(0), uint16(0), uint32(0))
	b.Write(padded)
	return b.Bytes()
}

// machOWith returns a Mach-O executable with one section.
func machOWith(name string, content []byte) []byte {
	const header, segment, section = 32, 72, 80
	var b bytes.Buffer
	le := func(fields ...any) {
		for _, f := range fields {
			if err := binary.Write(&b, binary.LittleEndian, f); err != nil {
				panic(err)
			}
		}
	}
	text := func(s string) { b.WriteString((s + strings.Repeat("\x00", 16))[:16]) }
	size := uint64(len(content))
	le(uint32(0xfeedfacf), uint32(0x0100000c), uint32(0), uint32(2), uint32(1), uint32(segment+section), uint32(0), uint32(0))
	le(uint32(0x19), uint32(segment+section))
	text("__DATA")
	le(uint64(0x1000), size, uint64(header+segment+section), size, uint32(3), uint32(3), uint32(1), uint32(0))
	text(name)
	text("__DATA")
	le(uint64(0x1000), size, uint32(header+segment+section), uint32(0), uint32(0), uint32(0), uint32(0), uint32(0), uint32(0), uint32(0))
	b.Write(content)
	return b.Bytes()
}

func TestAnalyze(t *testing.T) {
	packed := deflate(t, audit)
	want := []string{"adler@1.0.2 []", "server@0.3.0 [adler cc time]", "time@0.1.45 []", "cc@1.0.83 [] dev"}
	zeros := deflate(t, strings.Repeat(" ", maxText+1))
	for _, tt := range []struct {
		name    string
		content []byte
		want    []string
		err     string // part of the error, none if empty
		is      error
	}{
		{"ELF", elfWith(".dep-v0", packed), want, "", nil},
		{"PE", peWith(".dep-v0", packed), want, "", nil},
		{"Mach-O", machOWith(".dep-v0", packed), want, "", nil},
		{"no such section", elfWith(".text", packed), nil, "", nil},
		{"a script", []byte("#!/bin/sh\n"), nil, "", nil},
		{"empty", nil, nil, "", nil},
		{"headers that make no sense", []byte("\x7fELF\x02\x01\x01 and no more"), nil, "", nil},
		{"not compressed", elfWith(".dep-v0", []byte(audit)), nil, "cargo: .dep-v0: zlib", nil},
		{"cut short", elfWith(".dep-v0", packed[:40]), nil, "cargo: .dep-v0: unexpected EOF", nil},
		{"not JSON", elfWith(".dep-v0", deflate(t, "{")), nil, "cargo: .dep-v0: ", nil},
		{"a bomb", elfWith(".dep-v0", zeros), nil, "more than 8388608 bytes", analyzer.ErrTooLarge},
		{"a section of gigabytes", elfWith(".dep-v0", make([]byte, maxSection+1)), nil, "4194305 bytes", analyzer.ErrTooLarge},
		{"bad crates", elfWith(".dep-v0", deflate(t, `{"packages":[{"name":"a","version":"1","dependencies":[7,-1]},{"name":"b"}]}`)), []string{"a@1 []"},
			".dep-v0: crate 0: depends on crate 7 of 2\n.dep-v0: crate 0: depends on crate -1 of 2\n.dep-v0: crate 1: name \"b\", version \"\"", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := New().Analyze(t.Context(), analyzer.NewFile("usr/bin/x", 0o755, tt.content))
			err = diagnostic.Err(r, err)
			var got []string
			if r != nil {
				for _, p := range r.Packages {
					s := fmt.Sprintf("%s@%s %s", p.Name, p.Version, p.Depends)
					if p.Dev {
						s += " dev"
					}
					got = append(got, s)
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("found %q, want %q", got, tt.want)
			}
			if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
				t.Errorf("error %v, want one with %q", err, tt.err)
			}
			if tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("error %v is not %v", err, tt.is)
			}
		})
	}
}

func FuzzAnalyze(f *testing.F) {
	f.Add(elfWith(".dep-v0", deflate(f, audit)))
	f.Add(peWith(".dep-v0", deflate(f, audit)))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, _ = New().Analyze(t.Context(), analyzer.NewFile("usr/bin/x", 0o755, data)) // that it ends is enough
	})
}

func FuzzAudit(f *testing.F) {
	f.Add([]byte(audit))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := parseAudit(text, nil)
		if err != nil {
			return
		}
		for _, p := range r.Packages {
			if p.Name == "" || p.Version == "" || p.Type != typeCargo || !slices.IsSorted(p.Depends) {
				t.Errorf("%+v", p)
			}
		}
	})
}

func BenchmarkAnalyze(b *testing.B) {
	var text strings.Builder
	for i := range 300 {
		fmt.Fprintf(&text, `,{"name":"crate-%d","version":"1.%d.0","source":"crates.io","dependencies":[0,%d]}`, i, i, i)
	}
	f := analyzer.NewFile("usr/bin/x", 0o755, elfWith(".dep-v0", deflate(b, `{"packages":[`+text.String()[1:]+`]}`)))
	b.SetBytes(f.Size())
	b.ReportAllocs()
	for b.Loop() {
		if r, err := analyze(b.Context(), f); err != nil || len(r.Packages) != 300 {
			b.Fatal(err)
		}
	}
}
