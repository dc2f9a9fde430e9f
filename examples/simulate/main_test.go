package main

import (
	"bytes"
	"testing"
)

// TestSimulate runs the simulation at a fraction of its size. Its own check fails it if an event is missing or wrong.
func TestSimulate(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), &out, options{images: 150, changes: 120, checked: 20}); err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + out.String())
	if !bytes.Contains(out.Bytes(), []byte("of them with events")) {
		t.Error("nothing was checked")
	}
}
