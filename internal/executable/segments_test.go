package executable

import (
	"bytes"
	"encoding/binary"
	"os"
	"slices"
	"testing"
)

// header returns the head of an ELF file of 64 bits with segments: type, flags, offset and size of each.
func header(segments ...[4]uint64) []byte {
	b := append([]byte("\x7fELF\x02\x01\x01"), make([]byte, 57)...)
	binary.LittleEndian.PutUint64(b[32:], 64)
	binary.LittleEndian.PutUint16(b[56:], uint16(len(segments)))
	for _, s := range segments {
		h := make([]byte, 56)
		binary.LittleEndian.PutUint32(h, uint32(s[0]))
		binary.LittleEndian.PutUint32(h[4:], uint32(s[1]))
		binary.LittleEndian.PutUint64(h[8:], s[2])
		binary.LittleEndian.PutUint64(h[32:], s[3])
		b = append(b, h...)
	}
	return b
}

func TestSegments(t *testing.T) {
	const load, r, x, w = 1, 4, 5, 6
	for _, tt := range []struct {
		name           string
		head           []byte
		constant, data []Span
	}{
		{"a program", header([4]uint64{6, r, 64, 500}, [4]uint64{load, r, 0, 100}, [4]uint64{load, x, 100, 200}, [4]uint64{load, w, 400, 50}), []Span{{0, 300}}, []Span{{400, 450}}},
		{"data within code", header([4]uint64{load, x, 0, 500}, [4]uint64{load, w, 100, 50}, [4]uint64{load, w, 140, 20}), []Span{{0, 100}, {160, 500}}, []Span{{100, 160}}},
		{"beyond the end", header([4]uint64{load, x, 0, 5000}, [4]uint64{load, w, 1 << 63, 50}, [4]uint64{load, w, 10, 1 << 63}), nil, nil},
		{"many headers", header(make([][4]uint64, 3)...)[:200], nil, nil},
		{"a script", bytes.Repeat([]byte("#!"), 50), nil, nil},
	} {
		constant, data := Segments(tt.head, 1000)
		if !slices.Equal(constant, tt.constant) || !slices.Equal(data, tt.data) {
			t.Errorf("%s: %v, %v", tt.name, constant, data)
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	constant, data := Segments(b[:min(len(b), 8192)], int64(len(b)))
	mark := int64(bytes.Index(b, append([]byte{0xff}, " Go buildinf:\x08\x02"...))) // which is no constant of this program
	if string(b[:4]) == "\x7fELF" && (len(constant) == 0 || !slices.ContainsFunc(data, func(s Span) bool { return s.Start <= mark && mark < s.End })) {
		t.Errorf("this program: %v, %v, build information at %d", constant, data, mark)
	}
}
