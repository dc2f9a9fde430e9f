package dpkg_test

import (
	"context"
	"fmt"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/dpkg"
)

func Example() {
	status := analyzer.NewFile("var/lib/dpkg/status", 0o644, []byte(`
Package: libgcc1
Status: install ok installed
Architecture: amd64
Source: gcc-5 (5.1.1-12ubuntu1)
Version: 1:5.1.1-12ubuntu1
this line is damaged
`))
	r, err := dpkg.New().Analyze(context.Background(), status)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range r.Packages {
		fmt.Println(p.Name, p.Version, p.Arch, "from", p.SourcePackage.Name, p.SourcePackage.Version)
	}
	for _, d := range r.Diagnostics {
		fmt.Printf("line %d: %s\n", d.Line, d.Message)
	}
	// Output:
	// libgcc1 1:5.1.1-12ubuntu1 amd64 from gcc-5 5.1.1-12ubuntu1
	// line 7: no colon
}
