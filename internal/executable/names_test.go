package executable

import (
	"bytes"
	"encoding/binary"
	"io"
	"slices"
	"testing"
)

// table returns the header of a table of names with 100 bytes of names, and these.
func table(order binary.AppendByteOrder, mark uint32) []byte {
	b := order.AppendUint32(nil, mark)
	b = append(b, 0, 0, 1, 8)
	for _, word := range []uint64{10, 2, 0, 72, 172, 0, 0, 0} {
		b = order.AppendUint64(b, word)
	}
	return append(b, make([]byte, 100)...)
}

// TestNames asks for the tables of names in files.
func TestNames(t *testing.T) {
	good := table(binary.LittleEndian, 0xfffffff1)
	short := slices.Clone(good)
	binary.LittleEndian.PutUint64(short[40:], 1<<20)
	for _, tt := range []struct {
		name   string
		size   int
		tables map[int][]byte
		want   []int64
	}{
		{"none", 100_000, nil, nil},
		{"one", 100_000, map[int][]byte{20_000: good}, []int64{20_000}},
		{"in the first bytes", 100_000, map[int][]byte{4096: good}, nil},
		{"across two reads", 200_000, map[int][]byte{HeadSize + 64<<10 - 8: good}, []int64{HeadSize + 64<<10 - 8}},
		{"not aligned", 100_000, map[int][]byte{20_002: good}, nil},
		{"longer than the file", 100_000, map[int][]byte{20_000: short}, nil},
		{"cut", 20_100, map[int][]byte{20_000: good}, nil},
		{"of Go 1.18", 100_000, map[int][]byte{20_000: table(binary.LittleEndian, 0xfffffff0)}, []int64{20_000}},
		{"of Go 1.16", 100_000, map[int][]byte{20_000: table(binary.LittleEndian, 0xfffffffa)}, nil},
		{"another order of bytes", 100_000, map[int][]byte{20_000: table(binary.BigEndian, 0xfffffff1)}, nil},
		{"several", 100_000, map[int][]byte{20_000: good, 30_000: good, 40_000: good}, []int64{20_000, 30_000, 40_000}},
	} {
		file := make([]byte, tt.size)
		for at, b := range tt.tables {
			copy(file[at:], b)
		}
		var got []int64
		for _, found := range Names(io.NewSectionReader(bytes.NewReader(file), 0, int64(len(file)))) {
			got = append(got, found.Start)
			if found.Names.End-found.Names.Start != 100 || found.Names.Start != found.Start+72 || found.Old != (tt.name == "of Go 1.18") {
				t.Errorf("%s: %+v", tt.name, found)
			}
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: tables at %d, want %d", tt.name, got, tt.want)
		}
	}
}

// FuzzNames asks that tables lie within the file, whatever it contains.
func FuzzNames(f *testing.F) {
	f.Add(append(make([]byte, HeadSize), table(binary.LittleEndian, 0xfffffff1)...))
	f.Fuzz(func(t *testing.T, file []byte) {
		for _, found := range Names(io.NewSectionReader(bytes.NewReader(file), 0, int64(len(file)))) {
			if found.Start < HeadSize || found.Names.Start < found.Start || found.Names.End < found.Names.Start || found.Names.End > int64(len(file)) {
				t.Errorf("%+v in %d bytes", found, len(file))
			}
		}
		BeginsSection(bytes.NewReader(file), 1)
	})
}
