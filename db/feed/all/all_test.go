package all_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/all"
)

func TestFeeds(t *testing.T) {
	for _, f := range all.Feeds() {
		if f.Name == "" || f.Parse == nil || f.Wants == nil {
			t.Errorf("%+v", f)
		}
	}
	if !slices.IsSortedFunc(all.Feeds(), func(a, b feed.Feed) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("not sorted by name")
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
	// arch
	// azurelinux
	// bottlerocket
	// chainguard
	// debian
	// debian-lists
	// echo
	// epss
	// exploitdb
	// fedora
	// friendsofphp
	// gentoo
	// kev
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
