package osrelease_test

import (
	"context"
	"fmt"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/osrelease"
)

func Example() {
	file := analyzer.NewFile("etc/os-release", 0o644, []byte(`
PRETTY_NAME="Linux Mint 21.3"
ID=linuxmint
ID_LIKE="ubuntu debian"
VERSION_ID="21.3"
VERSION_CODENAME=virginia
`))
	r, err := osrelease.New().Analyze(context.Background(), file)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Distro.ID, r.Distro.VersionID, r.Distro.Codename)
	// Output: linuxmint 21.3 virginia
}
