package traces_test

import (
	"context"
	"fmt"
	"testing/fstest"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/analyzer/traces"
)

func Example() {
	root := fstest.MapFS{"nix/store/0000000000000000000000000000000a-zlib-1.3/lib/libz.so": {Data: []byte("x")}}
	r, err := scan.Scanner{Analyzers: []analyzer.Analyzer{traces.New()}}.ScanFS(context.Background(), root)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, d := range r.Diagnostics {
		fmt.Println(d.Code, d.Message)
	}
	// Output: not-read packages of Nix are not read
}
