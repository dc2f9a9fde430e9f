package content_test

import (
	"fmt"
	"strings"
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

// TestSelect leaves out what has a hyphen before it, in any order.
func TestSelect(t *testing.T) {
	for words, want := range map[string]string{
		"": "", "hints,accounts": "accounts hints", "all,-verify": "accounts files hints history secrets", "-verify,all": "accounts files hints history secrets",
		"hints,-hints": "", "-files": "", "no": `content: no analyzer "no"; known are accounts, files, hints, history, secrets, verify`, "-all": `content: no analyzer "-all"; known are accounts, files, hints, history, secrets, verify`,
	} {
		var names []string
		list, err := content.Select(strings.FieldsFunc(words, func(r rune) bool { return r == ',' })...)
		for _, a := range list {
			names = append(names, a.Info().Name)
		}
		if err != nil {
			names = []string{err.Error()}
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s: %s, want %s", words, got, want)
		}
	}
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
