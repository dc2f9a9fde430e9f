package console

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"
)

// Neither a buffer nor a pipe is a terminal, and a pipe that its reader has closed is no failure.
func TestPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for _, out := range []io.Writer{new(bytes.Buffer), w} {
		if _, ok := Width(out); ok {
			t.Errorf("%T is a terminal", out)
		}
	}
	r.Close()
	if _, err := w.WriteString("x"); !Closed(err) {
		t.Errorf("writing to a closed pipe: %v", err)
	}
	if Closed(nil) || Closed(errors.New("disk full")) {
		t.Error("another error is taken for a closed pipe")
	}
}
