package hostile

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestRepeat(t *testing.T) {
	for _, tt := range []struct {
		head, body, tail string
		size             int64
		want             string
	}{
		{"[", "ab", "]", 5, "[ababab]"},
		{"[", `,"#":#`, "]", 12, `[,"1":1,"2":2]`},
		{"", "x", "", 0, ""},
		{"(", "x", ")", 40_000, "(" + strings.Repeat("x", 40_000) + ")"},
	} {
		for _, r := range []io.Reader{Repeat(tt.head, tt.body, tt.tail, tt.size), iotest.OneByteReader(Repeat(tt.head, tt.body, tt.tail, tt.size))} {
			if got, err := io.ReadAll(r); string(got) != tt.want || err != nil {
				t.Errorf("%q, %q: %.40q, %v", tt.head, tt.body, got, err)
			}
		}
	}
}

func TestPeak(t *testing.T) {
	var held []byte
	// The heap may also lose a few spans while f runs.
	if n := Peak(func() { held = make([]byte, 32<<20) }); n < 31<<20 || n > 64<<20 {
		t.Errorf("%d bytes", n)
	}
	held[0] = 1
}
