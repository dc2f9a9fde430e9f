// Package rhel names Red Hat's products as the keys of advisories do. The feed and the matcher use it, so that both sides agree.
package rhel

import (
	"slices"
	"strings"

	"github.com/hullmark/hullmark/matcher/distro"
)

// Repositories is the release of the keys of package repositories. Such a key's Name is the repository's ID, and its advisory lists the CPE
// names of the products in the repository as Versions.
const Repositories = "repository"

// A Product is a product or a stream of updates that a CPE name of Red Hat is about.
type Product struct {
	Release string // of RHEL, "9", or the product's own: "9/openshift:4.16", "jboss_core_services:1"
	Tier    Tier
	Name    string // "rhel_eus:9.0"
}

// A Tier names the subscribers of updates. Lower tiers have more subscribers.
type Tier uint8

const (
	Release Tier = iota // all users of the release or product
	Life                // subscribers, after the end of the release's support: ELS
	Minor               // a minor release with extended updates: EUS, AUS, TUS, E4S
	None                // no statement
)

// ProductOf parses a CPE 2.2 URI such as "cpe:/a:redhat:enterprise_linux:8::appstream". It returns false if the CPE is not one of Red Hat.
//
// All repositories of a RHEL release, and the streams of extended updates, belong to its major version. A product that is installed on RHEL
// has a release of its own, "9/openshift:4.16", because it contains packages with the same names and other versions and fixes. A product
// for several releases has "jboss_core_services:1".
func ProductOf(cpe string) (Product, bool) {
	rest, ok := strings.CutPrefix(cpe, "cpe:/")
	if !ok {
		return Product{}, false
	}
	part := strings.Split(rest, ":")
	if len(part) < 3 || part[1] != "redhat" || part[2] == "" {
		return Product{}, false
	}
	product, version, edition := part[2], "", ""
	if len(part) > 3 {
		version = part[3]
	}
	if len(part) > 5 {
		edition = part[5]
	}
	p := Product{Name: strings.TrimSuffix(product+":"+version, ":")}
	major := distro.ReleaseOf("rhel", version, "")
	el := "" // "8" for "el8" and "el8_6"
	if s, ok := strings.CutPrefix(edition, "el"); ok {
		el, _, _ = strings.Cut(s, "_")
	}
	switch product {
	case "enterprise_linux", "rhel", "rhel_extras", "rhel_extras_rt", "rhel_extras_sap", "rhel_extras_sap_hana", "rhel_extras_oracle_java",
		"rhel_productivity", "rhel_virtualization", "rhel_cluster", "rhel_cluster_storage", "enterprise_linux_eus":
		p.Release = major
	case "rhel_els":
		p.Release, p.Tier = major, Life
	case "rhel_eus", "rhel_aus", "rhel_tus", "rhel_e4s", "rhel_eus_long_life", "rhel_mission_critical":
		p.Release, p.Tier = major, Minor
	case "rhel_software_collections": // on RHEL 6 and 7; the packages have other names than those of RHEL
		p.Release = el
		if el == "" {
			p.Release = "7"
		}
	default:
		p.Release = p.Name
		if el != "" {
			p.Release = el + "/" + p.Name
		}
	}
	return p, p.Release != ""
}

// Own returns the release of the product's own statements. A stream of updates has one beside that of its release: "9/rhel_eus:9.2".
func (p Product) Own() string {
	if p.Tier == Release {
		return p.Release
	}
	return p.Release + "/" + p.Name
}

// Lineage returns the releases of the statements that hold for a product, the most specific first. A stream of updates follows its
// release where nothing is stated about the stream itself. A product follows the statements about a shorter version of it, because
// those about packages without a fix name the major version only: "openshift:4" for "9/openshift:4.16".
func (p Product) Lineage() []string {
	if p.Tier != Release {
		return []string{p.Own(), p.Release}
	}
	el, name, layered := strings.Cut(p.Release, "/")
	if !layered {
		el, name = "", p.Release
	}
	if !strings.Contains(p.Release, ":") {
		return []string{p.Release}
	}
	var list []string
	for {
		if el != "" {
			list = append(list, el+"/"+name)
		}
		list = append(list, name)
		i := strings.LastIndexAny(name, ".:")
		if i < 0 || len(list) >= maxLineage {
			return list
		}
		name = name[:i]
	}
}

// maxLineage bounds the releases of a lineage. A version of a product has up to three elements.
const maxLineage = 8

// On returns the major version of RHEL that a release is of, or is installed on: "9" of "9", "9/rhel_eus:9.2" and "9/openshift:4.16". It is ""
// for "openshift:4.16".
func On(release string) string {
	major, _, layered := strings.Cut(release, "/")
	if !layered && strings.Contains(release, ":") {
		return ""
	}
	return major
}

// Layered reports whether a release in a key is of a product or a stream of updates, not a version of RHEL.
func Layered(release string) bool { return strings.Contains(release, ":") }

// MinorOf returns the minor release that a stream of updates stays with: "9.2" of "9/rhel_eus:9.2". It is "" for other releases.
func MinorOf(release string) string {
	major, name, _ := strings.Cut(release, "/")
	product, version, _ := strings.Cut(name, ":")
	if !slices.Contains(minors, product) || !strings.HasPrefix(version, major+".") {
		return ""
	}
	return version
}

// minors are the products that stay with a minor release today.
var minors = []string{"rhel_eus", "rhel_aus", "rhel_tus", "rhel_e4s"}

// Streams returns the lineages of the streams of updates that may hold for a system of RHEL, given its major and minor release.
// The minor release may be "".
func Streams(major, minor string) [][]string {
	streams := [][]string{{major + "/rhel_els:" + major, major}}
	if minor != "" {
		for _, product := range minors {
			streams = append(streams, []string{major + "/" + product + ":" + minor, major})
		}
	}
	return streams
}
