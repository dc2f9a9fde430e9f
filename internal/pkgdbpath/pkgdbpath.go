// Package pkgdbpath knows the fixed places of the package databases of distributions.
//
// A gate that could not read one of them can't tell which packages an image has; see matcher/report.
package pkgdbpath

import (
	"slices"
	"strings"
)

// readers are the analyzers of package databases.
var readers = []string{"apk", "dpkg", "rpm"}

// directories hold package databases, and nothing else that an analyzer reads.
var directories = []string{
	"lib/apk/db", "usr/lib/apk/db",
	"var/lib/dpkg", "usr/lib/dpkg", "var/lib/chisel",
	"var/lib/opkg", "usr/lib/opkg",
	"var/lib/rpm", "usr/lib/sysimage/rpm", "usr/share/rpm", "var/lib/rpmmanifest",
}

// Reads reports whether an analyzer reads package databases.
func Reads(analyzer string) bool { return slices.Contains(readers, analyzer) }

// Supplement reports whether a file that these analyzers read adds to packages only, and names none: a copyright file, or a list of the
// repositories that packages come from.
func Supplement(path string) bool {
	return slices.ContainsFunc(supplements, func(dir string) bool { return strings.HasPrefix(path, dir) })
}

var supplements = []string{"usr/share/doc/", "root/buildinfo/", "usr/share/buildinfo/", "var/lib/dnf/", "var/lib/yum/"}

// Near reports whether a path is in a directory with a package database, is this directory, or is above it.
func Near(path string) bool {
	return path == "" || path == "." || slices.ContainsFunc(directories, func(dir string) bool {
		return within(path, dir) || within(dir, path)
	})
}

func within(path, dir string) bool {
	rest, ok := strings.CutPrefix(path, dir)
	return ok && (rest == "" || rest[0] == '/')
}
