// Package idlink knows the pages that explain identifiers of vulnerabilities and advisories.
package idlink

import (
	"net/url"
	"strings"
)

// Of returns the publisher of an identifier and the address of its page, or two empty texts for an identifier of another family.
func Of(id string) (publisher, address string) {
	family, _, _ := strings.Cut(id, "-")
	p, ok := pages[family]
	if !ok {
		return "", ""
	}
	return p.publisher, p.prefix + url.PathEscape(id)
}

type page struct{ publisher, prefix string }

var (
	debian = page{"Debian", "https://security-tracker.debian.org/tracker/"}
	redhat = page{"Red Hat", "https://access.redhat.com/errata/"}
	osv    = page{"OSV", "https://osv.dev/vulnerability/"}
)

// pages are the pages of families. A family is the part of an identifier before its first hyphen.
var pages = map[string]page{
	"CVE":  {"NVD", "https://nvd.nist.gov/vuln/detail/"},
	"GHSA": {"GitHub", "https://github.com/advisories/"},
	"DSA":  debian, "DLA": debian, "DTSA": debian, "TEMP": debian,
	"USN":  {"Ubuntu", "https://ubuntu.com/security/notices/"},
	"RHSA": redhat, "RHBA": redhat, "RHEA": redhat,
	"PYSEC": osv, "GO": osv, "RUSTSEC": osv, "GSD": osv, "OSV": osv, "MAL": osv,
}
