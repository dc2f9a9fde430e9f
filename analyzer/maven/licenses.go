package maven

import (
	"slices"
	"strings"

	"github.com/hullmark/hullmark/internal/license"
)

// licenses returns the licences of a project, one for each that it names; they are alternatives or not, Maven does not say.
func (p *pom) licenses() []string {
	var list []string
	for _, l := range p.Licenses {
		declared := p.interpolate(l.Name)
		if declared == "" {
			declared = p.interpolate(l.URL)
		}
		if declared != "" {
			e, _ := license.Normalize(declared) // as declared where it is no SPDX expression
			list = appendNew(list, e)
		}
	}
	return list
}

// licenses returns those of the header Bundle-License: a list of names or addresses, each with attributes.
func (m manifest) licenses() []string {
	var list []string
	for clause := range strings.SplitSeq(m["bundle-license"], ",") {
		declared, _, _ := strings.Cut(clause, ";")
		declared = strings.Trim(strings.TrimSpace(declared), `"`)
		if declared == "" || strings.HasPrefix(declared, "<<") { // "<<EXTERNAL>>" of the OSGi specification
			continue
		}
		e, _ := license.Normalize(declared) // as above
		list = appendNew(list, e)
	}
	return list
}

func appendNew(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}
