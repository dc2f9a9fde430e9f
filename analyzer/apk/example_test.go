package apk_test

import (
	"context"
	"fmt"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/apk"
)

func Example() {
	installed := analyzer.NewFile("lib/apk/db/installed", 0o644, []byte(`P:musl-utils
V:1.2.2-r3
A:armv7
L:MIT BSD GPL2+
o:musl
D:scanelf so:libc.musl-armv7.so.1
F:usr/bin
R:iconv
`))
	r, err := apk.New().Analyze(context.Background(), installed)
	if err != nil {
		fmt.Println(err)
	}
	for _, p := range r.Packages {
		fmt.Println(p.Name, p.Version, "from", p.SourcePackage.Name, p.Depends, p.Files)
	}
	// Output:
	// musl-utils 1.2.2-r3 from musl [scanelf so:libc.musl-armv7.so.1] [usr/bin/iconv]
}
