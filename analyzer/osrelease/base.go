package osrelease

import (
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// A derivative is a distribution whose packages are those of another one, rebuilt or merely redistributed, so that the
// other's advisories hold for them.
type derivative struct {
	base string
	// releases maps its versions to those of the base, by the longest prefix that ends at a dot; nil where the two number
	// alike.
	releases map[string]string
}

// derivatives lists what is known from the distributions' own statements. A distribution that publishes advisories
// itself (AlmaLinux, Rocky, Oracle, Amazon, Wolfi) is not here, nor one that mixes releases (Kali, Parrot), nor CentOS
// Stream, which runs ahead of RHEL and takes fixes on another day and under another version.
func derivatives(id string) (derivative, bool) {
	switch id {
	case "centos", "scientific":
		return derivative{base: "rhel"}, true
	case "raspbian":
		return derivative{base: "debian"}, true
	case "devuan":
		return derivative{"debian", map[string]string{"1": "8", "2": "9", "3": "10", "4": "11", "5": "12", "6": "13"}}, true
	case "lmde":
		return derivative{"debian", map[string]string{"3": "9", "4": "10", "5": "11", "6": "12", "7": "13"}}, true
	case "linuxmint":
		return derivative{"ubuntu", map[string]string{
			"17": "14.04", "18": "16.04", "19": "18.04", "20": "20.04", "21": "22.04", "22": "24.04",
		}}, true
	case "elementary":
		return derivative{"ubuntu", map[string]string{
			"0.4": "16.04", "5": "18.04", "6": "20.04", "7": "22.04", "8": "24.04",
		}}, true
	case "zorin":
		return derivative{"ubuntu", map[string]string{"15": "18.04", "16": "20.04", "17": "22.04", "18": "24.04"}}, true
	case "neon", "pop":
		return derivative{base: "ubuntu"}, true
	case "opensuse": // what Leap called itself until 42.3
		return derivative{base: "opensuse-leap"}, true
	case "sles_sap":
		return derivative{base: "sles"}, true
	}
	return derivative{}, false
}

// Base returns the distribution whose advisories hold for d's packages because d redistributes or rebuilds them, and
// true; or d itself and false, if d is no derivative, or not one that is known, or in a release that is not. The answer
// holds the ID and VersionID of the base alone.
//
// It is a table of facts. ID_LIKE is not consulted: it says what a distribution resembles (Amazon Linux: "fedora"), not
// whose packages it ships.
func Base(d analyzer.Distro) (analyzer.Distro, bool) {
	id := d.ID
	switch {
	case id == "centos" && strings.Contains(d.Name, "Stream"):
		return d, false
	case id == "linuxmint" && strings.HasPrefix(d.Name, "LMDE"): // the edition that is based on Debian shares the ID
		id = "lmde"
	}
	from, ok := derivatives(id)
	if !ok {
		return d, false
	}
	version := d.VersionID
	if from.releases != nil {
		for version != "" && from.releases[version] == "" {
			version = version[:max(0, strings.LastIndexByte(version, '.'))]
		}
		if version = from.releases[version]; version == "" {
			return d, false
		}
	}
	return analyzer.Distro{ID: from.base, VersionID: version}, true
}
