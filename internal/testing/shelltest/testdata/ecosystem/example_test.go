package hackage_test

import (
	"context"
	"fmt"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/hackage"
)

func Example() {
	f := analyzer.NewFile("opt/ghc/lib/package.conf.d/text-2.0.2.conf", 0o644, []byte("name:        text\nversion:     2.0.2\nvisibility:  public\n"))
	r, err := hackage.New().Analyze(context.Background(), f)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Packages[0].PURL(nil))
	// Output: pkg:hackage/text@2.0.2
}
