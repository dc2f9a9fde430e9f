package executable

import (
	"encoding/binary"
	"io"
	"slices"
	"strings"
	"testing"
)

func TestFormatOf(t *testing.T) {
	for _, tt := range []struct {
		head string
		want Format
	}{
		{"\x7fELF\x02", ELF},
		{"MZ\x90\x00", PE},
		{"\xcf\xfa\xed\xfe", MachO},
		{"\xfe\xed\xfa\xce", MachO},
		{"#!/bin/sh", None},
		{"\x7fEL", None},
		{"", None},
	} {
		if got := FormatOf(strings.NewReader(tt.head)); got != tt.want {
			t.Errorf("%q: %d, want %d", tt.head, got, tt.want)
		}
	}
}

// TestMagic asks that Magic and FormatOf agree.
func TestMagic(t *testing.T) {
	for _, m := range Magic() {
		if FormatOf(strings.NewReader(m+"\x00\x00")) == None {
			t.Errorf("%q has no format", m)
		}
	}
	for _, class := range []string{"\xca\xfe\xba\xbe\x00\x00\x00\x41", "\xca\xfe\xba\xbe\x00\x03\x00\x2d"} {
		if slices.ContainsFunc(Magic(), func(m string) bool { return strings.HasPrefix(class, m) }) || FormatOf(strings.NewReader(class)) != None {
			t.Errorf("a class of Java is a program: %q", class)
		}
	}
}

// TestSlices asks for the programs of a file for several architectures.
func TestSlices(t *testing.T) {
	word := func(list ...uint32) (s string) {
		for _, n := range list {
			s += string(binary.BigEndian.AppendUint32(nil, n))
		}
		return s
	}
	for _, tt := range []struct{ name, file, want string }{
		{"32 bits", word(0xCAFEBABE, 2, 7, 3, 48, 3, 0, 12, 0, 51, 2, 0) + "onetw", "one tw"},
		{"64 bits", word(0xCAFEBABF, 1, 7, 3, 0, 40, 0, 4, 0, 0) + "four", "four"},
		{"beyond the end", word(0xCAFEBABE, 1, 7, 3, 28, 5, 0) + "four", ""},
		{"cut short", word(0xCAFEBABE, 2, 7, 3, 8, 4), ""},
		{"one program", "\x7fELF", "\x7fELF"},
	} {
		var got []string
		for _, r := range Slices(io.NewSectionReader(strings.NewReader(tt.file), 0, int64(len(tt.file)))) {
			b, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, string(b))
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: %q", tt.name, got)
		}
	}
}

// TestPacked recognises the headers that UPX 4.2 writes.
func TestPacked(t *testing.T) {
	elf := "\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 49) + "\x02\x00" + strings.Repeat("\x00", 6) + strings.Repeat("\x00", 112)
	for file, want := range map[string]bool{
		elf + "\x12\x34\x56\x78UPX!\xd8\x0e\x0e\x16": true,
		elf + "\x12\x34\x56\x78GNU!":                 false,
		elf:                                          false,
		"MZ" + strings.Repeat("\x00", 400) + "UPX0\x00" + "UPX!\x0d": true,
		"MZ" + strings.Repeat("\x00", 400) + ".text\x00":             false,
		"#!/bin/sh UPX0\x00UPX!":                                     false,
	} {
		if got := Packed(strings.NewReader(file)); got != want {
			t.Errorf("%.500q: %v", file, got)
		}
	}
}
