package osv

import (
	"maps"
	"net/url"
	"slices"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/distro"
)

// bucket is where osv.dev exports all records it knows, https://google.github.io/osv.dev/data/: an archive for each ecosystem.
const bucket = "https://osv-vulnerabilities.storage.googleapis.com/"

// An exported distribution is one whose advisories osv.dev has. Most distributions have a feed of their own, which is closer
// to the publisher, so that the source is optional. The others have no feed, or one that reads what an Input names.
type exported struct {
	ecosystem string // OSV's name
	id        string // in os-release(5)
	optional  bool
}

var distributions = []exported{
	{"AlmaLinux", "almalinux", true},
	{"Alpine", "alpine", true},
	{"Azure Linux", "azurelinux", true},
	{"Chainguard", "chainguard", false},
	{"Debian", "debian", true},
	{"Mageia", "mageia", false},
	{"MinimOS", "minimos", false},
	{"Photon OS", "photon", false},
	{"Red Hat", "rhel", true},
	{"Rocky Linux", "rocky", false},
	{"Ubuntu", "ubuntu", true},
	{"Wolfi", "wolfi", false},
	{"openSUSE", "opensuse-leap", true},
}

// row returns the distribution's row in the table of distributions.
func (e exported) row() distro.Distro {
	d, _ := distro.Lookup(e.id)
	return d
}

// sources returns a source for each ecosystem, named by it.
func sources() []feed.Dataset {
	source := func(ecosystem string, covers matcher.Key, optional bool) feed.Dataset {
		return feed.Dataset{
			Name: ecosystem, URLs: []string{bucket + url.PathEscape(ecosystem) + "/all.zip"},
			Covers: []matcher.Key{covers}, Optional: optional,
		}
	}
	var list []feed.Dataset
	list = append(list, source("Maven", matcher.Key{Type: "maven"}, false))
	for _, ecosystem := range slices.Sorted(maps.Keys(languages)) {
		none := ecosystem == "ConanCenter" // is defined, but nobody has published anything yet
		list = append(list, source(ecosystem, matcher.Key{Type: languages[ecosystem].purlType}, none))
	}
	for _, e := range distributions {
		d := e.row()
		list = append(list, source(e.ecosystem, matcher.Key{Type: d.Type, Namespace: d.ID}, e.optional))
	}
	return list
}
