package npm_test

import (
	"context"
	"fmt"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/npm"
)

func Example() {
	manifest := analyzer.NewFile("srv/app/node_modules/@babel/code-frame/package.json", 0o644, []byte(`{
		"name": "@babel/code-frame",
		"version": "7.29.7",
		"license": "MIT",
		"dependencies": {"picocolors": "^1.1.1", "js-tokens": "^4.0.0"}
	}`))
	r, err := npm.New().Analyze(context.Background(), manifest)
	if err != nil {
		fmt.Println(err)
	}
	for _, p := range r.Packages {
		fmt.Println(p.PURL(nil), p.Licenses, p.Depends)
	}
	// Output:
	// pkg:npm/%40babel/code-frame@7.29.7 [MIT] [js-tokens picocolors]
}
