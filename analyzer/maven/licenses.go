package maven

import (
	"path"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/internal/license"
)

// licenses returns the licences of a project. Maven does not say whether several licences are alternatives. The address decides
// if a name is ambiguous.
func (p *pom) licenses() []string {
	var list []string
	for _, l := range p.Licenses {
		name, address := p.interpolate(l.Name), p.interpolate(l.URL)
		list = appendLicense(list, name, address)
	}
	return list
}

// licenses returns the licences in the header Bundle-License, a list of names or addresses with attributes.
func (m manifest) licenses() []string {
	var list []string
	for clause := range strings.SplitSeq(m["bundle-license"], ",") {
		declared, attributes, _ := strings.Cut(clause, ";")
		declared = strings.Trim(strings.TrimSpace(declared), `"`)
		if strings.HasPrefix(declared, "<<") { // "<<EXTERNAL>>" of the OSGi specification
			continue
		}
		_, address, _ := strings.Cut(attributes, "link=")
		list = appendLicense(list, declared, strings.Trim(address, `"`))
	}
	return list
}

// appendLicense appends the SPDX expression for a name or else for an address. If neither is known, it appends the name or the
// address itself. It omits duplicates.
func appendLicense(list []string, name, address string) []string {
	e, ok := license.Normalize(name)
	if !ok {
		for _, s := range []string{name, address} {
			if id := licenseAt(s); id != "" {
				e = id
				break
			}
		}
	}
	if e == "" {
		e = address
	}
	if e == "" || slices.Contains(list, e) {
		return list
	}
	return append(list, e)
}

// licenseAt returns the SPDX identifier of the licence text at a well-known address, or "".
func licenseAt(address string) string {
	rest := strings.ToLower(strings.TrimSuffix(address, "/"))
	for _, prefix := range [...]string{"https://", "http://", "www."} {
		rest = strings.TrimPrefix(rest, prefix)
	}
	host, file, _ := strings.Cut(rest, "/")
	for _, suffix := range [...]string{".txt", ".html", ".php", ".htm"} {
		file = strings.TrimSuffix(file, suffix)
	}
	name := path.Base(file)
	switch host {
	case "apache.org":
		if name == "license-2.0" || name == "license-1.1" {
			return "Apache" + name[len("license"):]
		}
	case "eclipse.org":
		switch name {
		case "epl-v10":
			return "EPL-1.0"
		case "epl-v20", "epl-2.0":
			return "EPL-2.0"
		}
	case "opensource.org", "spdx.org":
		if name == "mit-license" {
			return "MIT"
		}
		if id, ok := license.Normalize(name); ok {
			return id
		}
	case "mozilla.org":
		if strings.HasSuffix(file, "mpl/2.0") {
			return "MPL-2.0"
		}
	}
	return ""
}
