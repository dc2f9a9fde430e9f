package matcher

import "strings"

// Release returns how keys spell a release of a distribution, given what os-release says of it: its ID, VERSION_ID and
// VERSION_CODENAME. Feeds use the same function, so that both sides meet: Debian by its major number ("8", or "sid"),
// Ubuntu by year and month ("22.04"), Alpine by its branch ("3.19", or "edge"), most RPM distributions by their major number.
// A release that no rule knows is spelled as it is; "" is a rolling release.
func Release(id, versionID, codename string) string {
	versionID, codename = strings.ToLower(versionID), strings.ToLower(codename)
	switch id {
	case "debian":
		if n, ok := debianReleases[codename]; ok && versionID == "" {
			return n
		}
		if n, ok := debianReleases[versionID]; ok { // a feed that gives the codename only
			return n
		}
		if versionID == "" {
			return codename
		}
		return elements(versionID, 1)
	case "ubuntu", "photon", "opensuse-leap", "opensuse", "sles", "sled", "suse", "sle_hpc", "sle-micro", "sl-micro",
		"openeuler", "openEuler":
		return versionID
	case "wolfi", "chainguard", "minimos", "echo", "secureos", "arch", "opensuse-tumbleweed", "gentoo", "void": // rolling: VERSION_ID is a date, if any
		return ""
	case "alpine":
		if strings.Contains(versionID, "_alpha") { // "3.22_alpha20250108", of the branch that the next release comes from
			return "edge"
		}
		return strings.TrimPrefix(elements(versionID, 2), "v")
	case "":
		return ""
	}
	return elements(versionID, 1)
}

// elements returns the first n dot-separated elements of a version.
func elements(version string, n int) string {
	for i := range len(version) {
		if version[i] == '.' {
			if n--; n == 0 {
				return version[:i]
			}
		}
	}
	return version
}

// debianReleases maps codenames to the numbers that os-release and most feeds use. Source: the Debian project's list of
// releases, https://www.debian.org/releases/, and distro-info-data.
var debianReleases = map[string]string{
	"potato": "2.2", "woody": "3.0", "sarge": "3.1", "etch": "4", "lenny": "5", "squeeze": "6", "wheezy": "7",
	"jessie": "8", "stretch": "9", "buster": "10", "bullseye": "11", "bookworm": "12", "trixie": "13", "forky": "14",
	"duke": "15", "sid": "sid", "unstable": "sid",
}
