package executable

import (
	"io/fs"
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

// TestPatterns asks that each pattern is of a form that an index answers by the directory, and stands there once.
func TestPatterns(t *testing.T) {
	patterns := Patterns()
	for i, p := range patterns {
		dir, ok := strings.CutSuffix(p, "*")
		if ok && dir != "" && (!strings.HasSuffix(dir, "/") || !fs.ValidPath(strings.TrimSuffix(dir, "/")) || strings.Contains(dir, "*")) {
			t.Errorf("%q is not all files of one directory", p)
		}
		if slices.Contains(patterns[:i], p) {
			t.Errorf("%q is there twice", p)
		}
	}
	for _, want := range []string{"*", "usr/bin/*", "usr/local/bin/*", "app/*", "go/bin/*"} {
		if !slices.Contains(patterns, want) {
			t.Errorf("no %q", want)
		}
	}
}
