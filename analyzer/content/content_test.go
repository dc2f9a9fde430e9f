package content_test

import (
	"fmt"
	"testing"

	"github.com/hullmark/hullmark/analyzer/all"
	"github.com/hullmark/hullmark/analyzer/content"
)

func Example() {
	list, err := content.Select("files", "hints")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, a := range list {
		info := a.Info()
		fmt.Println(info.Name, info.Finds)
	}
	// Output:
	// files [files]
	// hints [hints]
}

// TestAll checks that names differ from those of analyzer/all, and that a Scanner accepts the analyzers.
func TestAll(t *testing.T) {
	list := content.All()
	known := make(map[string]bool)
	for _, a := range append(list, all.All()...) {
		info := a.Info()
		if err := info.Validate(); err != nil {
			t.Error(err)
		}
		if known[info.Name] {
			t.Errorf("two analyzers %q", info.Name)
		}
		known[info.Name] = true
	}
}
