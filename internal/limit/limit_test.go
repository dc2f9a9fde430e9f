package limit

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestReader(t *testing.T) {
	for _, text := range []string{"", "1234", "12345"} {
		if got, err := io.ReadAll(Reader(strings.NewReader(text), 5, "text")); string(got) != text || err != nil {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	for _, r := range []io.Reader{strings.NewReader("123456789"), iotest.OneByteReader(strings.NewReader("123456")), iotest.DataErrReader(strings.NewReader("123456"))} {
		limited := Reader(r, 5, "text")
		got, err := io.ReadAll(limited)
		if string(got) != "12345" || !errors.Is(err, ErrExceeded) || err.Error() != "text of more than 5 bytes: exceeds the limit" {
			t.Errorf("%q, %v", got, err)
		}
	}
}
