package redhat

import (
	"strings"

	"github.com/hullmark/hullmark/matcher/distro"
)

// A platform is a product or a stream that a CPE of Red Hat names.
type platform struct {
	release string // in keys
	tier    tier
	name    string // "rhel_eus:9.0"
}

// A tier tells whom updates are for. Those of lower tiers are for more users.
type tier uint8

const (
	releaseTier tier = iota // all users of the release or product
	lifeTier                // subscribers, after the end of the release's support: ELS
	minorTier               // subscribers who stay with a minor release: EUS, AUS, TUS, E4S
	noTier
)

// platformOf parses a CPE 2.2 URI such as "cpe:/a:redhat:enterprise_linux:8::appstream". It returns false if the CPE is not one of Red Hat.
//
// All repositories of a RHEL release, and the streams of extended updates, belong to one ecosystem, its major version. A product that is
// installed on RHEL has an ecosystem of its own, "9/openshift:4.16", because it contains packages with the same names and other versions and
// fixes. A product for several releases has "jboss_core_services:1".
func platformOf(cpe string) (platform, bool) {
	rest, ok := strings.CutPrefix(cpe, "cpe:/")
	if !ok {
		return platform{}, false
	}
	part := strings.Split(rest, ":")
	if len(part) < 3 || part[1] != "redhat" {
		return platform{}, false
	}
	product, version, edition := part[2], "", ""
	if len(part) > 3 {
		version = part[3]
	}
	if len(part) > 5 {
		edition = part[5]
	}
	p := platform{name: strings.TrimSuffix(product+":"+version, ":")}
	major := distro.ReleaseOf("rhel", version, "")
	el := "" // "8" for "el8" and "el8_6"
	if s, ok := strings.CutPrefix(edition, "el"); ok {
		el, _, _ = strings.Cut(s, "_")
	}
	switch product {
	case "enterprise_linux", "rhel_extras", "rhel_extras_rt", "rhel_extras_sap", "rhel_extras_sap_hana", "rhel_extras_oracle_java",
		"rhel_productivity", "rhel_virtualization", "rhel_cluster", "rhel_cluster_storage", "enterprise_linux_eus":
		p.release = major
	case "rhel_els":
		p.release, p.tier = major, lifeTier
	case "rhel_eus", "rhel_aus", "rhel_tus", "rhel_e4s", "rhel_eus_long_life", "rhel_mission_critical":
		p.release, p.tier = major, minorTier
	case "rhel_software_collections": // on RHEL 6 and 7; the packages have other names than those of RHEL
		p.release = el
		if el == "" {
			p.release = "7"
		}
	default:
		p.release = p.name
		if el != "" {
			p.release = el + "/" + p.name
		}
	}
	return p, p.release != ""
}
