// Package updateid recognizes the identifiers that distributions give to their updates: "RHSA-2019:1789", "DSA-4500-1". An update may fix
// several vulnerabilities, so that its identifier is an alias of none.
package updateid

import (
	"slices"
	"strings"

	"github.com/hullmark/hullmark/internal/lazyregexp"
)

// update matches the identifiers of Debian, Ubuntu, Red Hat and its derivatives, Oracle, Amazon, SUSE, Photon, Fedora, Mageia, Bottlerocket,
// openEuler, Gentoo and Arch Linux.
var update = lazyregexp.New(`^(?:D[LST]A|DTSA|USN|LSN|(?:RH|EL|AL|RL|RX|CE)[SBE]A|ALAS[A-Z0-9.]*(?:-[A-Z]+)?|(?:open)?SUSE-[SRFO]U|PHSA|FEDORA|MGASA|BRSA|OESA|openEuler-[SB]A|GLSA|ASA|AVG)-(?:[A-Za-z0-9.:_-]*[0-9][A-Za-z0-9.:_-]*)$`)

// Is reports whether id is the identifier of an update.
func Is(id string) bool { return len(id) <= maxID && update.MatchString(id) }

// maxID bounds the bytes of an identifier.
const maxID = 80

// Among returns the identifiers of updates in a list, sorted and without duplicates.
func Among(ids []string) []string {
	var list []string
	for _, id := range ids {
		if Is(id) {
			list = append(list, id)
		}
	}
	return compact(list)
}

// inURL matches the end of the address of an update: ".../notices/USN-890-1", ".../usn/usn-4115-1/".
var inURL = lazyregexp.New(`/([A-Za-z]+-[A-Za-z0-9.:_-]+)/?$`)

// InURLs returns the identifiers that the addresses end with, sorted and without duplicates. Some have the identifier in lower case.
func InURLs(urls []string) []string {
	var list []string
	for _, u := range urls {
		m := inURL.FindStringSubmatch(u)
		if m == nil {
			continue
		}
		if id := strings.ToUpper(m[1]); Is(m[1]) {
			list = append(list, m[1])
		} else if strings.HasPrefix(id, "USN-") && Is(id) {
			list = append(list, id)
		}
	}
	return compact(list)
}

func compact(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}
