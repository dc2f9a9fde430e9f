package cargo_test

import (
	"context"
	"fmt"
	"os"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/cargo"
)

func Example() {
	content, err := os.ReadFile("testdata/server") // an executable without code, but with the section
	if err != nil {
		fmt.Println(err)
	}
	r, err := cargo.New().Analyze(context.Background(), analyzer.NewFile("usr/local/bin/server", 0o755, content))
	if err != nil {
		fmt.Println(err)
	}
	for _, p := range r.Packages {
		fmt.Println(p.PURL(nil), p.Depends)
	}
	// Output:
	// pkg:cargo/adler@1.0.2 []
	// pkg:cargo/server@0.3.0 [adler cc time]
	// pkg:cargo/time@0.1.45 []
	// pkg:cargo/cc@1.0.83 []
}
