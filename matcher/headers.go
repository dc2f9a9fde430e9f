package matcher

import (
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// headersOnly reports whether a package has files of the Linux kernel to compile other programs, and none of its code. Advisories name the
// kernel's source package, which such packages share. The kernel that runs is not in the image.
//
// The names are those of Debian and Ubuntu (linux-libc-dev, linux-headers-6.1.0-13-amd64, linux-aws-headers-6.5.0-1014), of RPM
// distributions (kernel-headers, kernel6.12-headers, kernel-uek-devel, linux-glibc-devel) and of Alpine (linux-headers, linux-lts-dev).
func headersOnly(c *analyzer.Component) bool {
	if !c.System {
		return false
	}
	kernel, rest, _ := strings.Cut(c.Name, "-")
	switch c.Type {
	case "deb":
		return kernel == "linux" && (rest == "libc-dev" || strings.HasPrefix(rest, "libc-dev-") || hasPart(rest, "headers"))
	case "rpm":
		return strings.HasPrefix(kernel, "kernel") && (hasPart(rest, "headers") || hasPart(rest, "devel")) || c.Name == "linux-glibc-devel"
	case "apk":
		return kernel == "linux" && (rest == "headers" || strings.HasSuffix(rest, "-dev"))
	}
	return false
}

// hasPart reports whether a word is between the hyphens of a name.
func hasPart(name, word string) bool {
	return strings.Contains("-"+name+"-", "-"+word+"-")
}
