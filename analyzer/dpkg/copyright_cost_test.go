package dpkg

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/hullmark/hullmark/internal/testing/hostile"
)

// TestCopyrightCost asks that repeated licences cost no more than reading them.
func TestCopyrightCost(t *testing.T) {
	var names bytes.Buffer
	for i := range 2000 {
		fmt.Fprintf(&names, "License: GPL-%d+\n\n", i)
	}
	body := bytes.Repeat(names.Bytes(), 400)
	for name, head := range map[string]string{"machine-readable": "Format: https://example.com/\n\n", "free text": "This is\n\n"} {
		t.Run(name, func(t *testing.T) {
			r, err := hostile.Analyze(t, New(), "usr/share/doc/a/copyright", append([]byte(head), body...), 64<<20)
			if err != nil || name == "machine-readable" && len(r.Fragments[0].Licenses) != 2000 {
				t.Errorf("%v, %v", r.Fragments, err)
			}
		})
	}
}
