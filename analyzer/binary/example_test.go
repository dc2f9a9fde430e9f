package binary_test

import (
	"context"
	"fmt"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/binary"
)

func Example() {
	program := []byte("\x7fELF...\x00jq-1.7.1\x00...") // a scan reads programs in parts as it decompresses them
	r, err := binary.New().Analyze(context.Background(), analyzer.NewFile("usr/local/bin/jq", 0o755, program))
	if err != nil {
		fmt.Println(err)
	}
	for _, p := range r.Packages {
		fmt.Println(p.Name, p.Version)
	}
	// Output:
	// jq 1.7.1
}
