package sbom

import (
	"strconv"

	"github.com/CycloneDX/cyclonedx-go"
)

// Names of properties; doc.go describes them. Those of lists continue with the number of the element and the name of its
// field.
const (
	propAnalyzer      = "hullmark:analyzer"
	propArch          = "hullmark:arch"
	propCoverage      = "hullmark:coverage"
	propConfiguration = "hullmark:configuration"
	propCPE           = "hullmark:cpe"
	propDeclared      = "hullmark:declared"
	propStated        = "hullmark:stated"
	propNested        = "hullmark:nested"
	propAltered       = "hullmark:altered"
	propDeleted       = "hullmark:deleted"
	propIntact        = "hullmark:intact"
	propDepends       = "hullmark:depends"
	propDev           = "hullmark:dev"
	propDiagnostic    = "hullmark:diagnostic"
	propExamined      = "hullmark:examined"
	propExcluded      = "hullmark:excluded"
	propHidden        = "hullmark:hidden"
	propDistro        = "hullmark:distro"
	propFeed          = "hullmark:feed"
	propFile          = "hullmark:file"
	propFinding       = "hullmark:finding"
	propFixed         = "hullmark:fixed"
	propGroup         = "hullmark:group"
	propHash          = "hullmark:hash"
	propImage         = "hullmark:image"
	propInside        = "hullmark:inside"
	propLayer         = "hullmark:layer"
	propLicense       = "hullmark:license"
	propOwner         = "hullmark:owner"
	propPath          = "hullmark:path"
	propProvides      = "hullmark:provides"
	propReason        = "hullmark:reason"
	propRecord        = "hullmark:record"
	propRef           = "hullmark:ref"
	propSigner        = "hullmark:signer"
	propSeverity      = "hullmark:severity"
	propSkipped       = "hullmark:skipped"
	propSourceName    = "hullmark:source:name"
	propSourceVersion = "hullmark:source:version"
	propStatus        = "hullmark:status"
	propSystem        = "hullmark:system"
	propType          = "hullmark:type"
	propUncertain     = "hullmark:uncertain"
	propEvidence      = "hullmark:evidence"
	propUncovered     = "hullmark:uncovered"

	propVEXDocument      = "hullmark:vex:document"
	propVEXAuthor        = "hullmark:vex:author"
	propVEXExpires       = "hullmark:vex:expires"
	propVEXJustification = "hullmark:vex:justification"
	propVEXStatement     = "hullmark:vex:statement"
)

type properties []cyclonedx.Property

// add appends a property, unless it has no value.
func (p *properties) add(name, value string) {
	if value != "" {
		*p = append(*p, cyclonedx.Property{Name: name, Value: value})
	}
}

// trueProperty is the value of a property that is only there where it is true.
func trueProperty(is bool) string {
	if is {
		return "true"
	}
	return ""
}

// field appends a property of the nth of some things.
func (p *properties) field(name string, n int, field, value string) {
	if value != "" {
		p.add(name+":"+strconv.Itoa(n)+":"+field, value)
	}
}

// list returns p in the form of the library, nil where it is empty.
func (p properties) list() *[]cyclonedx.Property {
	if len(p) == 0 {
		return nil
	}
	list := []cyclonedx.Property(p)
	return &list
}
