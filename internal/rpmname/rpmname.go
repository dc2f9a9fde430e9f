// Package rpmname spells the names that the keys of advisories have for RPM packages of a flavour or a module's stream.
// Feeds and the matcher use it, so that both sides agree.
package rpmname

import "strings"

// Flavour returns the name of a package in one of several builds that a distribution publishes side by side, with fixes of
// their own: "ksplice" and "openssl" give "ksplice/openssl". Feeds use it if an advisory is about one flavour only:
//
//   - an architecture, "aarch64", if an update was built anew for it, under a version of its own,
//   - "ksplice", Oracle's user-space packages that are patched while they run,
//   - "fips", packages that were validated for FIPS 140,
//   - "teradata", SUSE's kernels for Teradata.
//
// The last three are separate lines of versions: the matcher looks a package of such a flavour up under the flavour's name
// only. An empty flavour returns name.
func Flavour(flavour, name string) string {
	if flavour == "" {
		return name
	}
	return flavour + "/" + name
}

// FlavourOf returns the flavour that a version shows: "ksplice", "fips", "teradata", or "". Source: Oracle's errata, such as
// 2:1.1.1g-15.ksplice1.el8_3 and 10:1.8.5-7.el8_6_fips, and SUSE's OVAL definitions, such as 4.4.140-96.97.TDC.1.
func FlavourOf(version string) string {
	switch {
	case strings.Contains(version, ".ksplice"):
		return "ksplice"
	case strings.Contains(version, "_fips"):
		return "fips"
	case strings.Contains(version, ".TDC."):
		return "teradata"
	}
	return ""
}

// Module returns the name of a package of an RPM module's stream: "nginx:1.16" and "nginx-mod-mail" give
// "nginx:1.16/nginx-mod-mail". Streams are separate lines of versions of the same packages, so that a fix in one says
// nothing about another. The rest of name:stream:version:context:architecture is left out. An empty module returns name.
func Module(module, name string) string {
	if module == "" {
		return name
	}
	of, rest, _ := strings.Cut(module, ":")
	stream, _, _ := strings.Cut(rest, ":")
	return of + ":" + stream + "/" + name
}

// Stream returns the name of an RPM module's stream itself, and the version of the module: "nginx:1.16:8040020210301:9f9e2e7e" gives
// "nginx:1.16" and "8040020210301". Feeds use the name if an advisory states the first build of the module with a fix, but not the
// versions of the packages in it. The version is "" if it is not known, and both are if module has no stream.
func Stream(module string) (name, version string) {
	part := strings.Split(module, ":")
	if len(part) < 2 {
		return "", ""
	}
	if len(part) > 2 {
		version = part[2]
	}
	return part[0] + ":" + part[1], version
}

// InModule reports whether a version shows that the package was built in a module: its release is like
// "9.module+el8.4.0+543+efbf198b.1".
func InModule(version string) bool {
	return strings.Contains(version, ".module+") || strings.Contains(version, ".module_")
}

// ServicePack returns the mark of openEuler's service pack in a version, "oe2203sp1", or "". Each service pack rebuilds all packages, so
// that a fix in one says nothing about another. The packs of 20.03 before SP4 share the mark "oe1".
func ServicePack(version string) string {
	_, mark, ok := strings.Cut(version, ".oe")
	if !ok {
		return ""
	}
	n := 0
	for n < len(mark) && (mark[n] >= '0' && mark[n] <= '9' || mark[n] == 's' || mark[n] == 'p') {
		n++
	}
	return "oe" + mark[:n]
}

// Extra reports whether the ID of an update of Amazon Linux is of a repository beside the core one, "ALAS2DOCKER-2021-001" or
// "ALAS2023NVIDIA-2025-003". Such a repository has a line of versions of its own, under names that the core repository may have, too.
func Extra(update string) bool {
	rest, ok := strings.CutPrefix(update, "ALAS")
	letters := strings.TrimLeft(rest, "0123456789")
	return ok && letters != rest && letters != "" && letters[0] >= 'A' && letters[0] <= 'Z'
}
