package all_test

import (
	"fmt"
	"testing"

	"github.com/hullmark/hullmark/db/feed/all"
)

func TestFind(t *testing.T) {
	for _, f := range all.Feeds() {
		if got, ok := all.Find(f.Name); !ok || got.Name != f.Name || f.Parse == nil || f.Wants == nil {
			t.Errorf("%q: %+v, %v", f.Name, got, ok)
		}
	}
	if f, ok := all.Find("novel"); ok {
		t.Errorf("found %+v", f)
	}
}

func ExampleFeeds() {
	for _, f := range all.Feeds() {
		fmt.Println(f.Name)
	}
	// Output:
	// alma
	// alpine
	// amazon
	// azurelinux
	// bottlerocket
	// chainguard
	// debian
	// echo
	// epss
	// exploitdb
	// fedora
	// friendsofphp
	// kev
	// debian-lists
	// minimos
	// nodejs
	// nvd
	// openeuler
	// oracle
	// osv
	// photon
	// pypa
	// redhat
	// retirejs
	// rocky
	// ruby-advisory-db
	// secureos
	// suse
	// ubuntu
	// wolfi
}
