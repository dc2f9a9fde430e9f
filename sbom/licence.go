package sbom

import (
	"strings"

	"github.com/CycloneDX/cyclonedx-go"

	"github.com/hullmark/hullmark/internal/license"
)

// A licence is the meaning of one declaration.
type licence struct {
	text string
	kind licenceKind
}

type licenceKind uint8

const (
	licenceName       licenceKind = iota // not SPDX: the declared text
	licenceID                            // an identifier that the schemas list
	licenceExpression                    // any other SPDX expression, also a single identifier newer than their list
)

// licensesOf returns the licences of a package. The schemas before 1.7 allow either one expression or a list of
// identifiers and names: several licences with an expression among them become one expression, because all of them hold. If
// SPDX does not know one of them, expressions are listed as names. It also reports whether the licences equal
// the declaration.
func (b *builder) licensesOf(declared []string) (licenses *cyclonedx.Licenses, exact bool) {
	list := make([]licence, 0, len(declared))
	var known licenceKind // bits of the kinds there are
	exact = true
	for _, d := range declared {
		l := b.licenses[d]
		exact = exact && l.text == d
		if l.text != "" {
			list = append(list, l)
			known |= 1 << l.kind
		}
	}
	if len(list) == 0 {
		return nil, exact
	}
	if known&(1<<licenceExpression) != 0 && known&(1<<licenceName) == 0 {
		return &cyclonedx.Licenses{{Expression: conjunction(list), Acknowledgement: b.declared()}}, exact && len(list) == 1
	}
	out := make(cyclonedx.Licenses, len(list))
	for i, l := range list {
		out[i].License = &cyclonedx.License{}
		if l.kind == licenceID {
			out[i].License.ID = l.text
		} else {
			out[i].License.Name = l.text
		}
		if ack := b.declared(); ack != nil {
			out[i].License.Acknowledgement = *ack
		}
	}
	return &out, exact
}

// declared marks a licence as stated by the package's authors, not concluded by a reader.
func (b *builder) declared() *cyclonedx.LicenseAcknowledgement {
	if b.version < cyclonedx.SpecVersion1_6 {
		return nil
	}
	ack := cyclonedx.LicenseAcknowledgementDeclared
	return &ack
}

func conjunction(list []licence) string {
	if len(list) == 1 {
		return list[0].text
	}
	parts := make([]string, len(list))
	for i, l := range list {
		parts[i] = l.text
		if strings.Contains(l.text, " ") {
			parts[i] = "(" + l.text + ")"
		}
	}
	return strings.Join(parts, " AND ")
}

func classify(declared string) licence {
	if license.Listed(declared) {
		return licence{declared, licenceID}
	}
	text, ok := license.Normalize(declared)
	switch {
	case !ok:
		return licence{strings.TrimSpace(declared), licenceName}
	case license.Listed(text):
		return licence{text, licenceID}
	}
	return licence{text, licenceExpression}
}
