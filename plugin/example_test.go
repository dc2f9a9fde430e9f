package plugin_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"testing/fstest"

	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/plugin"
)

// The program that is started calls plugin.Serve with an analyzer of dpkg's databases; here the test binary does.
func Example() {
	ctx := context.Background()
	path, err := os.Executable()
	if err != nil {
		log.Fatal(err)
	}
	p, err := plugin.Start(ctx, plugin.Command{Path: path, Args: []string{"plugin:dpkg"}, Types: []string{"deb"}, System: true})
	if err != nil {
		log.Fatal(err)
	}
	defer p.Close()
	root := fstest.MapFS{"var/lib/dpkg/status": {Data: []byte("Package: hello\nStatus: install ok installed\nVersion: 2.10-3\nArchitecture: amd64\n")}}
	report, err := scan.Scanner{Analyzers: p.Analyzers()}.ScanFS(ctx, root)
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range report.Components {
		fmt.Println(c.PURL)
	}
	// Output: pkg:deb/hello@2.10-3?arch=amd64
}
