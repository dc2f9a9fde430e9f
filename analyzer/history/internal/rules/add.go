package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/internal/redact"
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
			if !checksum && !isPinned(source) {
				c.add(s.Place, "add-address", "medium", "4.9", fmt.Sprintf("ADD fetches %s without a checksum", short(redact.Text(source))))
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

// isPinned reports whether an address of a repository names a commit: "https://example.com/a.git#<commit>", or "?checksum=<commit>".
func isPinned(source string) bool {
	const shortest = 40
	address, commit, ok := strings.Cut(source, "#")
	if _, query, found := strings.Cut(address, "?"); !ok && found {
		for parameter := range strings.SplitSeq(query, "&") {
			if value, found := strings.CutPrefix(parameter, "checksum="); found {
				commit = value
			}
		}
	}
	commit, _, _ = strings.Cut(strings.TrimPrefix(commit, "sha256:"), ":")
	return len(commit) >= shortest && strings.Trim(commit, "0123456789abcdef") == ""
}

// mode judges the option --chmod of COPY and ADD.
func (c *Checker) mode(s *Step) {
	for _, f := range s.Flags {
		value, ok := strings.CutPrefix(f, "--chmod=")
		if !ok {
			continue
		}
		id, open := modes([]string{value})
		if id {
			c.add(s.Place, "set-id", "low", "4.8", s.Kind+" sets a set-user-ID or set-group-ID bit")
		}
		if open {
			c.add(s.Place, "writable-by-everyone", "low", "", s.Kind+" lets every account write a file")
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
