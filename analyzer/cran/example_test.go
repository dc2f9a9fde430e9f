package cran_test

import (
	"context"
	"fmt"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/cran"
)

func Example() {
	description := analyzer.NewFile("usr/local/lib/R/site-library/dplyr/DESCRIPTION", 0o644, []byte(`Package: dplyr
Version: 1.0.10
License: MIT + file LICENSE
Depends: R (>= 3.4.0)
Imports: generics, glue (>= 1.3.2), methods, R6, utils
Repository: CRAN
Built: R 4.2.1; x86_64-pc-linux-gnu; 2022-09-14 07:31:15 UTC; unix
`))
	r, err := cran.New().Analyze(context.Background(), description)
	if err != nil {
		fmt.Println(err)
	}
	for _, p := range r.Packages {
		fmt.Println(p.PURL(nil), p.Licenses, p.Depends)
	}
	// Output:
	// pkg:cran/dplyr@1.0.10 [MIT] [R6 generics glue]
}
