package redhat

import (
	"strings"

	"github.com/hullmark/hullmark/matcher/distro"
)

// A platform is what a CPE of Red Hat's says.
type platform struct {
	release  string // as keys have it
	extended bool   // of a stream of updates that is sold beyond the release itself: EUS, AUS, ELS
	name     string // "rhel_eus:9.0"
}

// platformOf reads a CPE 2.2 URI such as "cpe:/a:redhat:enterprise_linux:8::appstream". It reports false for what is none of
// Red Hat's.
//
// All repositories of a RHEL release are one ecosystem, its major version, and so are the streams of extended updates. A product
// that is installed on top has one of its own, "9/openshift:4.16", since it brings packages of the same names with versions
// and fixes of their own; one that is for several releases, "jboss_core_services:1".
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
	el := "" // of "el8", "el8_6"
	if s, ok := strings.CutPrefix(edition, "el"); ok {
		el, _, _ = strings.Cut(s, "_")
	}
	switch product {
	case "enterprise_linux", "rhel_extras", "rhel_extras_rt", "rhel_extras_sap", "rhel_extras_sap_hana", "rhel_extras_oracle_java",
		"rhel_productivity", "rhel_virtualization", "rhel_cluster", "rhel_cluster_storage", "enterprise_linux_eus":
		p.release = major
	case "rhel_eus", "rhel_aus", "rhel_tus", "rhel_e4s", "rhel_els", "rhel_eus_long_life", "rhel_mission_critical":
		p.release, p.extended = major, true
	case "rhel_software_collections": // whose packages have names of their own, on RHEL 6 and 7
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
