package rpm_test

import (
	"context"
	"fmt"
	"testing/fstest"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/rpm"
	"github.com/hullmark/hullmark/analyzer/scan"
)

func Example() {
	root := fstest.MapFS{
		"var/lib/rpmmanifest/container-manifest-2": {Data: []byte(
			"vim\t9.0-1.cm2\t1653816591\t1653753130\tMicrosoft Corporation\t2\t45000\tx86_64\t2\tvim-9.0-1.cm2.src.rpm\n")},
	}
	scanner := scan.Scanner{Analyzers: []analyzer.Analyzer{rpm.New()}}
	report, err := scanner.ScanFS(context.Background(), root)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range report.Components {
		fmt.Println(c.Name, c.Version, c.Arch, "from", c.SourcePackage.Name, "by", c.Vendor)
	}
	// Output: vim 2:9.0-1.cm2 x86_64 from vim by Microsoft Corporation
}
