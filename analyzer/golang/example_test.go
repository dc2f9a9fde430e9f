package golang_test

import (
	"context"
	"fmt"
	"os"
	"runtime"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/golang"
)

func Example() {
	self, err := os.Executable() // any program that Go built
	if err != nil {
		fmt.Println(err)
	}
	content, err := os.ReadFile(self)
	if err != nil {
		fmt.Println(err)
	}
	r, err := golang.New().Analyze(context.Background(), analyzer.NewFile("usr/local/bin/server", 0o755, content))
	if err != nil {
		fmt.Println(err)
	}
	for _, p := range r.Packages {
		if p.Name == "stdlib" {
			fmt.Println(p.Type, p.Name, "go"+p.Version == runtime.Version())
		}
	}
	// Output:
	// golang stdlib true
}
