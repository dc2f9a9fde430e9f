package updateinfo

import (
	"strings"

	"github.com/hullmark/hullmark/db/feed/internal/errata"
	"github.com/hullmark/hullmark/internal/lazyregexp"
)

// extra matches the IDs of Amazon Linux extras, "ALAS2KERNEL-5.10-2024-049", and finds the version that the extra's name ends with.
var extra = lazyregexp.New(`^ALAS[0-9]+[A-Z].*?([0-9]+(?:\.[0-9]+)*)-[0-9]{4}-[0-9]+$`)

// lineOf returns the first version of a package in an extra of Amazon Linux, or "". An extra is a line of versions beside those of the core
// repository and of other extras, under the same names of packages: kernel 5.10 beside kernel 4.14. Its updates say nothing about the
// versions of other lines. A package whose version doesn't begin with the number of the extra, such as a library beside it, has no line.
func lineOf(id, evr string) string {
	m := extra.FindStringSubmatch(id)
	if m == nil {
		return ""
	}
	epoch, version, ok := strings.Cut(evr, ":")
	if !ok {
		epoch, version = "", evr
	}
	version, _, _ = strings.Cut(version, "-")
	if !strings.HasPrefix(version+".", m[1]+".") {
		return ""
	}
	return errata.EVR(epoch, m[1], "")
}
