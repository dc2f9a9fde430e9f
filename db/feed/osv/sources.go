package osv

import (
	"maps"
	"net/url"
	"slices"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/matcher"
)

// bucket is where osv.dev exports all records it knows, https://google.github.io/osv.dev/data/: an archive for each ecosystem.
const bucket = "https://osv-vulnerabilities.storage.googleapis.com/"

// exported are the distributions of which osv.dev has advisories, and their keys. They have feeds of their own, which are
// closer to their publishers. Those that are not optional have none, or one that finds its data, in repositories of
// packages, only where an Input says.
var exported = []struct {
	ecosystem string
	covers    matcher.Key
	optional  bool
}{
	{"AlmaLinux", matcher.Key{Type: "rpm", Namespace: "almalinux"}, true},
	{"Alpine", matcher.Key{Type: "apk", Namespace: "alpine"}, true},
	{"Azure Linux", matcher.Key{Type: "rpm", Namespace: "azurelinux"}, true},
	{"Chainguard", matcher.Key{Type: "apk", Namespace: "chainguard"}, false},
	{"Debian", matcher.Key{Type: "deb", Namespace: "debian"}, true},
	{"Mageia", matcher.Key{Type: "rpm", Namespace: "mageia"}, false},
	{"MinimOS", matcher.Key{Type: "apk", Namespace: "minimos"}, false},
	{"Photon OS", matcher.Key{Type: "rpm", Namespace: "photon"}, false},
	{"Red Hat", matcher.Key{Type: "rpm", Namespace: "rhel"}, true},
	{"Rocky Linux", matcher.Key{Type: "rpm", Namespace: "rocky"}, false},
	{"Ubuntu", matcher.Key{Type: "deb", Namespace: "ubuntu"}, true},
	{"Wolfi", matcher.Key{Type: "apk", Namespace: "wolfi"}, false},
	{"openSUSE", matcher.Key{Type: "rpm", Namespace: "opensuse-leap"}, true},
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
	for _, d := range exported {
		list = append(list, source(d.ecosystem, d.covers, d.optional))
	}
	return list
}
