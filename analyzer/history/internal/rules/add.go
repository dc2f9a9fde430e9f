package rules

import (
	"fmt"
	"slices"
	"strings"
)

// added judges ADD: an address that is fetched without a checksum, and a file that COPY would copy as well.
func (c *Checker) added(s *Step) {
	if len(s.Args) < 2 {
		return
	}
	sources := s.Args[:len(s.Args)-1]
	checksum := slices.ContainsFunc(s.Flags, func(f string) bool { return strings.HasPrefix(f, "--checksum=") })
	for _, source := range sources {
		if isAddress(source) {
			if !checksum && !strings.Contains(source, "#sha256:") {
				c.add(s.Place, "add-address", "medium", "4.9", fmt.Sprintf("ADD fetches %s without a checksum", short(Redact(source))))
			}
			continue
		}
		switch {
		case isArchive(source), strings.HasPrefix(source, "<<"), strings.Contains(source, "$"):
		case s.History && isDigest(source):
			// The classic builder records the digest of a file only, and base images consist of an archive: "ADD file:... in /".
		default:
			c.add(s.Place, "add-instead-of-copy", "low", "4.9", fmt.Sprintf("ADD %s: use COPY, which neither unpacks nor downloads", short(source)))
			return
		}
	}
}

func isAddress(s string) bool {
	for _, scheme := range []string{"http://", "https://", "ftp://", "git://", "git@", "ssh://"} {
		if len(s) >= len(scheme) && strings.EqualFold(s[:len(scheme)], scheme) {
			return true
		}
	}
	return false
}

// isArchive reports whether ADD unpacks a file, by its name.
func isArchive(name string) bool {
	for _, suffix := range []string{".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2", ".tbz", ".tar.zst", ".tzst", ".tar.lzma", ".tlz", ".gz", ".xz", ".bz2", ".zst"} {
		if strings.HasSuffix(strings.ToLower(name), suffix) {
			return true
		}
	}
	return false
}

func isDigest(source string) bool {
	kind, _, _ := strings.Cut(source, ":")
	return kind == "file" || kind == "dir" || kind == "multi" || len(source) == 64 && strings.Trim(source, "0123456789abcdef") == ""
}
