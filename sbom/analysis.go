package sbom

import (
	"strings"

	"github.com/CycloneDX/cyclonedx-go"

	"github.com/hullmark/hullmark/matcher"
)

// analysisOf returns the analysis of a VEX statement about all the components. Without a statement it returns the facts that hold for every
// component, but never that a vulnerability is exploitable or not, which only the owner of the image can judge.
func analysisOf(hits []hit) *cyclonedx.VulnerabilityAnalysis {
	if a := hits[0].Analysis; a != nil {
		return statedAnalysis(a)
	}
	open, wontFix := true, true
	for i := range hits {
		open = open && hits[i].isOpen()
		wontFix = wontFix && hits[i].Status == matcher.WillNotFix
	}
	var a cyclonedx.VulnerabilityAnalysis
	if open {
		a.State = cyclonedx.IASInTriage
	}
	if wontFix {
		a.Response = &[]cyclonedx.ImpactAnalysisResponse{cyclonedx.IARWillNotFix}
	}
	if !open && !wontFix {
		return nil
	}
	return &a
}

// analysisKey tells statements apart that cannot be one analysis.
func analysisKey(a *matcher.Analysis) string {
	if a == nil {
		return ""
	}
	return strings.Join([]string{a.Status.String(), a.Document, a.Place, a.Justification, a.Detail, instant(a.Time), instant(a.Expires), a.Evidence}, "\x00")
}

// statedAnalysis returns an analysis as CycloneDX writes it.
func statedAnalysis(a *matcher.Analysis) *cyclonedx.VulnerabilityAnalysis {
	v := &cyclonedx.VulnerabilityAnalysis{Detail: a.Detail, LastUpdated: instant(a.Time)}
	switch a.Status {
	case matcher.NotAffected:
		v.State = cyclonedx.IASNotAffected
		v.Justification = justification(a.Justification)
	case matcher.Fixed:
		v.State = cyclonedx.IASResolved
	case matcher.UnderInvestigation:
		v.State = cyclonedx.IASInTriage
	default:
		v.State = cyclonedx.IASExploitable
	}
	return v
}

// justification returns CycloneDX's word for a justification of OpenVEX and CSAF, which have fewer; "" for one that it has no
// word for.
func justification(word string) cyclonedx.ImpactAnalysisJustification {
	switch word {
	case "component_not_present", "vulnerable_code_not_present":
		return cyclonedx.IAJCodeNotPresent
	case "vulnerable_code_not_in_execute_path", "vulnerable_code_cannot_be_controlled_by_adversary":
		return cyclonedx.IAJCodeNotReachable
	case "inline_mitigations_already_exist":
		return cyclonedx.IAJProtectedByMitigatingControl
	}
	switch j := cyclonedx.ImpactAnalysisJustification(word); j {
	case cyclonedx.IAJCodeNotPresent, cyclonedx.IAJCodeNotReachable, cyclonedx.IAJRequiresConfiguration, cyclonedx.IAJRequiresDependency,
		cyclonedx.IAJRequiresEnvironment, cyclonedx.IAJProtectedByCompiler, cyclonedx.IAJProtectedAtRuntime,
		cyclonedx.IAJProtectedAtPerimeter, cyclonedx.IAJProtectedByMitigatingControl:
		return j
	}
	return ""
}
