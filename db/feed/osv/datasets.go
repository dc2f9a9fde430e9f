package osv

import (
	"maps"
	"net/url"
	"slices"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/distro"
)

// bucket has the exports of osv.dev, https://google.github.io/osv.dev/data/: an archive of all records for each ecosystem.
const bucket = "https://osv-vulnerabilities.storage.googleapis.com/"

// An exported distribution is in the exports of osv.dev. Most distributions have feeds of their own, which are closer to their publishers.
// The others, which are not optional, have no feed, or one that needs an Input.
type exported struct {
	ecosystem string // OSV's name
	id        string // in os-release(5)
	optional  bool
}

var distributions = []exported{
	{"AlmaLinux", "almalinux", true},
	{"Alpaquita", "alpaquita", false},
	{"Alpine", "alpine", true},
	{"Azure Linux", "azurelinux", true},
	{"BellSoft Hardened Containers", "bellsoft-hardened-containers", false},
	{"Chainguard", "chainguard", true},
	{"CleanStart", "cleanstart", false},
	{"Debian", "debian", true},
	{"Echo", "echo", true},
	{"Mageia", "mageia", false},
	{"MinimOS", "minimos", true},
	{"Photon OS", "photon", false},
	{"Red Hat", "rhel", true},
	{"Rocky Linux", "rocky", false},
	{"SUSE", "sles", true},
	{"Ubuntu", "ubuntu", true},
	{"Wolfi", "wolfi", true},
	{"openEuler", "openEuler", true},
	{"openSUSE", "opensuse-leap", true},
}

// row returns the distribution's row in the table of distributions.
func (e exported) row() distro.Distro {
	d, _ := distro.Lookup(e.id)
	return d
}

// datasets returns a dataset for each ecosystem, with its name.
func datasets() []feed.Dataset {
	dataset := func(ecosystem string, covers matcher.Key, optional bool) feed.Dataset {
		return feed.Dataset{
			Name: ecosystem, URLs: []string{bucket + url.PathEscape(ecosystem) + "/all.zip"},
			Covers: []matcher.Key{covers}, Optional: optional,
		}
	}
	var list []feed.Dataset
	list = append(list, dataset("Maven", matcher.Key{Type: "maven"}, false))
	for _, ecosystem := range slices.Sorted(maps.Keys(languages)) {
		none := ecosystem == "ConanCenter" || ecosystem == "Bioconductor" // the schema defines them, but no records are published yet
		list = append(list, dataset(ecosystem, matcher.Key{Type: languages[ecosystem].purlType}, none))
	}
	for _, e := range distributions {
		d := e.row()
		list = append(list, dataset(e.ecosystem, matcher.Key{Type: d.Type, Namespace: d.ID}, e.optional))
	}
	return list
}
