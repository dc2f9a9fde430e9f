package distro

import (
	"regexp"
	"strings"
)

var (
	elMinor  = regexp.MustCompile(`(\.el[0-9]+)_[0-9]+`)
	slMark   = regexp.MustCompile(`\.sl([0-9]+)`)
	debMarks = regexp.MustCompile(`(?:\+(?:rpi|rvt|devuan|mint|linuxmint|elementary|zorin|neon)[0-9]*|[+~]?(?:kali|pop|mint)[0-9]+)`)
)

// Rebuilt returns a version of a derivative's package and a bound of its base's advisories in forms that compare, given the
// ID of the derivative. It removes the marks of a rebuild, such as ".centos" and "+rpi1". Rebuilds of Red Hat's packages may
// leave out the minor release, so that "97.el7.centos.5" is the build of "97.el7_9.5"; then the bound loses it, too. Rebuilt
// reports false if the version has no mark.
func Rebuilt(id, version, bound string) (v, b string, ok bool) {
	d := find(id)
	switch {
	case d == nil || d.Base == "":
		return "", "", false
	case d.Type == "rpm" && d.Base == "rhel":
		v = slMark.ReplaceAllString(strings.ReplaceAll(version, ".centos", ""), ".el$1")
		if b = bound; !elMinor.MatchString(v) {
			b = elMinor.ReplaceAllString(bound, "$1")
		}
	case d.Type == "deb":
		v, b = debMarks.ReplaceAllString(version, ""), bound
	default:
		return "", "", false
	}
	return v, b, v != version
}
