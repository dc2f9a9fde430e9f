package main

import (
	"bytes"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "-"+measureFlag {
		main()
		return
	}
	os.Exit(m.Run())
}

// TestSimulate runs the simulation at a fraction of its size. Its own checks fail it if an event is missing or wrong.
func TestSimulate(t *testing.T) {
	var out bytes.Buffer
	err := run(t.Context(), &out, options{images: 400, days: 8, changes: 300, checked: 40, questions: 200})
	t.Log("\n" + out.String())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"all synthesized", "which agree", "equals the merged one", "tag-moved"} {
		if !bytes.Contains(out.Bytes(), []byte(want)) {
			t.Errorf("nothing about %q", want)
		}
	}
}
