package osv

import (
	"context"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"

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
	{ecosystem: "AlmaLinux", id: "almalinux", optional: true},
	{ecosystem: "Alpaquita", id: "alpaquita"},
	{ecosystem: "Alpine", id: "alpine", optional: true},
	{ecosystem: "Azure Linux", id: "azurelinux", optional: true},
	{ecosystem: "BellSoft Hardened Containers", id: "bellsoft-hardened-containers"},
	{ecosystem: "Chainguard", id: "chainguard", optional: true},
	{ecosystem: "CleanStart", id: "cleanstart"},
	{ecosystem: "Debian", id: "debian", optional: true},
	{ecosystem: "Echo", id: "echo", optional: true},
	{ecosystem: "Mageia", id: "mageia"},
	{ecosystem: "MinimOS", id: "minimos", optional: true},
	{ecosystem: "Photon OS", id: "photon", optional: true},
	{ecosystem: "Red Hat", id: "rhel", optional: true},
	{ecosystem: "Rocky Linux", id: "rocky"},
	{ecosystem: "SUSE", id: "sles", optional: true},
	{ecosystem: "Ubuntu", id: "ubuntu", optional: true},
	{ecosystem: "Wolfi", id: "wolfi", optional: true},
	{ecosystem: "openEuler", id: "openEuler", optional: true},
	{ecosystem: "openSUSE", id: "opensuse-leap", optional: true},
}

// hardened is OSV's name of Docker's hardened images, which have packages of Alpine and of Debian. Their ID in os-release(5) is dhi.
const hardened = "Docker Hardened Images"

// row returns the distribution's row in the table of distributions.
func (e exported) row() distro.Distro {
	d, _ := distro.Lookup(e.id)
	return d
}

// discover returns a dataset for each ecosystem that has records by now: the schema defines some before. The list has a line for each ecosystem,
// "Photon OS", and for each release, "Debian:12".
func discover(ctx context.Context, f *feed.Fetcher) ([]feed.Dataset, error) {
	list, err := f.Read(ctx, bucket+"ecosystems.txt")
	if err != nil {
		return nil, err
	}
	listed := make(map[string]bool)
	for line := range strings.Lines(string(list)) {
		name, _, _ := strings.Cut(strings.TrimSpace(line), ":")
		listed[name] = true
	}
	if !listed["npm"] {
		return nil, errors.New("osv: ecosystems.txt is not a list of ecosystems: no npm")
	}
	return datasets(func(ecosystem string) bool { return listed[ecosystem] }), nil
}

// unpublished are ecosystems that the schema defines and that have no records, as far as this module knows.
var unpublished = []string{"Bioconductor", "ConanCenter", "Photon OS"}

// datasets returns a dataset for each ecosystem, with its name. Those that may be unpublished must be listed.
func datasets(listed func(ecosystem string) bool) []feed.Dataset {
	dataset := func(ecosystem string, covers matcher.Key, optional bool) feed.Dataset {
		return feed.Dataset{
			Name: ecosystem, URLs: []string{bucket + url.PathEscape(ecosystem) + "/all.zip"},
			Covers: []matcher.Key{covers}, Optional: optional, Fetch: fetchChanges,
		}
	}
	var list []feed.Dataset
	list = append(list, dataset("Maven", matcher.Key{Type: "maven"}, false))
	for _, ecosystem := range slices.Sorted(maps.Keys(languages)) {
		none := slices.Contains(unpublished, ecosystem) && !listed(ecosystem)
		list = append(list, dataset(ecosystem, matcher.Key{Type: languages[ecosystem].purlType}, none))
	}
	for _, e := range distributions {
		d := e.row()
		if slices.Contains(unpublished, e.ecosystem) && !listed(e.ecosystem) {
			continue
		}
		list = append(list, dataset(e.ecosystem, matcher.Key{Type: d.Type, Namespace: d.ID}, e.optional))
	}
	images := dataset(hardened, matcher.Key{Type: "deb", Namespace: "dhi"}, false)
	images.Covers = append(images.Covers, matcher.Key{Type: "apk", Namespace: "dhi"})
	return append(list, images)
}
