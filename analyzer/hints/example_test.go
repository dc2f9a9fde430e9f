package hints_test

import (
	"context"
	"fmt"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/hints"
)

func Example() {
	f := analyzer.NewFile("anchore_hints.json", 0o644, []byte(`{
	"packages": [
		{"name": "musl", "version": "1.1.20", "release": "r8", "type": "apkg", "license": "MIT"},
		{"name": "wicked", "version": "0.6.1", "type": "gem"}
	]
}`))
	r, err := hints.New().Analyze(context.Background(), f)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range r.Packages {
		fmt.Println(p.PURL(nil), "stated:", p.Stated)
	}
	// Output:
	// pkg:apk/musl@1.1.20-r8 stated: true
	// pkg:gem/wicked@0.6.1 stated: true
}
