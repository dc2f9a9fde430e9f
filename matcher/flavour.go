package matcher

import "strings"

// FlavourName returns the name under which keys have a package in one of several builds that a distribution publishes side by
// side, with fixes of their own: "ksplice" and "openssl" give "ksplice/openssl". Feeds use it where an advisory is about one
// flavour only:
//
//   - an architecture, "aarch64", where an update was built anew for it, under a version of its own,
//   - "ksplice", Oracle's user-space packages that are patched while they run,
//   - "fips", packages that were validated for FIPS 140.
//
// The last two are separate lines of versions: a package of such a flavour is looked up under the flavour's name only. An
// empty flavour gives the name as it is.
func FlavourName(flavour, name string) string {
	if flavour == "" {
		return name
	}
	return flavour + "/" + name
}

// FlavourOf returns the flavour that the version of an RPM package says it is of: "ksplice", "fips", or "". Source: Oracle's
// errata, such as 2:1.1.1g-15.ksplice1.el8_3 and 10:1.8.5-7.el8_6_fips.
func FlavourOf(version string) string {
	switch {
	case strings.Contains(version, ".ksplice"):
		return "ksplice"
	case strings.Contains(version, "_fips"):
		return "fips"
	}
	return ""
}
