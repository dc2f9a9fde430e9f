package golang

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/hullmark/hullmark/internal/testing/hostile"
)

// TestHostile asks that programs that take much memory are refused before they take it.
func TestHostile(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	const head = "path\texample.org/a\nmod\texample.org/a\tv1\t\n"
	sections := bytes.Replace(program("go1.22.1", head), []byte("buildinf:\x08\x02"), []byte("buildinf:\x08\x00"), 1) // the form before Go 1.18
	names := bytes.Repeat([]byte("a"), 1<<20)
	start := uint64(len(sections) + len(names))
	table := append(make([]byte, 64), bytes.Repeat(append([]byte{1, 0, 0, 0, 3, 0, 0, 0}, make([]byte, 56)...), 60_000)...)
	binary.LittleEndian.PutUint64(table[64+24:], uint64(len(sections))) // the first has the names
	binary.LittleEndian.PutUint64(table[64+32:], uint64(len(names)))
	binary.LittleEndian.PutUint64(sections[40:], start)
	copy(sections[60:], binary.LittleEndian.AppendUint32(nil, 60_000|1<<16))
	for name, text := range map[string][]byte{
		"large information": program("go1.22.1", string(hostile.Times(5_000_000, head, "dep\ta#\tv1\n", ""))),
		"modules":           program("go1.22.1", string(hostile.Times(500_000, head, "dep\ta\t\n", ""))),
		"version":           program("go1"+string(hostile.Times(1_000_000, "", ".#", "")), head),
		"names of sections": append(append(sections, names...), table...),
	} {
		t.Run(name, func(t *testing.T) { hostile.Refused(t, New(), "usr/bin/a", text, 256<<20) })
	}
}

// TestLargeInput asks that a program of 256 MiB and one of 5,000 modules are read in full.
func TestLargeInput(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	large := program("go1.22.1", "path\texample.org/a\nmod\texample.org/a\tv1\t\n")
	large = append(large, make([]byte, 256<<20-len(large))...)
	many := program("go1.22.1", string(hostile.Times(5_000, "path\texample.org/a\nmod\texample.org/a\tv1\t\n", "dep\texample.org/module-#\tv1.2.3\th1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", "")))
	for _, test := range []struct {
		text []byte
		want int
	}{{large, 2}, {many, 5002}} {
		r, err := hostile.Analyze(t, New(), "usr/bin/a", test.text, 64<<20)
		if err != nil || len(r.Packages) != test.want {
			t.Errorf("%d packages, %v", len(r.Packages), err)
		}
	}
}

// TestHostileTables asks that tables of PE and Mach-O programs, which the analyzer does not need, take no memory.
func TestHostileTables(t *testing.T) {
	for name, program := range hostile.Programs() {
		t.Run(name, func(t *testing.T) {
			if r, err := hostile.Analyze(t, New(), "usr/bin/a", program, 32<<20); len(r.Packages) > 0 {
				t.Errorf("%d packages, %v", len(r.Packages), err)
			}
		})
	}
}
