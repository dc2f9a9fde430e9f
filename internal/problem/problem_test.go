package problem

import (
	"errors"
	"io"
	"strings"
	"testing"
)

func TestList(t *testing.T) {
	l := In("dpkg")
	if err := l.Err(); err != nil {
		t.Errorf("empty list: %v", err)
	}
	l.Line(12, "no colon in %q", "x")
	l.At("package 3", "cut short: %w", io.ErrUnexpectedEOF)
	err := l.Err()
	if want := "dpkg: line 12: no colon in \"x\"\ndpkg: package 3: cut short: unexpected EOF"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error("the cause is lost")
	}
}

func TestBound(t *testing.T) {
	l := In("dpkg")
	for i := range 1000 {
		l.Line(i, "bad")
	}
	for range 2 { // asking twice changes nothing
		lines := strings.Split(l.Err().Error(), "\n")
		if len(lines) != limit+1 || lines[limit] != "dpkg: 984 more problems" {
			t.Errorf("%d lines, the last: %s", len(lines), lines[len(lines)-1])
		}
	}
}
