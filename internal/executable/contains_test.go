package executable

import (
	"bytes"
	"io"
	"testing"
)

// TestFind finds a text wherever it lies.
func TestFind(t *testing.T) {
	const text = "\xff Go buildinf:"
	read := func(data []byte) *io.SectionReader {
		return io.NewSectionReader(bytes.NewReader(data), 0, int64(len(data)))
	}
	for at := 128<<10 - 16; at <= 128<<10+1; at++ {
		data := make([]byte, 256<<10)
		copy(data[at:], text)
		if got, ok := Find(read(data), text, 1); !ok || got != int64(at) {
			t.Errorf("%d, %v, want %d", got, ok, at)
		}
	}
	if at, ok := Find(read([]byte("x"+text+text+"xxx"+text+text)), text, 16); !ok || at != 32 {
		t.Errorf("aligned: %d, %v", at, ok)
	}
	if Contains(read(make([]byte, 300<<10)), text) {
		t.Error("found where it is not")
	}
}
