package rpm

import (
	"testing"

	"github.com/hullmark/hullmark/analyzer"
)

// rpm -qa --dbpath asks one database: rpm 4.18 with Packages beside rpmdb.sqlite lists what the latter has.
func TestStale(t *testing.T) {
	facts := []analyzer.Fact{
		{Path: "usr/lib/sysimage/rpm/Packages"},
		{Path: "usr/lib/sysimage/rpm/Packages.db"},
		{Path: "usr/share/rpm/rpmdb.sqlite"},
		{Path: "var/lib/rpm/Packages"},
		{Path: "var/lib/rpm/rpmdb.sqlite"},
	}
	for i, j := range (databases{}).Join(t.Context(), facts) {
		if stale := i == 0 || i == 3; stale != (j.Result != nil && len(j.Result.Packages) == 0 && len(j.Diagnostics) == 1) {
			t.Errorf("%s: %+v", facts[i].Path, j)
		}
	}
}
