package retrieve

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// decoded returns a text in UTF-8, and the charset that it was converted from: "utf-16le", "utf-16be" or "". It knows UTF-16 by a byte order mark, or by zeros
// in every other byte, as ASCII text has them.
func decoded(b []byte) (text, charset string) {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(b, []byte("\xff\xfe\x00\x00")): // UTF-32
	case bytes.HasPrefix(b, []byte("\xff\xfe")):
		b, order, charset = b[2:], binary.LittleEndian, "utf-16le"
	case bytes.HasPrefix(b, []byte("\xfe\xff")):
		b, order, charset = b[2:], binary.BigEndian, "utf-16be"
	default:
		switch guess(b) {
		case 1:
			order, charset = binary.LittleEndian, "utf-16le"
		case 0:
			order, charset = binary.BigEndian, "utf-16be"
		}
	}
	if order == nil {
		return string(b), ""
	}
	var s strings.Builder
	s.Grow(len(b))
	for ; len(b) >= 2; b = b[2:] { // a last single byte is no character
		r := rune(order.Uint16(b))
		if utf16.IsSurrogate(r) && len(b) >= 4 {
			if pair := utf16.DecodeRune(r, rune(order.Uint16(b[2:]))); pair != utf8.RuneError {
				r, b = pair, b[2:]
			}
		}
		s.WriteRune(r) // U+FFFD for half a pair
	}
	return s.String(), charset
}

// guess returns 1 if most odd bytes at the beginning are zeros and few even ones, 0 for the reverse, or -1.
func guess(b []byte) int {
	const sample, least = 4 << 10, 4
	b = b[:min(len(b), sample)&^1]
	var zeros [2]int
	for i, c := range b {
		if c == 0 {
			zeros[i&1]++
		}
	}
	for side := range 2 {
		if n := len(b) / 2; n >= least && zeros[side]*10 >= n*6 && zeros[1-side]*8 <= n {
			return side
		}
	}
	return -1
}

// isText reports whether a content without UTF-16 is text: no control characters, and UTF-8 or mostly ASCII.
func isText(s string) bool {
	high := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 0x80:
			high++
		case c < ' ' && strings.IndexByte("\t\n\v\f\r\b\x1b", c) < 0:
			return false
		}
	}
	return high*3 <= len(s) || utf8.ValidString(s) || len(s) > utf8.UTFMax && utf8.ValidString(shorten(s, int64(len(s)-utf8.UTFMax)))
}
