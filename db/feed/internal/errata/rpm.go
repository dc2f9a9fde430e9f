package errata

import (
	"strings"
	"time"

	"github.com/hullmark/hullmark/db/feed/internal/instant"
	"github.com/hullmark/hullmark/internal/rpmname"
)

// EVR returns the version of an rpm package, "epoch:version-release", or "" if there is no version. It keeps an explicit epoch of 0,
// which tells that the epoch is known.
func EVR(epoch, version, release string) string {
	if version == "" {
		return ""
	}
	if epoch != "" {
		version = epoch + ":" + version
	}
	if release != "" {
		version += "-" + release
	}
	return version
}

// Name returns the name for the key of a package. The module is the stream that contains the package, "nodejs:12" with an optional
// rest, or "". The version, which may be "", tells the flavour of the package.
func Name(module, evr, name string) string {
	return rpmname.Module(module, rpmname.Flavour(rpmname.FlavourOf(evr), name))
}

// NEVRA splits the full name of a package, "bind-libs-32:9.3.3-8.el5.x86_64" or, as in file names,
// "32:bind-libs-9.3.3-8.el5.x86_64.rpm". Without a version, which must begin with a digit, it returns only a name.
func NEVRA(s string) (name, evr, arch string) {
	s = strings.TrimSuffix(s, ".rpm")
	if i := strings.LastIndexByte(s, '.'); i >= 0 && isArch(s[i+1:]) {
		s, arch = s[:i], s[i+1:]
	}
	r := strings.LastIndexByte(s, '-')
	if r <= 0 {
		return s, "", arch
	}
	v := strings.LastIndexByte(s[:r], '-')
	if v <= 0 {
		return s, "", arch
	}
	name, evr = s[:v], s[v+1:]
	if epoch, rest, ok := strings.Cut(name, ":"); ok && strings.Trim(epoch, "0123456789") == "" && !strings.Contains(evr, ":") {
		name, evr = rest, epoch+":"+evr
	}
	version := evr
	if epoch, rest, ok := strings.Cut(evr, ":"); ok && strings.Trim(epoch, "0123456789") == "" {
		version = rest
	}
	version += " " // it may be empty
	release := s[r+1:]
	if version[0] < '0' || version[0] > '9' || !strings.ContainsAny(release, "0123456789") {
		return s, "", arch
	}
	return name, evr, arch
}

// isArch reports whether s names an architecture of rpm packages.
func isArch(s string) bool {
	switch s {
	case "noarch", "src", "nosrc", "x86_64", "aarch64", "i386", "i486", "i586", "i686", "ppc", "ppc64", "ppc64le", "s390", "s390x",
		"ia64", "armv7hl", "armhfp", "riscv64", "sparc", "sparc64", "athlon", "alpha", "ppc64iseries", "ppc64pseries":
		return true
	}
	return false
}

// Time parses a time in any of the formats of publishers, in UTC if it has no zone. The zero time stands for "".
func Time(s string) (time.Time, error) {
	return instant.Parse(s, time.RFC3339, "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04:05", time.DateOnly, "2006-01-02 15:04:05 MST",
		"20060102", "January 2, 2006")
}
