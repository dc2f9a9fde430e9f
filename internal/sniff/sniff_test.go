package sniff

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestFirst(t *testing.T) {
	for text, want := range map[string]string{"{}": "{}", " \t\r\n<a>": "<a>", "\ufeff [1]": "[1]", "x": "x", "\xef\xbb": "\xef\xbb"} {
		r := bufio.NewReader(iotest.OneByteReader(strings.NewReader(text)))
		c, err := First(r)
		rest, _ := io.ReadAll(r)
		if err != nil || c != want[0] || string(rest) != want {
			t.Errorf("%q: %q, %v, then %q", text, c, err, rest)
		}
	}
	for text, want := range map[string]error{"": io.ErrUnexpectedEOF, " \n": io.ErrUnexpectedEOF, "\ufeff": io.ErrUnexpectedEOF} {
		if _, err := First(bufio.NewReader(strings.NewReader(text))); err != want {
			t.Errorf("%q: error %v, want %v", text, err, want)
		}
	}
	if _, err := First(bufio.NewReader(iotest.ErrReader(iotest.ErrTimeout))); !errors.Is(err, iotest.ErrTimeout) {
		t.Error(err)
	}
}
