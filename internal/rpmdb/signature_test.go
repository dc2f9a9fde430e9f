package rpmdb

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// TestIssuer reads the forms of signatures. Their numbers are those of RFC 9580, sections 4.2, 5.2.2, 5.2.3 and 5.2.3.7.
func TestIssuer(t *testing.T) {
	const (
		id        = "\x19\x9e\x2f\x91\xfd\x43\x1d\x51"
		hashed    = "\x05\x02\x60\x00\x00\x00" // the time
		other     = "\x09\x10" + id            // the issuer
		print4    = "\x16\x21\x04" + "0123456789ab" + id
		print6    = "\x22\x21\x06" + id + "0123456789abcdef01234567"
		version3  = "\x03\x05\x00\x60\x00\x00\x00" + id + "\x01\x08"
		want      = 0x199e2f91fd431d51
		longCount = "\xff\x00\x00\x00\x09\x10" + id
	)
	v4 := func(hashed, other string) string {
		return "\x04\x00\x01\x08\x00" + string(rune(len(hashed))) + hashed + "\x00" + string(rune(len(other))) + other + "\xab\xcd"
	}
	for _, c := range []struct {
		name, packet string
		want         uint64
	}{
		{"version 3, two bytes of length", "\x89\x00" + string(rune(len(version3))) + version3, want},
		{"version 4, one byte of length", "\x88" + string(rune(len(v4(hashed, other)))) + v4(hashed, other), want},
		{"current form", "\xc2" + string(rune(len(v4(hashed, other)))) + v4(hashed, other), want},
		{"hashed issuer", "\x88" + string(rune(len(v4(other, "")))) + v4(other, ""), want},
		{"fingerprint of version 4", "\x88" + string(rune(len(v4(print4, "")))) + v4(print4, ""), want},
		{"fingerprint of version 6", "\x88" + string(rune(len(v4(print6, "")))) + v4(print6, ""), want},
		{"five bytes of length", "\x88" + string(rune(len(v4("", longCount)))) + v4("", longCount), want},
		{"no issuer", "\x88" + string(rune(len(v4(hashed, "")))) + v4(hashed, ""), 0},
		{"another packet", "\x98" + string(rune(len(version3))) + version3, 0},
		{"cut", "\x89\x01\x00" + version3, 0},
		{"indefinite length", "\x8b" + version3, 0},
		{"subpacket beyond the end", "\x88\x0e\x04\x00\x01\x08\x00\x02\xff\xff\x00\x00", 0},
		{"empty", "", 0},
	} {
		if got := issuer([]byte(c.packet)); got != c.want {
			t.Errorf("%s: %x, want %x", c.name, got, c.want)
		}
	}
}

func FuzzIssuer(f *testing.F) {
	f.Add([]byte("\x88\x12\x04\x00\x01\x08\x00\x00\x00\x0a\x09\x10\x19\x9e\x2f\x91\xfd\x43\x1d\x51"))
	f.Add([]byte("\xc2\xff\x00\x00\x00\x01\x04"))
	f.Fuzz(func(t *testing.T, packet []byte) {
		var id [8]byte
		if n := issuer(packet); n != 0 && !bytes.Contains(packet, binary.BigEndian.AppendUint64(id[:0], n)) {
			t.Errorf("%x is not in the packet", n)
		}
	})
}
