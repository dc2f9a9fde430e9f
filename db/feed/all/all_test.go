package all_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/all"
)

func TestFind(t *testing.T) {
	for _, f := range all.Feeds() {
		if got, ok := all.Find(f.Name); !ok || got.Name != f.Name || f.Parse == nil || f.Wants == nil {
			t.Errorf("%q: %+v, %v", f.Name, got, ok)
		}
	}
	if !slices.IsSortedFunc(all.Feeds(), func(a, b feed.Feed) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("not in order of names")
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
	// debian-lists
	// echo
	// epss
	// exploitdb
	// fedora
	// friendsofphp
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
